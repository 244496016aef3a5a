//! What clients ask of the supervisor: commands to start, to end and to tell of.
//!
//! Never waits: what becomes of a command comes from the loop.

use std::time::{Duration, Instant};

use super::super::blot::Needles;
use super::super::ends::KeptEnd;
use super::super::output::Capture;
use super::super::protocol::{
    CommandSpec, CommandState, Ended, Event, How, Moment, Request, SpawnFailure, StreamName,
};
use super::super::running::Running;
use super::super::spawn::Failure;
use super::Server;
use crate::failpoint;

impl Server {
    /// Does what one client asks.
    pub(super) fn follow(&mut self, client: usize, request: Request) {
        match request {
            Request::Start(spec) => self.start(client, &spec),
            Request::Recall { id } => {
                if !self.tell(client, &id) {
                    self.clients[client].send(&Event::Unknown { id });
                }
            }
            Request::Kill { id } => self.kill(client, id),
            Request::Peek { id } => {
                let running = self.running.iter().find(|command| command.id() == id);
                let printed = running.map(|command| Event::Printed(Box::new(command.printed())));
                self.clients[client].send(&printed.unwrap_or(Event::Unknown { id }));
            }
            Request::Ack { id } => self.ends.acknowledge(&id),
            Request::List => {
                let running = self.running.iter().map(|command| CommandState {
                    id: command.id().to_owned(),
                    started: Some(command.started.clone()),
                    ended: false,
                });
                let commands = running.chain(self.ends.states()).collect();
                self.clients[client].send(&Event::Listed { commands });
            }
            Request::Shutdown if self.running.is_empty() => self.leaving = true,
            Request::Shutdown => {
                let message = format!("commands still run: {}", self.running.len());
                self.clients[client].send(&Event::Refused { id: String::new(), message });
            }
        }
    }

    /// Tells a client what is known of a command, and returns whether anything is.
    fn tell(&mut self, client: usize, id: &str) -> bool {
        let client = &mut self.clients[client];
        if let Some(command) = self.running.iter().find(|command| command.id() == id) {
            client.send(&Event::Started(command.started.clone()));
            return true;
        }
        let Some(end) = self.ends.get(id) else {
            return false;
        };
        if let Some(started) = &end.started {
            client.send(&Event::Started(started.clone()));
        }
        client.send(&Event::Ended(Box::new(end.ended.clone())));
        true
    }

    fn kill(&mut self, client: usize, id: String) {
        if let Some(command) = self.running.iter_mut().find(|command| command.id() == id) {
            let helper = command.stop(How::Killed, Instant::now());
            self.unreaped.extend(helper);
        } else if !self.tell(client, &id) {
            self.clients[client].send(&Event::Unknown { id });
        }
    }

    fn start(&mut self, client: usize, spec: &CommandSpec) {
        if spec.again {
            self.ends.forget(&spec.id);
        }
        if self.tell(client, &spec.id) {
            return;
        }
        if self.ends.is_acknowledged(&spec.id) {
            let message = "its end was acknowledged, it is not run again".to_owned();
            self.clients[client].send(&Event::Refused { id: spec.id.clone(), message });
            return;
        }
        if self.needles.0 != spec.secrets {
            self.needles = (spec.secrets.clone(), Needles::new(&spec.secrets));
        }
        let attempted = self.begun.attempt(&spec.id).map_err(|error| Failure {
            kind: SpawnFailure::Other,
            message: format!("it was not begun: that it begins cannot be written down: {error}"),
        });
        failpoint::reach("supervise.attempted");
        match attempted.and_then(|()| Running::start(spec, &self.needles.1)) {
            Ok(command) => {
                failpoint::reach("supervise.begun");
                // That it was about to start is known: the worst is doubt about it.
                self.begun.started(&spec.id, &command.started.process).ok();
                let started = Event::Started(command.started.clone());
                for client in &mut self.clients {
                    client.send_later(&started);
                }
                self.running.push(command);
            }
            Err(failure) => {
                let message = self.needles.1.blot(&failure.message);
                let ended = Ended {
                    id: spec.id.clone(),
                    how: How::SpawnFailed { kind: failure.kind, message },
                    at: Moment::now(),
                    elapsed: Duration::ZERO,
                    stdout: Capture::new(StreamName::Stdout, 0).finish(),
                    stderr: Capture::new(StreamName::Stderr, 0).finish(),
                    survivors: false,
                };
                self.end(KeptEnd { started: None, ended });
            }
        }
    }
}

//! Letters from the run's inbox: answers, notes and stops of people who sit elsewhere.
//!
//! Owns when letters are looked for, and that they are taken in one at a time, so that what one causes stands
//! before the next is judged. Never decides who may answer (`people` does).

use std::collections::VecDeque;
use std::path::Path;

use super::Desk;
use super::ready::Rank;
use crate::event::{Heard, Input, Moment};
use crate::people::Elsewhere;
use crate::people::inbox::{Found, Inbox, Message, Received, Seen, Watch};

/// The run's inbox while it is watched.
pub(super) struct Mail {
    inbox: Inbox,
    watch: Watch,
    seen: Seen,
    /// Whether something may have come since it was last looked at.
    changed: bool,
    waiting: VecDeque<Found>,
}

impl Mail {
    /// Begins to watch. `seen`: what the journal has already. Must be called inside the runtime.
    pub fn new(run_dir: &Path, seen: Seen) -> Self {
        let inbox = Inbox::at(run_dir);
        let watch = Watch::new(&inbox);
        Mail { inbox, watch, seen, changed: true, waiting: VecDeque::new() }
    }

    /// Waits until something may have come.
    pub async fn comes(&mut self) {
        self.watch.changed().await;
        self.changed = true;
    }

    fn next(&mut self) -> Option<Found> {
        if std::mem::take(&mut self.changed) {
            match self.inbox.collect(&mut self.seen) {
                Ok(found) => self.waiting.extend(found),
                Err(error) => tracing::warn!(%error, "the inbox cannot be read"),
            }
        }
        self.waiting.pop_front()
    }
}

impl Desk {
    /// Takes the next letter in, if nothing else is about to change what is asked.
    pub fn take_letter(&mut self) {
        while !self.has_ready() {
            let Some(found) = self.mail.as_mut().and_then(Mail::next) else { return };
            match found {
                Found::Letter(received) => self.open_letter(received),
                Found::Void { file, who, why } => {
                    let occurred = self.clock.now();
                    let heard = Heard::Void { text: String::new(), why };
                    self.hear_of(heard, who.name, who.uid, file, occurred);
                }
            }
        }
    }

    /// Returns whether a letter has not been judged.
    pub fn letters_wait(&self) -> bool {
        self.mail.as_ref().is_some_and(|mail| mail.changed || !mail.waiting.is_empty())
    }

    /// Looks into the inbox although nothing was told: before silence falls, what lies there counts.
    pub fn look_for_letters(&mut self) {
        if let Some(mail) = &mut self.mail {
            mail.changed = true;
        }
    }

    fn open_letter(&mut self, received: Received) {
        let Received { letter, who, wall_us, file } = received;
        let occurred = self.when(wall_us);
        match letter.message {
            Message::Note { text } => {
                let heard = Heard::Note { text: self.needles.blot(&text) };
                self.hear_of(heard, who.name, who.uid, file, occurred);
            }
            Message::Inject { text } => {
                let text = self.needles.blot(&text);
                let heard = if self.people_only {
                    Heard::Injected { text }
                } else {
                    let why = "the run is real: only into a game day can something be injected".to_owned();
                    Heard::Void { text: format!("inject {text}"), why }
                };
                self.hear_of(heard, who.name, who.uid, file, occurred);
            }
            Message::Stop { because } => match self.asker.may_stop(&who) {
                Ok(()) => {
                    self.stopping = true;
                    self.asker.withdraw_stop(occurred.run_ns);
                    let heard = Heard::Stop { because: self.needles.blot(&because) };
                    self.hear_of(heard, who.name, who.uid, file, occurred);
                }
                Err(why) => {
                    let heard = Heard::Void { text: "stop the run".to_owned(), why };
                    self.hear_of(heard, who.name, who.uid, file, occurred);
                }
            },
            Message::Answer { shown, said, because, .. } => {
                let (said, because) = (self.needles.blot(&said), self.needles.blot(&because));
                let given = Elsewhere {
                    who: &who,
                    shown: &shown,
                    said: &said,
                    because: &because,
                    letter: &file,
                    run_ns: occurred.run_ns,
                };
                match self.asker.take_elsewhere(given, self.clock.now().run_ns) {
                    Ok(reply) => self.say(Rank::Person, occurred, reply),
                    Err((text, why)) => {
                        let why = format!("`{said}`: {why}");
                        self.hear_of(Heard::Void { text, why }, who.name, who.uid, file, occurred);
                    }
                }
            }
        }
    }

    fn hear_of(&mut self, heard: Heard, who: String, uid: u32, letter: String, occurred: Moment) {
        let input = Input::Heard { heard, who, uid, letter, occurred };
        self.ready.push(Rank::Person, input);
    }

    /// Returns the moment of a time on the wall, no later than now.
    fn when(&self, wall_us: i64) -> Moment {
        let now = self.clock.now();
        let ago = now.wall_us.saturating_sub(wall_us).max(0).saturating_mul(1_000);
        Moment { run_ns: now.run_ns.saturating_sub(ago), wall_us }
    }
}

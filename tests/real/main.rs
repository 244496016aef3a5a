//! The real world through its door: what is begun, and what comes back.

#[path = "../support/http.rs"]
mod server;

mod commands;
mod file;
mod http;
mod people;
mod played;
mod signals;
mod time;

use std::path::Path;
use std::time::Duration;

use mainstay::event::{Address, Ask, CommandEnd, Input, Moment, NativeRequest, Reply, Request};
use mainstay::real::{RealConfig, RealWorld};
use mainstay::value::{ResponseValue, Value};
use mainstay::world::{Next, World as _};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(120);

/// A world in a folder of its own.
struct Stage {
    world: Option<RealWorld>,
    dir: tempfile::TempDir,
    count: usize,
    /// The deadline that was set last.
    latest: i64,
}

impl Stage {
    fn new() -> Self {
        Stage::with(|config| config)
    }

    fn with(adapt: impl FnOnce(RealConfig) -> RealConfig) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let mut config = RealConfig::new(dir.path());
        config.program = Some(env!("CARGO_BIN_EXE_mainstay").into());
        let world = RealWorld::new(adapt(config)).expect("a world");
        Stage { world: Some(world), dir, count: 0, latest: 0 }
    }

    fn world(&mut self) -> &mut RealWorld {
        self.world.as_mut().expect("still open")
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }

    /// Begins a request with this much time, and returns its address.
    fn begin(&mut self, request: Request, time: Duration) -> Address {
        self.begin_as(request, time, false)
    }

    fn begin_as(&mut self, request: Request, time: Duration, changes: bool) -> Address {
        self.begin_ask(request, time, changes).address
    }

    fn begin_ask(&mut self, request: Request, time: Duration, changes: bool) -> Ask {
        self.count += 1;
        let address = Address(format!("s{}", self.count).into());
        let asked = self.world().now();
        let ask = Ask {
            address,
            request,
            deadline: Some(asked.run_ns + i64::try_from(time.as_nanos()).expect("fits")),
            bound: "".into(),
            changes,
            inner: false,
            asked,
            place: mainstay::event::Place::default(),
        };
        self.latest = ask.deadline.unwrap_or_default();
        self.world().begin(vec![ask.clone()]).expect("begins");
        ask
    }

    /// Returns another world of the same run; this one is left without a word, as by a crash.
    fn again(mut self) -> Self {
        drop(self.world.take());
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().expect("a folder"));
        let mut config = RealConfig::new(dir.path());
        config.program = Some(env!("CARGO_BIN_EXE_mainstay").into());
        Stage { world: Some(RealWorld::new(config).expect("a world")), dir, count: self.count, latest: 0 }
    }

    /// Returns the next reply with its request and time.
    fn next(&mut self) -> (Address, Reply, Moment) {
        match self.world().next().expect("an input") {
            Next::Input(Input::Delivered { request, occurred, reply }) => (request, reply, occurred),
            other => panic!("not a reply: {other:?}"),
        }
    }

    /// Returns who or what leaves the run.
    fn left_by(&mut self) -> String {
        match self.world().next().expect("an input") {
            Next::Suspend(by) => by,
            other => panic!("nobody leaves it: {other:?}"),
        }
    }

    fn reply(&mut self, request: Request, time: Duration) -> Reply {
        let address = self.begin(request, time);
        let (request, reply, _) = self.next();
        assert_eq!(request, address);
        reply
    }

    /// Carries out a native call and returns its reply.
    fn call(&mut self, function: &str, args: &[(&str, Value)]) -> Reply {
        self.call_within(function, args, LONG)
    }

    fn call_within(&mut self, function: &str, args: &[(&str, Value)], time: Duration) -> Reply {
        let changes = !matches!(
            function,
            "http.get" | "http.head" | "file.read" | "file.list" | "file.exists" | "file.size"
        );
        let address = self.begin_as(native(function, args), time, changes);
        let (request, reply, _) = self.next();
        assert_eq!(request, address);
        reply
    }

    fn response(&mut self, function: &str, args: &[(&str, Value)]) -> ResponseValue {
        match self.call(function, args) {
            Reply::Value { value: Value::Response(response) } => (*response).clone(),
            other => panic!("no response: {other:?}"),
        }
    }

    /// Returns the message of a call that failed, and whether it is in doubt.
    fn failure(&mut self, function: &str, args: &[(&str, Value)]) -> (String, bool) {
        match self.call(function, args) {
            Reply::Failed { message, doubt } => (message, doubt),
            other => panic!("it did not fail: {other:?}"),
        }
    }

    fn value(&mut self, function: &str, args: &[(&str, Value)]) -> Value {
        match self.call(function, args) {
            Reply::Value { value } => value,
            other => panic!("no value: {other:?}"),
        }
    }

    fn command(&mut self, request: Request) -> CommandEnd {
        match self.reply(request, LONG) {
            Reply::Command(end) => *end,
            other => panic!("no end of a command: {other:?}"),
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(world) = self.world.take() {
            world.close();
        }
    }
}

fn native(function: &str, args: &[(&str, Value)]) -> Request {
    let (module, function) = function.split_once('.').expect("module.function");
    Request::Native(Box::new(NativeRequest {
        module: module.to_owned(),
        function: function.to_owned(),
        args: args.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        typed: format!("{module}.{function}(…)"),
    }))
}

fn text(text: impl AsRef<str>) -> Value {
    Value::text(text.as_ref())
}

fn written(path: &str) -> String {
    std::fs::read_to_string(Path::new(path)).expect("a file")
}

//! A world in which people alone are real.

use std::path::Path;
use std::time::Duration;

use mainstay::event::{Address, Input, Reply, Request};
use mainstay::world::{Next, World as _};

use crate::commands::command;
use crate::people::question;
use crate::{LONG, Stage, native, text};

/// Returns a world in which somebody could answer from elsewhere.
fn stage() -> Stage {
    Stage::with(|mut config| {
        config.people_only = true;
        config.commands = true;
        config.inbox = Some(mainstay::people::inbox::Seen::default());
        config
    })
}

#[test]
fn nothing_but_a_question_can_be_begun() {
    let mut stage = stage();
    let file = stage.path("made");
    let message = Request::Notify { channel: "ops".to_owned(), text: "hello".to_owned(), page: true };
    let requests = [
        Request::Command(std::sync::Arc::new(command(&["touch", &file]))),
        native("file.exists", &[("path", text(&file))]),
        Request::Reading { name: "a".to_owned(), action: "b".to_owned(), call: "b()".to_owned() },
        Request::Timer,
        message,
    ];
    for request in requests {
        let reply = stage.reply(request, LONG);
        assert!(
            matches!(&reply, Reply::Failed { message, doubt: false } if message.contains("only people")),
            "{reply:?}"
        );
    }
    assert!(!Path::new(&file).exists());
    assert!(!stage.world().is_asking());
    stage.begin(question(&["oncall"], false), LONG);
    assert!(stage.world().is_asking());
}

#[test]
fn time_passes_as_it_does_or_at_once_and_silence_falls_in_it() {
    let mut stage = stage();
    let asked: Address = stage.begin(question(&["oncall"], false), Duration::from_hours(1));
    let now = stage.world().now();
    let soon = now.run_ns + 20_000_000;
    assert_eq!(stage.world().heard_until(Some(soon)).expect("a clock"), None);
    assert!(stage.world().now().run_ns >= soon);
    let deadline = stage.latest;
    stage.world().skip_to(deadline - 1_000_000);
    let skipped = stage.world().now();
    assert!(skipped.run_ns >= deadline - 1_000_000);
    // The wall clock is the machine's.
    assert!(skipped.wall_us - now.wall_us < 1_800_000_000, "{skipped:?} after {now:?}");
    match stage.world().heard_until(None).expect("an input") {
        Some(Next::Input(Input::Delivered { request, reply: Reply::Silence { .. }, occurred })) => {
            assert_eq!((request, occurred.run_ns), (asked, deadline));
        }
        other => panic!("no silence: {other:?}"),
    }
    assert_eq!(stage.world().heard().expect("a clock"), None);
}

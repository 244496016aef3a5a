//! Timers, order, and what is answered at once.

use std::time::Duration;

use mainstay::event::{Reply, Request};
use mainstay::world::{World as _, WorldError};

use crate::{LONG, Stage};

#[test]
fn timers_come_in_the_order_of_their_deadlines() {
    let mut stage = Stage::new();
    let late = stage.begin(Request::Timer, Duration::from_millis(60));
    let early = stage.begin(Request::Timer, Duration::from_millis(20));
    let due = stage.begin(Request::Timer, Duration::ZERO);
    let order: Vec<_> = (0..3).map(|_| stage.next()).collect();
    let addresses: Vec<_> = order.iter().map(|(address, ..)| address.clone()).collect();
    assert_eq!(addresses, [due, early, late]);
    assert!(order.iter().all(|(_, reply, _)| *reply == Reply::Fired));
    assert!(order.is_sorted_by_key(|(.., occurred)| *occurred));
}

#[test]
fn readings_and_named_calls_descend_at_once_and_nothing_pretends_to_be_sent() {
    let mut stage = Stage::new();
    let reading = Request::Reading {
        name: "count".to_owned(),
        action: "postgres.query".to_owned(),
        call: "postgres.query(db, …)".to_owned(),
    };
    assert_eq!(stage.reply(reading, LONG), Reply::Descend);
    let named = Request::Named { action: "app.restart".to_owned(), call: "app.restart()".to_owned() };
    assert_eq!(stage.reply(named, LONG), Reply::Descend);
    let notify = Request::Notify { channel: "ops".to_owned(), text: "it begins".to_owned(), page: false };
    let message = "no channel is set up for it: it stands here and on the timeline only".to_owned();
    assert_eq!(stage.reply(notify, LONG), Reply::Failed { message, doubt: false });
}

#[test]
fn a_cancelled_timer_never_fires_and_nothing_to_wait_for_is_an_error() {
    let mut stage = Stage::new();
    let timer = stage.begin(Request::Timer, Duration::ZERO);
    stage.begin(Request::Cancel { request: timer }, LONG);
    assert!(matches!(stage.world().next(), Err(WorldError::Nothing)));
}

#[test]
fn the_screen_is_called_while_one_waits() {
    let (tell, told) = std::sync::mpsc::channel();
    let mut stage = Stage::with(|mut config| {
        config.tick = Some(mainstay::real::Tick {
            every: Duration::from_millis(5),
            call: Box::new(move || tell.send(()).expect("a listener")),
        });
        config
    });
    stage.reply(Request::Timer, Duration::from_millis(100));
    assert!(told.try_iter().count() > 2);
}

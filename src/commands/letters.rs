//! Letters that lie in a run's inbox and that nobody has taken into its journal: they came while nobody executed it.
//!
//! Owns how they are shown until then. Whether they count, the run decides when it goes on.

use std::path::Path;

use crate::event::{Address, Body, Class, Fact, Input, Moment, Question, Record, Reply, Request, Wanted};
use crate::journal::{Reader, StateDir};
use crate::people::Rules;
use crate::people::inbox::{Found, Inbox, Message, Received, Seen};

/// Returns the letters that the journal has.
pub(super) fn taken<'a>(records: impl IntoIterator<Item = &'a Record>) -> Seen {
    let mut seen = Seen::default();
    for record in records {
        match &record.body {
            Body::Input(Input::Heard { letter, uid, .. }) => seen.add(letter, *uid),
            Body::Input(Input::Delivered { reply: Reply::Answer(answer), .. }) => {
                seen.add(&answer.letter, answer.uid);
            }
            _ => {}
        }
    }
    seen
}

/// Returns the letters in the inbox of the run in `folder` that its journal does not have.
pub(super) fn kept(folder: &Path, records: &[(u64, Record)]) -> Vec<Received> {
    let mut seen = taken(records.iter().map(|(_, record)| record));
    let found = Inbox::at(folder).collect(&mut seen).unwrap_or_default();
    let letter = |found| match found {
        Found::Letter(received) => Some(received),
        Found::Void { .. } => None,
    };
    found.into_iter().filter_map(letter).collect()
}

/// Returns the letters in a run's inbox that its journal does not have. Where there are none, it is not read.
pub(super) fn unread(state: &StateDir, run: &str) -> Vec<Received> {
    let folder = state.run_dir(run);
    if Inbox::at(&folder).collect(&mut Seen::default()).is_ok_and(|found| found.is_empty()) {
        return Vec::new();
    }
    Reader::open(state, run).map_or_else(|_| Vec::new(), |reader| kept(&folder, &reader.salvage().records))
}

/// Returns what a letter answers to a question, if it does, and by these rules its author may. A value is left out:
/// there may be a secret in it, and only the run knows which that are.
pub(super) fn answer<'a>(letter: &'a Received, question: &Question, rules: &Rules) -> Option<&'a str> {
    let Message::Answer { shown, said, .. } = &letter.letter.message else { return None };
    let is_answer = *shown == question.shown && rules.role_of(question, &letter.who).is_ok();
    is_answer.then_some(if matches!(question.wanted, Wanted::Value(_)) { "…" } else { said })
}

/// Adds the notes and answers that are kept to what the journal says, as notes of that time.
pub(super) fn add(folder: &Path, records: &mut Vec<(u64, Record)>) {
    let Some((_, Record { at: began, body: Body::Input(Input::Opened(opened)), .. })) = records.first()
    else {
        return;
    };
    let (began, rules) = (*began, Rules::of(opened));
    for received in kept(folder, records) {
        let text = match &received.letter.message {
            Message::Note { text } => text.clone(),
            Message::Answer { .. } => match asked(&received, records, &rules) {
                Some((question, said)) => {
                    format!("has answered `{said}` to \"{}\"; it counts when the run goes on", question.text)
                }
                None => continue,
            },
            Message::Stop { .. } | Message::Inject { .. } => continue,
        };
        let Received { who, wall_us, .. } = received;
        let passed = wall_us.saturating_sub(began.wall_us).saturating_mul(1_000);
        let at = Moment { run_ns: began.run_ns.saturating_add(passed), wall_us };
        let body = Body::Fact(Fact::Noted { text, who: who.name, uid: who.uid });
        let place = records.iter().take_while(|(_, record)| record.at.wall_us <= wall_us).count();
        // No row of the journal is its evidence.
        records.insert(place, (0, Record { class: Class::Fact, address: Address("".into()), at, body }));
    }
}

/// Returns the question of the run that a letter answers, and how.
fn asked<'a>(
    letter: &'a Received,
    records: &'a [(u64, Record)],
    rules: &Rules,
) -> Option<(&'a Question, &'a str)> {
    records.iter().rev().find_map(|(_, record)| match &record.body {
        Body::Request(ask) => match &ask.request {
            Request::Question(question) => Some((&**question, answer(letter, question, rules)?)),
            _ => None,
        },
        _ => None,
    })
}

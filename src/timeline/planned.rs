//! What a dry run says for a saved plan: readings, and the points at which a run is bound to do what it says.

use std::collections::BTreeMap;

use crate::event::{Address, Body, Class, Fact, Input, Planned, PlannedReading, Record, Reply, Request};
use crate::value::brief;

/// Characters of a reading that are kept.
const KEPT: usize = 400;

/// Returns what a run is bound to that follows what this dry run has told, and the title of the run.
pub fn planned(records: &[Record]) -> (Planned, String) {
    let (mut planned, mut title) = (Planned::default(), String::new());
    let mut asked: BTreeMap<Address, (String, String)> = BTreeMap::new();
    // Ways around that may not be taken: what stands on them binds nothing.
    let mut perhaps = 0_usize;
    for record in records.iter().filter(|record| record.class != Class::Trace) {
        match &record.body {
            Body::Request(ask) => {
                if let Request::Reading { name, call, .. } = &ask.request {
                    asked.insert(ask.address.clone(), (name.clone(), call.clone()));
                }
            }
            Body::Input(Input::Delivered { request, reply, .. }) => {
                if let Some((name, call)) = asked.remove(request)
                    && let Some(whole) = whole(reply)
                {
                    let text = brief(&whole, KEPT);
                    let is_all = text == whole.trim_end();
                    let digest = if is_all { String::new() } else { digest(&whole) };
                    planned.readings.push(PlannedReading { at: request.clone(), name, call, text, digest });
                }
            }
            Body::Fact(Fact::Titled { title: told }) => title.clone_from(told),
            Body::Fact(Fact::PerhapsBegan { .. }) => perhaps += 1,
            Body::Fact(Fact::PerhapsEnded) => perhaps -= 1,
            Body::Fact(Fact::Planned(point)) if perhaps == 0 => planned.points.push((**point).clone()),
            Body::Fact(Fact::Unbound { places }) => planned.unbound.extend(places.iter().cloned()),
            _ => {}
        }
    }
    planned.unbound.sort_unstable();
    planned.unbound.dedup();
    (planned, title)
}

fn whole(reply: &Reply) -> Option<String> {
    match reply {
        Reply::Value { value } => Some(value.to_string()),
        Reply::Failed { message, .. } => {
            Some(format!("could not be read: {}", message.lines().next().unwrap_or_default()))
        }
        _ => None,
    }
}

fn digest(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

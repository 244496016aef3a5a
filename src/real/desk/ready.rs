//! The inputs that wait to be handed over, in the order in which they happened.
//!
//! Never makes one up: the desk puts them in.

use crate::event::{Address, Heard, Input, Moment, Reply};

/// What stands before what when both happened at the same time: ends before time running out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    End,
    Person,
    Time,
}

#[derive(Default)]
pub(super) struct Ready {
    inputs: Vec<(Rank, Input)>,
    /// The latest moment that was handed over; the run's time does not step back.
    last: Moment,
}

impl Ready {
    pub fn push(&mut self, rank: Rank, input: Input) {
        self.inputs.push((rank, input));
    }

    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Hands nothing over as if it had happened before that.
    pub fn begin_no_earlier(&mut self, now: Moment) {
        self.last = now;
    }

    /// Returns the input that happened first.
    pub fn next(&mut self) -> Option<Input> {
        let at = (0..self.inputs.len()).min_by_key(|at| {
            let (rank, input) = &self.inputs[*at];
            (occurred(input).run_ns, *rank, *at)
        })?;
        let mut input = self.inputs.remove(at).1;
        match &mut input {
            Input::Delivered { occurred, .. }
            | Input::Control { occurred, .. }
            | Input::Heard { occurred, .. } => {
                if occurred.run_ns < self.last.run_ns {
                    *occurred = self.last;
                }
                self.last = *occurred;
            }
            Input::Opened(_) => {}
        }
        Some(input)
    }

    /// Takes out what was to answer a request that nobody waits for any more. Whoever answered it from elsewhere
    /// is told that it came to nothing.
    pub fn withdraw(&mut self, address: &Address) {
        self.inputs.retain_mut(|(_, input)| match input {
            Input::Delivered { request, reply, occurred } if request == address => {
                let Reply::Answer(answer) = reply else { return false };
                if answer.letter.is_empty() {
                    return false;
                }
                let why = "the run did not need it any more".to_owned();
                *input = Input::Heard {
                    heard: Heard::Void { text: String::new(), why },
                    who: answer.who.clone(),
                    uid: answer.uid,
                    letter: answer.letter.clone(),
                    occurred: *occurred,
                };
                true
            }
            _ => true,
        });
    }
}

/// Returns when an input happened.
fn occurred(input: &Input) -> Moment {
    match input {
        Input::Delivered { occurred, .. }
        | Input::Control { occurred, .. }
        | Input::Heard { occurred, .. } => *occurred,
        Input::Opened(opened) => opened.at,
    }
}

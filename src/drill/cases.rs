//! Cases: what is broken where, and how that is written.
//!
//! Owns the names of cases and the choice of pairs. Never runs one.

use std::fmt;
use std::str::FromStr;

use crate::given::{Fault, Faults};

/// How a write that is refused is named.
const NOT_STORED: &str = "not-stored";

/// One thing that is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Break {
    /// That request, from 0.
    Request(usize, Fault),
    /// That write of records, from 0: nothing of it is stored, and the run is taken up.
    Write(usize),
}

impl Break {
    /// Returns whether the run is to go on as if nothing had been.
    pub fn is_crash(self) -> bool {
        match self {
            Break::Request(_, fault) => fault.is_crash(),
            Break::Write(_) => true,
        }
    }
}

/// What is broken in one run; nothing: the drill as it stands. As text: `17:lost` or `17:lost,25:fails`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Case {
    pub breaks: Vec<Break>,
    /// What was broken, as it could be typed, each behind its name.
    told: Vec<String>,
}

impl Case {
    pub fn of(breaks: impl IntoIterator<Item = Break>) -> Case {
        Case { breaks: breaks.into_iter().collect(), told: Vec::new() }
    }

    /// Returns the faults of its requests.
    pub(super) fn faults(&self) -> Faults {
        let faults = self.breaks.iter().fold(Faults::exploring(), |faults, one| match one {
            Break::Request(place, fault) => faults.at(*place, *fault),
            Break::Write(_) => faults.lasting(),
        });
        if self.is_lasting() { faults.lasting() } else { faults }
    }

    /// Returns the write that is refused.
    pub(super) fn write(&self) -> Option<usize> {
        self.breaks.iter().find_map(|one| match one {
            Break::Write(write) => Some(*write),
            Break::Request(..) => None,
        })
    }

    /// Returns whether the run is taken up in it.
    pub fn is_lasting(&self) -> bool {
        self.breaks.iter().any(|one| one.is_crash())
    }

    /// Returns the case without what the run is taken up after.
    pub(super) fn without_crashes(&self) -> Case {
        Case::of(self.breaks.iter().copied().filter(|one| !one.is_crash()))
    }

    /// Returns the case as it came to be, with what it broke.
    pub(super) fn as_struck(&self, faults: &Faults) -> Case {
        let mut breaks: Vec<Break> =
            self.breaks.iter().copied().filter(|one| matches!(one, Break::Write(_))).collect();
        breaks.extend(faults.struck().iter().map(|struck| Break::Request(struck.place, struck.fault)));
        let told = breaks.iter().map(|one| told(*one, faults)).collect();
        Case { breaks, told }
    }

    /// Returns the case with what it breaks: ``17:lost (`gzip --keep a.log`)``.
    pub fn words(&self) -> String {
        if self.breaks.is_empty() { String::from("nothing broken") } else { self.told.join(", ") }
    }
}

fn told(one: Break, faults: &Faults) -> String {
    let Break::Request(place, _) = one else { return one.to_string() };
    match faults.struck().iter().find(|struck| struck.place == place) {
        Some(struck) if !struck.what.is_empty() => {
            format!("{one} (`{}`)", crate::value::brief(&struck.what, 80))
        }
        _ => one.to_string(),
    }
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Break::Request(place, fault) => write!(f, "{place}:{fault}"),
            Break::Write(write) => write!(f, "{write}:{NOT_STORED}"),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let breaks: Vec<String> = self.breaks.iter().map(ToString::to_string).collect();
        f.write_str(&breaks.join(","))
    }
}

impl FromStr for Case {
    type Err = String;

    fn from_str(text: &str) -> Result<Case, String> {
        let one = |part: &str| -> Option<Break> {
            let (place, word) = part.split_once(':')?;
            let place = place.parse().ok()?;
            match Fault::ALL.into_iter().find(|fault| fault.word() == word) {
                Some(fault) => Some(Break::Request(place, fault)),
                None => (word == NOT_STORED).then_some(Break::Write(place)),
            }
        };
        let breaks: Option<Vec<Break>> = text.split(',').map(one).collect();
        let words = Fault::ALL.map(Fault::word).join(", ");
        let refused = |one: &&Break| matches!(one, Break::Write(_));
        if breaks.iter().flatten().filter(refused).count() > 1 {
            return Err(format!("one write can be refused in a case: `{text}` has more of {NOT_STORED}"));
        }
        breaks.map(Case::of).ok_or_else(|| {
            format!(
                "`{text}` is no case: write `NUMBER:WAY`, such as `17:lost`; ways are {words}, {NOT_STORED}"
            )
        })
    }
}

/// Numbers that look random and are the same for the same seed, on every machine and in every version (SplitMix64).
#[derive(Debug)]
pub(super) struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// Returns a number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        usize::try_from(mixed % u64::try_from(bound.max(1)).unwrap_or(u64::MAX)).unwrap_or(0)
    }
}

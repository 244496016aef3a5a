//! How a run opens in a given world.
//!
//! Owns what is said of user, machine and process where there is none. Never looks at this one.

use std::collections::BTreeMap;

use super::BEGINNING;
use crate::event::{FORMAT, Moment, Opened};
use crate::program::Program;

/// How long a call without a timeout may take, nanoseconds.
const CALL_TIMEOUT: i64 = 60_000_000_000;

/// Who starts a run.
pub(super) const STARTER: &str = "operator";
pub(super) const STARTER_UID: u32 = 1000;

/// Returns the opening of a run of `program`, without parameters and roles, at which somebody sits.
pub fn opening(program: &Program, file: &str) -> Opened {
    Opened {
        format: FORMAT,
        run: String::from("given"),
        at: Moment { run_ns: 0, wall_us: BEGINNING },
        program_hash: program.hash.clone(),
        file: file.to_owned(),
        sources: Vec::new(),
        params: Vec::new(),
        env_names: Vec::new(),
        cwd: String::from("/"),
        uid: STARTER_UID,
        user: STARTER.to_owned(),
        host: String::from("host"),
        boot_id: String::new(),
        zero_ns: None,
        pid: 1,
        version: String::new(),
        force: false,
        attended: true,
        unattended: false,
        roles: BTreeMap::new(),
        named_calls: true,
        call_timeout_ns: CALL_TIMEOUT,
        rto_ns: program.fields.rto,
        game_day: None,
        plan: None,
    }
}

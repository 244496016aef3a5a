//! Who somebody is, as the operating system tells it.

use serde::{Deserialize, Serialize};

use crate::users;

/// A user of the operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub uid: u32,
    pub name: String,
}

impl Person {
    /// Returns the user this process runs as. The environment is not asked: anybody can set it.
    pub fn current() -> Self {
        Person::of(rustix::process::getuid().as_raw())
    }

    /// Returns the user with this number.
    pub fn of(uid: u32) -> Self {
        Person { uid, name: users::name_of(uid) }
    }
}

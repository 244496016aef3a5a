//! Roles become people: names and groups are looked up where the operating system keeps them.

use std::collections::BTreeMap;

use super::{Role, RolePerson};
use crate::diagnostic::Diagnostic;
use crate::users::{self, User};

/// Returns the people of each role, or everything that is wrong with them.
pub(super) fn resolve(
    roles: &BTreeMap<String, Role>,
) -> Result<BTreeMap<String, Vec<RolePerson>>, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let mut resolved = BTreeMap::new();
    for (name, role) in roles {
        let mut people: Vec<User> = Vec::new();
        let before = wrong.len();
        for who in &role.who {
            match look_up(who) {
                Ok(users) => people.extend(users),
                Err((message, help)) => {
                    wrong.push(Diagnostic::error("", message).at(who.span, "").help(help))
                }
            }
        }
        people.sort();
        people.dedup_by_key(|user| user.uid);
        if people.is_empty() && wrong.len() == before {
            let empty = Diagnostic::error("", format!("role `{name}` has nobody"));
            wrong.push(empty.at(role.name.span, "").help("name at least one user, or take the role out"));
        }
        let people = people.into_iter().map(|user| RolePerson { name: user.name, uid: user.uid });
        resolved.insert(name.clone(), people.collect());
    }
    wrong.sort_by_key(|diagnostic| diagnostic.span().map(|span| span.start));
    if wrong.is_empty() { Ok(resolved) } else { Err(wrong) }
}

/// Returns the users of a name or `@group`, or what is wrong with it and what to do.
fn look_up(who: &str) -> Result<Vec<User>, (String, String)> {
    if let Some(group) = who.strip_prefix('@') {
        let members = users::members(group).ok_or_else(|| {
            let help = format!("`getent group {group}` asks for it");
            (format!("there is no group `{group}` on this machine"), help)
        })?;
        if members.is_empty() {
            let help = format!("`usermod --append --groups {group} USER` makes somebody a member");
            return Err((format!("group `{group}` has no members"), help));
        }
        return Ok(members);
    }
    match users::by_name(who) {
        Some(user) => Ok(vec![user]),
        None => {
            let message = format!("there is no user `{who}` on this machine");
            Err(match users::members(who) {
                Some(_) => (message, format!("there is a group of that name: write `@{who}`")),
                None => (message, "a role lists names of users, and groups as `@group`".to_owned()),
            })
        }
    }
}

//! Who may answer what.
//!
//! Owns the roles of a run as they were when it was opened, and the rule that says whether somebody's answer
//! counts. Never counts votes: the engine does.

use std::collections::BTreeMap;

use super::Person;
use crate::config::RolePerson;
use crate::event::{Opened, Question};

/// The roles of a run, and who started it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    roles: BTreeMap<String, Vec<RolePerson>>,
    starter: u32,
}

impl Rules {
    /// Returns the rules of a run that `starter` opened when these people held these roles.
    pub fn new(roles: BTreeMap<String, Vec<RolePerson>>, starter: u32) -> Self {
        Rules { roles, starter }
    }

    /// Returns the rules of a run that was opened so.
    pub fn of(opened: &Opened) -> Self {
        Rules::new(opened.roles.clone(), opened.uid)
    }

    /// Returns the role in which that person may answer; empty where the question names none.
    ///
    /// # Errors
    /// Why an answer of that person does not count.
    pub fn role_of(&self, question: &Question, person: &Person) -> Result<String, String> {
        if question.quorum && person.uid == self.starter {
            return Err(String::from("who started the run does not count"));
        }
        if self.roles.is_empty() {
            return if person.uid == self.starter {
                Ok(question.roles.first().cloned().unwrap_or_default())
            } else {
                Err(format!(
                    "{} did not start the run, and no roles were set up in `mainstay.toml` when it began",
                    person.name
                ))
            };
        }
        let holds = |role: &String| {
            self.roles.get(role).is_some_and(|members| members.iter().any(|m| m.uid == person.uid))
        };
        if question.roles.is_empty() {
            let anyone = person.uid == self.starter || self.roles.keys().any(holds);
            return if anyone {
                Ok(String::new())
            } else {
                Err(format!("{} holds no role and did not start the run", person.name))
            };
        }
        match question.roles.iter().find(|role| holds(role)) {
            Some(role) => Ok(role.clone()),
            None => Err(format!("{} is not {}", person.name, question.roles.join(" or "))),
        }
    }

    /// Checks that this person may stop the run: who began it, whoever holds any role of it, and root, who could
    /// as well end its processes.
    ///
    /// # Errors
    /// Why not.
    pub fn may_stop(&self, person: &Person) -> Result<(), String> {
        let holds = || self.roles.values().flatten().any(|member| member.uid == person.uid);
        if person.uid == self.starter || person.uid == 0 || holds() {
            return Ok(());
        }
        Err(format!("{} did not start the run and holds no role of it", person.name))
    }

    /// Returns who may answer, each once, by name.
    pub fn who(&self, question: &Question) -> Vec<String> {
        let asked = |role: &String| question.roles.is_empty() || question.roles.contains(role);
        let mut names: Vec<String> = self
            .roles
            .iter()
            .filter(|(role, _)| asked(role))
            .flat_map(|(_, members)| members)
            .filter(|member| !(question.quorum && member.uid == self.starter))
            .map(|member| member.name.clone())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{QuestionKind, Wanted};

    fn person(uid: u32) -> Person {
        Person { uid, name: format!("u{uid}") }
    }

    fn rules() -> Rules {
        let member = |uid: u32| RolePerson { name: format!("u{uid}"), uid };
        let roles = [("oncall", vec![member(1), member(2)]), ("lead", vec![member(3), member(1)])];
        let roles = roles.into_iter().map(|(role, members)| (role.to_owned(), members)).collect();
        Rules::new(roles, 1)
    }

    fn question(roles: &[&str], quorum: bool) -> Question {
        Question {
            kind: QuestionKind::Approval,
            text: String::new(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            count: if quorum { 2 } else { 1 },
            quorum,
            wanted: Wanted::YesNo,
            params: Vec::new(),
            evidence: Vec::new(),
            ahead: Vec::new(),
            made: Vec::new(),
            on_silence: String::new(),
            game_day: false,
            plan: None,
            shown: String::new(),
        }
    }

    #[test]
    fn an_answer_counts_of_those_who_hold_a_role_that_is_asked() {
        let rules = rules();
        assert_eq!(rules.role_of(&question(&["lead", "oncall"], false), &person(1)), Ok("lead".to_owned()));
        assert_eq!(rules.role_of(&question(&["oncall"], false), &person(2)), Ok("oncall".to_owned()));
        let refused = rules.role_of(&question(&["lead"], false), &person(2));
        assert_eq!(refused, Err("u2 is not lead".to_owned()));
        assert_eq!(rules.role_of(&question(&[], false), &person(3)), Ok(String::new()));
        assert!(rules.role_of(&question(&[], false), &person(9)).is_err());
    }

    #[test]
    fn who_began_a_run_holds_a_role_of_it_or_is_root_may_stop_it() {
        for uid in [0, 1, 2, 3] {
            assert_eq!(rules().may_stop(&person(uid)), Ok(()));
        }
        let refused = rules().may_stop(&person(9));
        assert_eq!(refused, Err("u9 did not start the run and holds no role of it".to_owned()));
        assert!(Rules::new(BTreeMap::new(), 1).may_stop(&person(2)).is_err());
    }

    #[test]
    fn who_started_the_run_does_not_count_towards_a_quorum() {
        let rules = rules();
        let quorum = question(&["lead", "oncall"], true);
        assert_eq!(rules.role_of(&quorum, &person(1)), Err("who started the run does not count".to_owned()));
        assert_eq!(rules.role_of(&quorum, &person(3)), Ok("lead".to_owned()));
        assert_eq!(rules.who(&quorum), ["u2", "u3"]);
    }

    #[test]
    fn without_roles_only_who_started_the_run_answers() {
        let rules = Rules::new(BTreeMap::new(), 1);
        assert_eq!(rules.role_of(&question(&["lead"], false), &person(1)), Ok("lead".to_owned()));
        assert!(rules.role_of(&question(&["lead"], false), &person(2)).is_err());
    }
}

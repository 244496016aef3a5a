//! How each sentence is written, in the words of the language.
//!
//! Owns the forms shown in help lines, and what the grammar's rules are called in messages. Never shows a
//! rule's own name.

use super::grammar::Rule;

/// A sentence: its first word, where it stands, and its form.
pub(super) struct Form {
    pub word: &'static str,
    pub place: Place,
    pub form: &'static str,
}

impl Form {
    /// Returns whether the sentence ends in a block.
    pub fn has_block(&self) -> bool {
        self.form.ends_with('}') && self.place != Place::Clause
    }
}

/// Where a sentence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    First,
    Top,
    Statement,
    Clause,
    Arm,
    Symptom,
    Section,
    Drill,
}

impl Place {
    /// Returns where that is, in a message.
    pub fn words(self) -> &'static str {
        match self {
            Place::First => "on a file's first line",
            Place::Top => "at the top of a file, outside every block",
            Place::Statement => "in a section or a block of statements",
            Place::Clause => "behind or below the statement it belongs to",
            Place::Arm => "in a `decide` or a `watch`",
            Place::Symptom => "in a `symptom`",
            Place::Section => "in a `section` of a checklist",
            Place::Drill => "in a `drill`",
        }
    }
}

macro_rules! forms {
    ($($place:ident $word:literal $form:literal)*) => {
        /// All sentences.
        pub(super) const FORMS: &[Form] =
            &[$(Form { word: $word, place: Place::$place, form: $form }),*];
    };
}

forms! {
    First "runbook" "runbook \"TITLE\""
    First "change" "change \"TITLE\""
    First "checklist" "checklist \"TITLE\""
    First "module" "module NAME \"DESCRIPTION\""
    First "drills" "drills for \"FILE\""
    Top "severity" "severity P1"
    Top "owner" "owner \"TEAM\""
    Top "reviewed" "reviewed 2026-11-20"
    Top "rto" "rto 20m"
    Top "impact" "impact \"TEXT\""
    Top "tags" "tags [\"a\", \"b\"]"
    Top "kind" "kind standard | normal | emergency"
    Top "window" "window mon..thu 09:00..16:00 \"Europe/Berlin\""
    Top "freeze" "freeze 2026-12-20..2027-01-02 \"WHY\""
    Top "needs" "needs tool \"psql\""
    Top "concurrency" "concurrency \"KEY\" refuse | wait 10m"
    Top "pass" "pass when EXPR"
    Top "use" "use NAME, or: use \"PATH\" as NAME"
    Top "param" "param NAME: TYPE \"DESCRIPTION\" = DEFAULT"
    Top "secret" "secret NAME \"DESCRIPTION\" = env(\"NAME\") else file(\"PATH\")"
    Top "action" "action NAME(a: TYPE, b: TYPE = DEFAULT) -> TYPE reads | changes { … }"
    Top "symptom" "symptom \"TITLE\" { check … when EXPR }"
    Top "diagnose" "diagnose within 5m { … }"
    Top "preflight" "preflight within 5m { … }"
    Top "resolve" "resolve \"TITLE\" within 10m { … }"
    Top "procedure" "procedure { … }"
    Top "rollback" "rollback { … }"
    Top "prevention" "prevention \"\"\"…\"\"\""
    Top "section" "section \"TITLE\" { item \"TITLE\" { … } }"
    Top "drill" "drill \"TITLE\" { given … expect … }"
    Statement "check" "check NAME = CALL"
    Statement "run" "run [NAME =] CALL"
    Statement "verify" "verify EXPR [for 10m] [within 2m every 5s] [else \"MESSAGE\"]"
    Statement "let" "let NAME = EXPR"
    Statement "show" "show EXPR"
    Statement "finding" "finding \"TEXT\" [when EXPR]"
    Statement "output" "output NAME = EXPR"
    Statement "wait" "wait 30s [\"WHY\"]"
    Statement "approve" "approve \"QUESTION\" by ROLE within 5m on silence abort"
    Statement "ask" "ask NAME \"QUESTION\" yes/no | one of \"a\", \"b\" by ROLE within 5m on silence ANSWER"
    Statement "manual" "manual \"TASK\" by ROLE within 30m on silence abort"
    Statement "notify" "notify CHANNEL \"MESSAGE\""
    Statement "escalate" "escalate to ROLE \"MESSAGE\""
    Statement "follow" "follow \"FILE\" [with { name: value }]"
    Statement "step" "step \"TITLE\" [timeout 30s] [within 5m] [retry 3 every 1s..30s] [on failure continue] { … }"
    Statement "if" "if EXPR { … } else { … }"
    Statement "for" "for NAME in LIST, at most 50, 2 at a time, 30s apart, stop after 1 failure, keep finished { … }"
    Statement "parallel" "parallel { step … step … }"
    Statement "on" "on HOST as \"user\" { … }"
    Statement "decide" "decide { when EXPR -> … otherwise -> … }"
    Statement "watch" "watch \"TITLE\" every 5m { good when EXPR  bad when EXPR, 3 times in a row -> fail  otherwise -> … }"
    Statement "point" "point of no return \"TEXT\" when EXPR"
    Statement "return" "return EXPR"
    Clause "until" "until EXPR within 30m every 15s"
    Clause "within" "within 5m"
    Clause "every" "every 10s"
    Clause "for" "for 10m"
    Clause "else" "else \"MESSAGE\""
    Clause "done" "done when EXPR"
    Clause "undo" "undo CALL [safe], undo { … }, or: undo manual \"TASK\" by ROLE within 30m on silence continue"
    Clause "leave" "leave \"WHY\""
    Clause "irreversible" "irreversible \"WHY\""
    Clause "finally" "finally CALL"
    Clause "by" "by ROLE or ROLE, or: by any 2 of ROLE, ROLE"
    Clause "on" "on silence abort | continue | escalate to ROLE, or: on failure continue | ask"
    Clause "with" "with env { NAME: value }, with dir \"PATH\", with user \"NAME\", with stdin EXPR"
    Clause "timeout" "timeout 30s"
    Clause "allow" "allow exit 0, 1"
    Clause "retry" "retry 3 every 1s..30s"
    Clause "safe" "undo CALL safe"
    Arm "when" "when EXPR -> resolve \"TITLE\" | follow \"FILE\" | escalate to ROLE | { … }"
    Arm "otherwise" "otherwise -> …"
    Arm "good" "good when EXPR"
    Arm "bad" "bad when EXPR, 3 times in a row -> fail"
    Symptom "alert" "alert \"NAME\""
    Symptom "cleared" "cleared when EXPR for 30s within 3m every 5s"
    Section "item" "item \"TITLE\" [weight 2] [critical] { … }"
    Drill "given" "given NAME = v, then v2 after 20s, then fails"
    Drill "given" "given step \"TITLE\" fails, then lost, then exits 2, then takes 90s, then prints \"TEXT\""
    Drill "given" "given approval [\"QUESTION\"] granted | denied | never [by \"WHO\"] [after 40s], then …"
    Drill "given" "given manual [\"TASK\"] done | denied | never [by \"WHO\"] [after 40s], then …"
    Drill "given" "given answer NAME = v [by \"WHO\"] [after 40s], or: given answer NAME never"
    Drill "given" "given alert \"NAME\" [with { label: v }]"
    Drill "given" "given operator stops at step \"TITLE\""
    Drill "given" "given crash in step \"TITLE\""
    Drill "expect" "expect outcome resolved"
    Drill "expect" "expect step \"TITLE\" ran | not run | undone | 3 times | before step \"TITLE\""
    Drill "expect" "expect resolve \"TITLE\""
    Drill "expect" "expect nothing [left] changed"
    Drill "expect" "expect escalated to ROLE"
    Drill "expect" "expect notified CHANNEL [\"MESSAGE\"]"
    Drill "expect" "expect finding \"TEXT\""
    Drill "expect" "expect timeline \"TEXT\""
}

/// Returns the forms that begin with `word`.
pub(super) fn forms(word: &str) -> impl Iterator<Item = &'static Form> {
    FORMS.iter().filter(move |form| form.word == word)
}

/// Returns the form of a statement, or of whatever else begins with the word.
pub(super) fn form(word: &str, clause: bool) -> Option<&'static Form> {
    forms(word).find(|form| (form.place == Place::Clause) == clause).or_else(|| forms(word).next())
}

/// Returns the form that a sentence was to have: of several with its first word, that with its second one too.
pub(super) fn form_of(written: &str, clause: bool) -> Option<&'static Form> {
    let mut words = written.split_whitespace();
    let word = words.next().unwrap_or("");
    let begins = words.next().map(|second| format!("{word} {second} "));
    let fits = |form: &&Form| begins.as_ref().is_some_and(|begins| form.form.starts_with(begins.as_str()));
    forms(word).find(fits).or_else(|| form(word, clause))
}

/// Returns what a rule stands for in a message; `None` for what does not help anyone.
pub(super) fn described(rule: Rule) -> Option<&'static str> {
    Some(match rule {
        Rule::text
        | Rule::title
        | Rule::title_line
        | Rule::mistake_quotes
        | Rule::mistake_title
        | Rule::mistake_title_line => "a text in quotes",
        Rule::name | Rule::word | Rule::path => "a name",
        Rule::role => "a role or channel",
        Rule::expression | Rule::operand | Rule::simple | Rule::action_call => "a value",
        Rule::type_ | Rule::type_name => "a type",
        Rule::date => "a date such as `2026-11-20`",
        Rule::clock => "a time of day such as `09:00`",
        Rule::number => "a number",
        Rule::call | Rule::command | Rule::fence => "a call",
        Rule::block => "a block `{ … }`",
        Rule::record => "a record `{ name: value }`",
        Rule::colon => "`:`",
        Rule::equals => "`=`",
        Rule::arrow => "`->`",
        Rule::round_end => "`)`",
        Rule::square_end => "`]`",
        Rule::curly_end => "`}`",
        Rule::braces_end => "`}}`",
        Rule::w_of => "`of`",
        Rule::w_to => "`to`",
        Rule::w_in => "`in`",
        Rule::w_by => "`by`",
        Rule::w_when => "`when`",
        Rule::w_tool => "`tool`",
        Rule::w_refuse => "`refuse`",
        Rule::w_wait => "`wait`",
        Rule::w_silence => "`silence`",
        Rule::w_failure => "`failure`",
        Rule::w_continue => "`continue`",
        Rule::w_ask => "`ask`",
        Rule::w_exit => "`exit`",
        Rule::w_env => "`env`",
        Rule::w_dir => "`dir`",
        Rule::w_user => "`user`",
        Rule::w_stdin => "`stdin`",
        Rule::w_no => "`no`",
        Rule::w_return => "`return`",
        Rule::w_most => "`most`",
        Rule::w_once => "`once`",
        Rule::w_else => "`else`",
        Rule::w_fails => "`fails`",
        Rule::w_exits => "`exits`",
        Rule::w_takes => "`takes`",
        Rule::w_lost => "`lost`",
        Rule::w_prints => "`prints`",
        Rule::w_granted => "`granted`",
        Rule::w_denied => "`denied`",
        Rule::w_never => "`never`",
        Rule::w_ran => "`ran`",
        Rule::w_undone => "`undone`",
        Rule::w_changed => "`changed`",
        Rule::w_not => "`not run`",
        Rule::w_times => "`times`",
        Rule::w_before => "`before`",
        Rule::w_after => "`after`",
        _ => return None,
    })
}

//! What help says of the modules: complete, true, and the same at a terminal, in a pipe and on the page.

mod support;

use mainstay::check::manual::{self, Action, Module};
use mainstay::display::{self, Look};
use mainstay::program::Effect;
use support::sandbox::{Sandbox, in_checkout};

/// What the examples use.
const NAMES: &str = r#"use dns
use disk
use evidence
use file
use http
use pgbouncer
use postgres
use process
use slack
use systemd
use tcp
use time
use tls

secret db      "Connection string of the database" = env("DATABASE_URL")
secret pool    "Connection string of the pooler"   = env("POOL_URL")
secret webhook "Address of a webhook of Slack"     = env("SLACK_WEBHOOK")

param host: text "A host" = "shop.example"
"#;

fn actions() -> Vec<Action> {
    manual::modules().into_iter().flat_map(|module| module.actions).collect()
}

#[test]
fn the_page_is_what_the_modules_say() {
    let page = display::manual::page(&manual::modules(), NAMES);
    let path = in_checkout("docs/stdlib.md");
    if std::env::var("SNAPSHOTS").is_ok_and(|v| v == "overwrite") {
        std::fs::write(&path, &page).expect("the page can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/stdlib.md is stale: run `SNAPSHOTS=overwrite cargo test --test stdlib` and read the diff"
    );
}

#[test]
fn nothing_is_left_unsaid() {
    let mut wrong = Vec::new();
    for module in manual::modules() {
        if module.about.is_empty() || module.actions.is_empty() {
            wrong.push(format!("{}: nothing about it", module.name));
        }
    }
    for action in actions() {
        let mut lacks = |what: &str, there: bool| {
            if !there {
                wrong.push(format!("{} lacks {what}", action.name));
            }
        };
        lacks(
            "a description",
            action.description.iter().all(|text| text.ends_with('.')) && !action.description.is_empty(),
        );
        lacks("an example that calls it", action.example.contains(&format!("{}(", action.name)));
        lacks("how it is taken back", (action.effect == Effect::Changes) != action.undo.is_empty());
        for param in &action.params {
            lacks(&format!("what `{}` is", param.name), !param.description.is_empty());
        }
        let record = ["record", "response"].contains(&action.returns.as_str());
        lacks("the fields of its result", !record || !action.gives.is_empty());
        lacks("a short line", action.example.lines().all(|line| line.chars().count() < 120));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_fields_of_a_native_result_are_those_of_its_type() {
    for native in mainstay::program::native::all() {
        if let mainstay::value::Type::Record(Some(fields)) = &native.returns {
            let mut told: Vec<_> = native.fields.iter().map(|(name, _)| *name).collect();
            told.sort_unstable();
            assert_eq!(told, fields.keys().map(String::as_str).collect::<Vec<_>>(), "{}", native.name);
        }
    }
}

#[test]
fn the_list_has_a_line_for_each_module() {
    let finished = Sandbox::new().run(["stdlib"]).expect_code(0);
    for Module { name, about, .. } in manual::modules() {
        assert!(
            finished.stdout.lines().any(|l| l.starts_with(&name) && l.ends_with(&about)),
            "{}",
            finished.stdout
        );
    }
    assert!(!finished.stdout.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn a_module_is_explained() {
    let sandbox = Sandbox::new();
    sandbox
        .run(["stdlib", "tls"])
        .expect_code(0)
        .expect_output("tls.certificate(host: text, port: int = 443,")
        .expect_output("  reads. Connects, and returns the certificate")
        .expect_output(".expires_in")
        .expect_output("    check cert = tls.certificate(");
    let systemd = sandbox.run(["stdlib", "systemd"]).expect_code(0);
    systemd.expect_output("needs systemctl").expect_output("undo: stops it again, if it did not run before.");
    let one = sandbox.run(["stdlib", "systemd.start"]).expect_code(0);
    assert!(one.stdout.starts_with("systemd.start(unit: text)\n"), "{}", one.stdout);
    assert!(!one.stdout.contains("systemd.stop("), "{}", one.stdout);
    let json = sandbox.run(["stdlib", "dns", "--format", "json"]).expect_code(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(json["actions"][0]["name"], "dns.lookup");
    assert_eq!(json["actions"][0]["effect"], "reads");
    assert_eq!(json["actions"][0]["params"][1]["default"], "\"A\"");
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_one() {
    let sandbox = Sandbox::new();
    let module = sandbox.run(["stdlib", "sytemd"]).expect_code(2);
    assert!(module.stderr.contains("there is no module `sytemd`"), "{}", module.stderr);
    assert!(module.stderr.contains("did you mean `systemd`?"), "{}", module.stderr);
    let action = sandbox.run(["stdlib", "systemd.restrat"]).expect_code(2);
    assert!(action.stderr.contains("`systemd` has no action `restrat`"), "{}", action.stderr);
    assert!(action.stderr.contains("did you mean `systemd.restart`?"), "{}", action.stderr);
}

/// At 40, 80 and 200 columns every line fits, but those of examples, which are to be copied.
#[test]
fn nothing_is_wider_than_the_terminal() {
    for width in [40, 80, 200] {
        let look = Look { width: Some(width), ..Look::BARE };
        let mut shown = display::manual::modules(&manual::modules(), look);
        for mut module in manual::modules() {
            for action in &mut module.actions {
                action.example.clear();
            }
            shown.push_str(&display::manual::module(&module, look));
        }
        for line in shown.lines() {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

//! The module `slack` against a server of our own.

use std::path::Path;

use crate::server::{Answer, Server};
use crate::support::sandbox::{Finished, Sandbox};

/// The secret part of a webhook's address.
const KEY: &str = "T0K3N-of-the-webhook";

fn slack(server: &Server, body: &str) -> (Sandbox, Finished) {
    let sandbox = Sandbox::new().with_env("SLACK_WEBHOOK", server.url(&format!("/services/{KEY}")));
    let text = format!(
        "runbook \"Tell\"\nuse slack\nsecret webhook \"Webhook\" = env(\"SLACK_WEBHOOK\")\nresolve \"Tell\" {{\n{body}\n}}\n"
    );
    let file = sandbox.write("tell.runbook", &text).display().to_string();
    let finished = sandbox.run(["run", &file]);
    (sandbox, finished)
}

fn files_with(folder: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes.windows(text.len()).any(|window| window == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_message_reaches_slack_as_text_and_the_webhook_stays_secret() {
    let server = Server::start(|_| Answer::text("ok"));
    let body = r#"
  run slack.message(webhook, "web1 said <!channel> & 'quit' \"now\"")
  run slack.message(webhook, "look", mention: "here")
"#;
    let (sandbox, finished) = slack(&server, body);
    let finished = finished.expect_code(0);
    let seen = server.seen();
    assert_eq!((&*seen[0].method, &*seen[0].path), ("POST", &*format!("/services/{KEY}")));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    let sent: Vec<serde_json::Value> =
        seen.iter().map(|seen| serde_json::from_str(&seen.body).expect("JSON")).collect();
    assert_eq!(sent[0]["text"], "web1 said &lt;!channel&gt; &amp; 'quit' \"now\"");
    assert_eq!(sent[1]["text"], "<!here> look");
    assert!(!finished.stdout.contains(KEY) && !finished.stderr.contains(KEY), "{}", finished.stdout);
    assert_eq!(files_with(sandbox.home(), KEY), Vec::<String>::new());
}

#[test]
fn what_slack_refuses_fails_with_its_reason() {
    let server = Server::start(|_| Answer::Respond {
        status: 404,
        headers: Vec::new(),
        body: format!("no_service for {KEY}").into_bytes(),
    });
    let (sandbox, finished) = slack(&server, "  run slack.message(webhook, \"hello\")");
    let finished =
        finished.expect_code(3).expect_output("Slack did not take the message: 404 no_service for");
    assert!(!finished.stdout.contains(&format!("services/{KEY}")), "{}", finished.stdout);
    assert_eq!(files_with(sandbox.home(), &format!("services/{KEY}")), Vec::<String>::new());
}

//! `mainstay check` as a program: folders, exit codes, SARIF, GitHub's commands; `mainstay explain`.

mod support;

use serde_json::Value;
use support::sandbox::{Finished, Sandbox};

const WARNED: &str = "runbook \"Warned\"\n\ndiagnose {\n  check 𝛼 = $ uptime\n}\n";

const LINTED: &str = "runbook \"Linted\"\nuse \"./parts.runbook\" as parts\n\ndiagnose {\n  finding \"🔥🔥\" when parts.gone()\n  \
     check seen = $ rm x\n  escalate to oncall \"{{ seen.exit }}\"\n}\n";

const PARTS: &str =
    "module parts \"Parts\"\n\naction gone() -> bool reads {\n  check kept = $ kill 5\n  return kept.ok\n}\n";

const BROKEN: &str = "runbook \"Broken\"\n\nresolve \"Do\" {\n  run $ touch a\n    undo $ rm {{ later }}\n  let later = \"ü\" ~ 1 ~ nothing\n}\n";

fn checked(format: &str, files: &[&str]) -> Finished {
    let sandbox = Sandbox::new();
    sandbox.write("books/linted.runbook", LINTED);
    sandbox.write("books/parts.runbook", PARTS);
    sandbox.write("books/a b,c%:ü.runbook", BROKEN);
    let words = ["check", "--format", format].into_iter().chain(files.iter().copied());
    sandbox.run(words)
}

#[test]
fn warnings_pass_unless_they_are_denied() {
    let sandbox = Sandbox::new();
    sandbox.write("books/linted.runbook", LINTED);
    sandbox.write("books/parts.runbook", PARTS);
    sandbox.run(["check", "books"]).expect_code(0).expect_output(
        "2 files checked: no errors, 3 warnings\nmore about it: mainstay explain check-changes\n",
    );
    sandbox.run(["check", "books", "--deny", "warnings"]).expect_code(1);
    sandbox.write("books/broken.runbook", BROKEN);
    sandbox
        .run(["check", "books", "--deny", "warnings"])
        .expect_code(2)
        .expect_output("more about each: mainstay explain CODE\n")
        .expect_output("\nbounds and some warnings are looked at once the errors are gone\n");
    sandbox.write("fine.runbook", "runbook \"Fine\"\nresolve \"R\" {\n  show 1\n}\n");
    let fine = sandbox.run(["check", "fine.runbook", "--deny", "warnings"]).expect_code(0);
    assert_eq!(fine.stdout, "1 file checked: no errors\n");
    let slow = "runbook \"Slow\"\nrto 1s\nresolve \"R\" {\n  wait 5s\n}\n";
    sandbox.write("slow.runbook", slow);
    let slow = sandbox.run(["check", "slow.runbook"]).expect_code(2);
    assert!(!slow.stdout.contains("once the errors are gone"), "all was looked at: {}", slow.stdout);
    sandbox.write("empty/notes.txt", "nothing");
    sandbox.run(["check", "empty"]).expect_code(2);
}

#[test]
fn sarif_has_what_its_schema_wants() {
    let out = checked("sarif", &["books", "nowhere.runbook"]).expect_code(2).stdout;
    let log: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(run["tool"]["driver"]["name"], "mainstay");
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().is_some_and(|text| text.len() > 10), "{rule}");
        }
        assert!(rule["help"]["markdown"].as_str().unwrap().starts_with("# "), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    for result in results {
        let at = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[at]["id"], result["ruleId"]);
        assert!(["error", "warning"].contains(&result["level"].as_str().unwrap()));
        assert!(!result["message"]["text"].as_str().unwrap().is_empty());
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)), "{uri}");
    }
    let of = |code: &str| results.iter().find(|result| result["ruleId"] == code).unwrap();
    let region = |result: &Value| {
        let region = &result["locations"][0]["physicalLocation"]["region"];
        ["startLine", "startColumn", "endLine", "endColumn"].map(|key| region[key].as_u64().unwrap())
    };
    let used = of("used-before-bound");
    assert_eq!(
        used["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
        "books/a%20b%2Cc%25%3A%C3%BC.runbook"
    );
    assert_eq!(region(used), [5, 18, 5, 23]);
    assert_eq!(used["relatedLocations"][0]["message"]["text"], "bound here");
    assert_eq!(used["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 6);
    let unread = of("unreadable-file");
    let place = &unread["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "nowhere.runbook");
    let killed = results.iter().filter(|r| r["message"]["text"].as_str().unwrap().starts_with("`kill`"));
    assert_eq!(killed.count(), 1, "a module is told once");
}

#[test]
fn columns_count_characters() {
    let sandbox = Sandbox::new();
    sandbox.write("a.runbook", WARNED);
    sandbox.run(["check", "a.runbook", "--format", "sarif"]).expect_code(2);
    sandbox.write("a.runbook", "runbook \"🔥\"\nresolve \"R\" {\n  finding \"🔥 ü {{ nothing }}\"\n}\n");
    let out = sandbox.run(["check", "a.runbook", "--format", "sarif"]).expect_code(2).stdout;
    let log: Value = serde_json::from_str(&out).unwrap();
    let region = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!((region["startColumn"].as_u64(), region["endColumn"].as_u64()), (Some(19), Some(26)));
}

#[test]
fn github_marks_each_line_once_and_nothing_ends_a_command() {
    let out = checked("github", &["books", "nowhere.runbook"]).expect_code(2).stdout;
    let commands: Vec<&str> = out.lines().filter(|line| line.starts_with("::")).collect();
    let file = "file=books/a b%2Cc%25%3Aü.runbook,line=5,col=18,title=used-before-bound::";
    assert!(commands.iter().any(|line| line.starts_with(&format!("::error {file}"))), "{out}");
    assert!(
        commands.iter().any(|line| line.starts_with("::error file=nowhere.runbook,line=1,col=1,")),
        "{out}"
    );
    let killed = commands.iter().filter(|line| line.contains("`kill` changes something"));
    assert_eq!(killed.count(), 1, "{out}");
    assert!(
        commands.iter().any(|line| line.starts_with("::warning file=books/linted.runbook,line=6,")),
        "{out}"
    );
    assert!(out.ends_with("4 files checked: 3 errors, 3 warnings\n"), "{out}");
}

#[test]
fn reviews_are_counted_to_today_by_the_days_of_the_configuration() {
    let sandbox = Sandbox::new();
    let old = "runbook \"Old\"\nreviewed 2020-01-01\nresolve \"R\" {\n  show 1\n}\n";
    sandbox.write("books/old.runbook", old);
    sandbox.write("other/old.runbook", old);
    let told = sandbox.run(["check", "books", "other"]).expect_code(0).stdout;
    assert_eq!(told.matches("warning[review-overdue]").count(), 2, "{told}");
    sandbox.write("books/mainstay.toml", "review_days = 0\n");
    let told = sandbox.run(["check", "books", "other"]).expect_code(0).stdout;
    assert_eq!(told.matches("warning[review-overdue]").count(), 1, "{told}");
    assert!(told.contains("other/old.runbook"), "{told}");
    sandbox.write("books/mainstay.toml", "review_days = \"soon\"\n");
    let wrong = sandbox.run(["check", "books"]).expect_code(2);
    assert!(wrong.stderr.contains("`review_days` is a number of days"), "{}", wrong.stderr);
}

#[test]
fn every_code_is_listed_and_explained() {
    let sandbox = Sandbox::new();
    let list = sandbox.run(["explain"]).expect_code(0).stdout;
    for code in ["change-without-undo", "verify-proves-nothing", "drill"] {
        assert_eq!(list.contains(&format!("`{code}`")), code != "drill", "{code}: {list}");
    }
    assert!(list.find("`raw-value`") < list.find("`change-without-undo`"), "warnings come first");
    let page = sandbox.run(["explain", "raw-value"]).expect_code(0).stdout;
    for part in ["raw-value", "Wrong:", "Mended:", "{{ hosts | raw }}", "{{ hosts }}"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    assert!(!page.contains("wrong raw-value"), "the tests' words are theirs: {page}");
    for line in list.lines().chain(page.lines()) {
        assert!(line.starts_with("  ") || line.chars().count() <= 80, "{line}");
    }
    sandbox.run(["explain", "error[change-without-undo]"]).expect_code(0).expect_output("Mended:");
    sandbox
        .run(["explain", "not-as-expected"])
        .expect_code(0)
        .expect_output("an `expect` of a drill does not hold");
    let near = sandbox.run(["explain", "change-without-und"]).expect_code(2);
    assert!(near.stderr.contains("did you mean `change-without-undo`?"), "{}", near.stderr);
    let none = sandbox.run(["explain", "qqq"]).expect_code(2);
    assert!(none.stderr.contains("`mainstay explain` lists them"), "{}", none.stderr);
}

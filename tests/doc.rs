//! Pages: the cases of `tests/doc`, what holds for every page, and the program's own door.
//!
//! A case is a file `tests/doc/NAME.runbook` with `NAME.md` beside it, which is its page as Markdown. Drop a new file in;
//! `SNAPSHOTS=overwrite cargo test --test doc` writes what is expected, to be read before it is committed.

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mainstay::bounds::Given;
use mainstay::check::{self, Checked, Disk};
use mainstay::display::{self, doc};
use mainstay::plan::Plan;
use support::sandbox::{Sandbox, in_checkout};
use support::{cases, pages};

fn checked(path: &Path) -> (String, Checked) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned();
    let checked = check::check(&name, &Disk);
    (name, checked)
}

/// Every runbook of the checkout that can be run.
fn runbooks() -> Vec<(String, Checked)> {
    let mut folders: Vec<PathBuf> =
        vec![in_checkout("runbooks"), in_checkout("tests"), in_checkout("stdlib")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "runbook") {
                found.push(checked(&path));
            }
        }
    }
    found.retain(|(_, checked)| checked.program.is_some());
    found
}

#[test]
fn every_case_has_the_page_that_is_expected() {
    let mut wrong = String::new();
    for path in cases::runbooks("tests/doc") {
        let (name, checked) = checked(&path);
        let page = match &checked.program {
            Some(program) => doc::markdown(&Plan::told(program, &name), checked.drills.len()),
            None => {
                let told = display::diagnostics(&checked.diagnostics, &checked.sources, display::Look::BARE);
                assert!(!checked.has_errors(), "{told}");
                let text = std::fs::read_to_string(&path).expect("the case");
                doc::module_markdown(&check::manual::of_text("", &name, &text), &name)
            }
        };
        let expected = path.with_extension("md");
        if std::env::var("SNAPSHOTS").is_ok_and(|wanted| wanted == "overwrite") {
            std::fs::write(&expected, &page).expect("the expectation is written");
        }
        let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
        if wanted != page {
            let _ = writeln!(wrong, "{name}:\n--- expected\n{wanted}\n--- found\n{page}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Nothing of a runbook is markup, every link leads somewhere, nothing is fetched, and each command can be read off.
#[test]
fn every_runbook_that_runs_has_a_whole_page() {
    let all = runbooks();
    assert!(all.len() > 60, "only {} runbooks", all.len());
    for (name, checked) in all {
        let program = checked.program.expect("a program");
        pages::wrong(&Plan::told(&program, &name)).unwrap_or_else(|e| panic!("{name}: {e}"));
        let plan = Plan::of(&program, &name, &Given::nothing());
        let page = display::plan::html(&plan).expect("a page");
        let text = pages::html(&page).unwrap_or_else(|e| panic!("{name}: plan: {e}"));
        for command in pages::commands(&plan) {
            assert!(text.contains(&command), "{name}: plan: {command}");
        }
    }
}

#[test]
fn the_headings_stand_in_the_order_of_the_template() {
    let (name, checked) = checked(&in_checkout("tests/doc/whole.runbook"));
    let plan = Plan::told(&checked.program.expect("a program"), &name);
    let page = doc::html(&plan, 0).expect("a page");
    let wanted = [
        ">Severity<",
        ">Owner<",
        ">Last updated<",
        ">Symptom</h2>",
        ">Impact</h2>",
        ">Diagnosis steps</h2>",
        ">Resolution steps</h2>",
        ">Rollback</h2>",
        ">Prevention</h2>",
    ];
    let places: Vec<_> =
        wanted.iter().map(|head| page.find(head).unwrap_or_else(|| panic!("{head}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
    // The picture says in words what it is.
    let label = page.split("role=\"img\" aria-labelledby=\"").nth(1).and_then(|rest| rest.split('"').next());
    let title = format!("<title id=\"{}\">The flow: ", label.expect("a picture"));
    assert!(page.contains(&title), "{title}");
}

#[test]
fn a_secret_is_named_and_nothing_else_of_it_is_told_or_touched() {
    let sandbox = Sandbox::new().with_env("TOKEN", "hunter2hunter2");
    sandbox.write(
        "touching.runbook",
        "runbook \"Touching\"\n\nsecret key \"A key\" = command(\"touch fetched; echo k\") else env(\"TOKEN\")\n\n\
         symptom \"always\" {\n  check a = $ touch checked\n  when a.ok\n}\n\nresolve \"Touch\" {\n  run $ touch here\n    \
         with env { KEY: key }\n    undo $ rm here\n}\n",
    );
    for format in ["markdown", "html"] {
        let page = sandbox.run(["doc", "touching.runbook", "--format", format]).expect_code(0).stdout;
        assert!(page.contains("touch here") && page.contains("A key"), "{page}");
        // Neither what it is nor where it lies.
        assert!(!page.contains("hunter2") && !page.contains("TOKEN") && !page.contains("fetched"), "{page}");
    }
    assert!(!sandbox.home().join("fetched").exists() && !sandbox.home().join("checked").exists());
}

const SMALL: &str =
    "runbook \"Small\"\n\nseverity P2\ntags [\"web\"]\n\nresolve \"R\" {\n  run $ true\n    leave \"x\"\n}\n";

fn write(sandbox: &Sandbox, name: &str, text: &str) {
    let path = sandbox.home().join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder");
    std::fs::write(path, text).expect("the file");
}

fn read(sandbox: &Sandbox, name: &str) -> String {
    std::fs::read_to_string(sandbox.home().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn a_folder_becomes_a_folder_of_pages_with_an_index() {
    let sandbox = Sandbox::new();
    write(&sandbox, "books/small.runbook", SMALL);
    write(&sandbox, "books/deep/index.runbook", &SMALL.replace("Small", "Deep").replace("P2", "P0"));
    write(&sandbox, "books/index.runbook", &SMALL.replace("Small", "Named index"));
    write(&sandbox, "books/a b&.runbook", &SMALL.replace("Small", "Odd name"));
    write(
        &sandbox,
        "books/parts.runbook",
        "module parts \"Shared\"\n\naction a() reads {\n  check x = $ true\n}\n",
    );
    let drills = "drills for \"small.runbook\"\n\ndrill \"it works\" {\n  expect outcome resolved\n}\n\ndrill \"again\" {\n  expect nothing left changed\n}\n";
    write(&sandbox, "books/drills.runbook", drills);
    write(&sandbox, "books/broken.runbook", "runbook \"Broken\"\nresolve {\n");
    for (format, ending) in [("html", "html"), ("markdown", "md")] {
        let done = sandbox.run(["doc", "books", "--format", format, "--out", "pages"]).expect_code(2);
        assert!(done.stdout.contains(&format!("5 pages, and pages/index.{ending}")), "{}", done.stdout);
        assert!(done.stderr.contains("`books/broken.runbook` has errors"), "{}", done.stderr);
        let index = read(&sandbox, &format!("pages/index.{ending}"));
        let links = [
            format!("small.{ending}"),
            format!("deep/index.{ending}"),
            format!("index.runbook.{ending}"),
            format!("a%20b%26.{ending}"),
            format!("parts.{ending}"),
        ];
        for link in &links {
            assert!(index.contains(link.as_str()), "{link}: {index}");
            let file = link.replace("%20", " ").replace("%26", "&");
            assert!(read(&sandbox, &format!("pages/{file}")).contains("mainstay doc"), "{link}");
        }
        // What is most severe stands first; what has no page is told.
        assert!(index.find("Deep") < index.find("Small"), "{index}");
        assert!(index.contains("broken.runbook"), "{index}");
        match format {
            "html" => {
                pages::html(&index).expect("a page");
            }
            _ => {
                pages::markdown(&index).expect("a page");
                assert!(index.contains("| [Small](small.md) | P2 | | | 1m | 2 |"), "{index}");
            }
        }
    }
}

#[test]
fn only_own_pages_are_written_over() {
    let sandbox = Sandbox::new();
    write(&sandbox, "small.runbook", SMALL);
    sandbox.run(["doc", "small.runbook", "--out", "small.md"]).expect_code(0);
    sandbox.run(["doc", "small.runbook", "--out", "small.html"]).expect_code(0);
    let first = (read(&sandbox, "small.md"), read(&sandbox, "small.html"));
    assert!(
        first.0.starts_with("<!-- mainstay doc -->\n\n# Small\n") && first.1.starts_with("<!DOCTYPE html>")
    );
    // Again, after a change: in their place, and the same for the same text.
    write(&sandbox, "small.runbook", &SMALL.replace("Small", "Changed"));
    sandbox.run(["doc", "small.runbook", "--out", "small.md"]).expect_code(0);
    assert!(read(&sandbox, "small.md").contains("# Changed"));
    write(&sandbox, "small.runbook", SMALL);
    sandbox.run(["doc", "small.runbook", "--out", "small.md"]).expect_code(0);
    sandbox.run(["doc", "small.runbook", "--out", "small.html"]).expect_code(0);
    assert_eq!((read(&sandbox, "small.md"), read(&sandbox, "small.html")), first);
    // A slip of the hand costs nothing, in a folder neither.
    let slip = sandbox.run(["doc", "small.runbook", "--out", "small.runbook"]).expect_code(2);
    assert!(slip.stderr.contains("is not a page that `mainstay doc` wrote"), "{}", slip.stderr);
    write(&sandbox, "notes/small.md", "# My notes\n");
    let folder = sandbox.run(["doc", ".", "--out", "notes"]).expect_code(2);
    assert!(folder.stderr.contains("`notes/small.md` is there"), "{}", folder.stderr);
    assert_eq!(read(&sandbox, "notes/small.md"), "# My notes\n");
    assert!(read(&sandbox, "small.runbook") == SMALL);
    let left: Vec<_> = std::fs::read_dir(sandbox.home())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with(".mainstay-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn what_has_no_page_is_told() {
    let sandbox = Sandbox::new();
    write(&sandbox, "books/wrong.runbook", "runbook \"Wrong\"\nresolve {\n");
    write(&sandbox, "later.runbook", "change \"Later\"\n\nprocedure {\n  run $ true\n    leave \"x\"\n}\n");
    write(&sandbox, "empty/notes.txt", "");
    let wrong = sandbox.run(["doc", "books/wrong.runbook"]).expect_code(2);
    assert!(wrong.stderr.contains("missing-title") && wrong.stdout.is_empty(), "{}", wrong.stderr);
    let later = sandbox.run(["doc", "later.runbook"]).expect_code(2);
    assert!(later.stderr.contains("uses what does not run yet"), "{}", later.stderr);
    let folder = sandbox.run(["doc", "books"]).expect_code(2);
    assert!(folder.stderr.contains("--out FOLDER"), "{}", folder.stderr);
    let none = sandbox.run(["doc", "empty", "--out", "pages"]).expect_code(2);
    assert!(none.stderr.contains("there is no `.runbook`"), "{}", none.stderr);
    sandbox.run(["doc", "absent.runbook"]).expect_code(2);
    write(&sandbox, "small.runbook", SMALL);
    let lost = sandbox.run(["doc", "small.runbook", "--out", "no/such/page.md"]).expect_code(2);
    assert!(lost.stderr.contains("there is no folder `no/such`"), "{}", lost.stderr);
    let into = sandbox.run(["doc", "small.runbook", "--out", "books"]).expect_code(2);
    assert!(into.stderr.contains("--out books/small.md"), "{}", into.stderr);
}

#[test]
fn a_page_names_no_folder_of_the_machine_it_was_made_on() {
    let (sandbox, elsewhere) = (Sandbox::new(), Sandbox::new());
    write(&sandbox, "books/small.runbook", SMALL);
    write(&sandbox, "books/broken.runbook", "runbook \"Broken\"\nresolve {\n");
    let home = sandbox.home().to_string_lossy().into_owned();
    let (books, small) = (format!("{home}/books"), format!("{home}/books/small.runbook"));
    let within = sandbox.run(["doc", &small]).expect_code(0).stdout;
    assert!(within.contains("from `books/small.runbook`.") && !within.contains(&home), "{within}");
    let outside = elsewhere.run(["doc", &small]).expect_code(0).stdout;
    assert!(outside.contains("from `small.runbook`.") && !outside.contains(&home), "{outside}");
    let plan = elsewhere.run(["plan", &small, "--format", "html"]).expect_code(0).stdout;
    assert!(plan.contains("<code>small.runbook</code>") && !plan.contains(&home), "{plan}");
    elsewhere.run(["doc", &books, "--out", "pages"]).expect_code(2);
    for (page, from) in [("index", "books"), ("small", "books/small.runbook")] {
        let page = read(&elsewhere, &format!("pages/{page}.md"));
        assert!(page.contains(&format!("from `{from}`.")) && !page.contains(&home), "{page}");
    }
}

#[test]
fn what_is_pasted_says_so_wherever_it_stands() {
    let (name, checked) = checked(&in_checkout("tests/doc/back.runbook"));
    let program = checked.program.expect("a program");
    let wanted = "queuectl hold {{ queue }} {{ flags | raw }}";
    let page = doc::html(&Plan::told(&program, &name), 0).expect("a page");
    let text = pages::html(&page).expect("a page");
    assert!(text.contains(wanted) && text.contains("as one word, in quotes"), "{text}");
    let plan = Plan::of(&program, &name, &Given::nothing());
    let shown = display::plan::text(&plan, display::Look::BARE);
    assert!(shown.contains(wanted), "{shown}");
    let page = display::plan::html(&plan).expect("a page");
    assert!(pages::html(&page).expect("a page").contains(wanted), "{page}");
}

#[test]
fn what_is_left_is_explained_where_it_stands() {
    let legend = "what is left: it may take";
    for (case, stands) in [("worst", true), ("unbounded", false)] {
        let (name, checked) = checked(&in_checkout(&format!("tests/plan/{case}.runbook")));
        let plan = Plan::of(&checked.program.expect("a program"), &name, &Given::nothing());
        let page = display::plan::html(&plan).expect("a page");
        assert_eq!(page.contains(legend), stands, "{case}: {page}");
    }
}

#[test]
fn a_wide_picture_says_that_it_scrolls() {
    let sandbox = Sandbox::new();
    write(&sandbox, "small.runbook", SMALL);
    let whole = in_checkout("tests/doc/whole.runbook").to_string_lossy().into_owned();
    for (file, wide) in [(whole.as_str(), true), ("small.runbook", false)] {
        let page = sandbox.run(["doc", file, "--format", "html"]).expect_code(0).stdout;
        assert_eq!(page.contains("move it sideways"), wide, "{file}: {page}");
    }
}

#[test]
fn a_plan_is_a_page_too() {
    let sandbox = Sandbox::new();
    write(&sandbox, "small.runbook", SMALL);
    let page = sandbox.run(["plan", "small.runbook", "--format", "html"]).expect_code(0).stdout;
    let text = pages::html(&page).expect("a page");
    assert!(text.contains("Plan: Small") && text.contains("$ true"), "{text}");
}

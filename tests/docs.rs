//! What the documentation shows is true: snippets check, sessions run, links lead somewhere, tables are complete.
//!
//! A fence says by its info string what becomes of it; `CONTRIBUTING.md` lists them. Pages are all Markdown files of the
//! checkout. `SNAPSHOTS=overwrite cargo test --test docs` puts what the sessions really print into the pages, to be read
//! before it is committed.

#[path = "docs/codes.rs"]
mod codes;
#[path = "docs/links.rs"]
mod links;
#[path = "docs/page.rs"]
mod page;
#[path = "docs/session.rs"]
mod session;
#[path = "docs/snippet.rs"]
mod snippet;
#[path = "docs/tables.rs"]
mod tables;

use page::{Kind, Page};

/// Lines of set-up that are shown and not run, each as it stands in its fence.
const NOT_RUN: &[&str] = &[
    "mainstay run failover.runbook --detach     # begins it, and goes on in the background\n\
     mainstay attach last                       # shows it, from any terminal; Ctrl-C leaves the view\n\
     mainstay waiting                           # what it asks meanwhile\n\
     mainstay stop last --because \"the bank called\"",
    "install -d -m 3770 -g ops /srv/mainstay /srv/mainstay/runs\n\
     install -d /etc/mainstay && echo 'state = \"/srv/mainstay\"' > /etc/mainstay/mainstay.toml",
    "mainstay waiting\n\
     mainstay approve k7f3 --because \"the graphs look right\"\n\
     mainstay answer k7f3 eu\n\
     mainstay note k7f3 \"the bank was called\"",
    "benches/compare             # everything, several rounds; the first time also builds the peers\n\
     benches/compare --short     # what CI runs: less than a minute, and with room for noise\n\
     cargo bench --bench inside  # single parts, without the processes around them\n\
     cargo bench --bench runs    # the list of 10,000 runs, and of 5,000 that wait\n\
     cargo bench --bench drills  # drills: one, its failures, memory",
    "PROPTEST_CASES=5000 cargo test --release --test programs -- --nocapture   # runbooks made by chance, cut off at every place\n\
     fuzz/run check 3600                                                       # also: interpolation, journal; see fuzz/README.md",
    "runbooks/quickstart/run",
    "runbooks/quickstart/run -p limit=0.1%",
    "tests/run",
    "tests/run            # every gate: formatting, lints, licences of the dependencies, doc examples, tests\n\
     tests/run NAME       # only the tests whose name contains NAME",
];

#[test]
fn every_fence_says_what_becomes_of_it() {
    let mut wrong = Vec::new();
    for page in page::all() {
        for fence in &page.fences {
            match &fence.kind {
                Kind::Unknown => wrong.push(format!("{}: `{}` is not known", page.at(fence), fence.info)),
                Kind::NotRun if !NOT_RUN.contains(&fence.text.trim_end()) => {
                    wrong.push(format!("{}: not listed in NOT_RUN:\n{}", page.at(fence), fence.text));
                }
                _ => {}
            }
        }
    }
    let shown: Vec<_> = page::all().iter().flat_map(|page| page.fences.clone()).map(|f| f.text).collect();
    for lines in NOT_RUN {
        if !shown.iter().any(|text| text.trim_end() == *lines) {
            wrong.push(format!("listed in NOT_RUN, but in no page:\n{lines}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn snippets_of_the_language_are_checked() {
    told(page::all().iter().flat_map(snippet::wrong).collect());
}

#[test]
fn links_lead_somewhere() {
    told(links::wrong(&page::all()));
}

#[test]
fn every_message_function_and_module_is_described() {
    told(tables::wrong());
}

#[test]
fn every_code_is_explained_by_examples() {
    told(codes::wrong());
}

#[test]
fn every_command_and_option_is_described() {
    told(tables::options());
}

/// Fails with everything that is wrong.
#[track_caller]
fn told(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "{} wrong:\n\n{}\n", wrong.len(), wrong.join("\n\n"));
}

#[test]
fn sessions_print_what_they_show() {
    told(page::all().iter().flat_map(session::wrong).collect());
}

/// Returns the page of that path.
fn page(path: &str) -> Page {
    page::all()
        .into_iter()
        .find(|page| page.path == path)
        .unwrap_or_else(|| panic!("there is no page {path}"))
}

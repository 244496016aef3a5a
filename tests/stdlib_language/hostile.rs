//! Values that look like options, like code, hold what no argument can, or are far too long: they stay data, or are refused.

use crate::support::sandbox::Sandbox;
use crate::{changing, reading};

#[test]
fn what_looks_like_an_option_or_code_is_a_value() {
    let sandbox = Sandbox::new();
    let marker = sandbox.home().join("marker").display().to_string();
    let code = format!("$(touch {marker})`touch {marker}`; touch {marker} #");
    for hostile in ["--version", "-e", "*", &code] {
        let body = format!(
            "  check a = process.find(\"{hostile}\")\n  check b = process.find(user: \"{hostile}\")\n  \
             check c = process.exists(\"{hostile}\")\n  verify length(a) == 0 and length(b) == 0 and not c"
        );
        reading(&sandbox, "process", &body).expect_code(0);
        for action in ["usage", "free", "largest_files", "largest_folders"] {
            let body = format!("  check a = disk.{action}(\"{hostile}\")");
            reading(&sandbox, "disk", &body).expect_code(1).expect_output("is not absolute");
        }
        let body = format!("  check a = evidence.digest(\"{hostile}\")");
        reading(&sandbox, "evidence", &body).expect_code(1).expect_output("No such file or directory");
        let folder = sandbox.home().display();
        let body = format!("  run evidence.tail(\"{folder}\", \"{hostile}\")");
        changing(&sandbox, "evidence", &body).expect_output("there is no file");
    }
    assert!(!std::path::Path::new(&marker).exists(), "nothing of it was run");
    // A path that goes on with such a thing is a path.
    let odd = sandbox.write("-rf $(id)/--help", "12345").display().to_string();
    let folder = odd.strip_suffix("/--help").expect("its folder").to_owned();
    let body = format!(
        "  check a = disk.largest_files(\"{folder}\")\n  show \"{{{{ a[0].path }}}} {{{{ a[0].bytes }}}}\""
    );
    reading(&sandbox, "disk", &body).expect_code(0).expect_output(&format!("{odd} 5"));
}

#[test]
fn what_no_argument_can_hold_is_refused_or_goes_by_the_input() {
    let sandbox = Sandbox::new();
    let folder = sandbox.home().display().to_string();
    let nul = r#"parse_json("\"a\\u0000b\"")"#;
    let body = format!("  check a = evidence.digest({nul})");
    reading(&sandbox, "evidence", &body).expect_code(1).expect_output("NUL byte");
    let huge = "x".repeat(200 << 10);
    let body = format!("  check a = evidence.digest(\"{huge}\")");
    reading(&sandbox, "evidence", &body).expect_code(1).expect_output("an argument holds 131071");
    let body = format!("  run evidence.add(\"{folder}\", \"huge.txt\", \"{huge}\")");
    changing(&sandbox, "evidence", &body).expect_code(0);
    assert_eq!(sandbox.home().join("huge.txt").metadata().expect("it is there").len(), 200 << 10);
}

//! The module `systemd` against a real systemd with a real journal.

mod support;

use support::sandbox::Finished;
use support::systemd::Systemd;

const SHOP: &str = r#"[Unit]
Description=The shop
[Service]
ExecStart=/bin/sh -c 'echo open; echo "<3>out of stock"; exec sleep 1000'
ExecReload=/bin/sh -c 'echo reloaded'
[Install]
WantedBy=default.target
"#;

const BROKEN: &str = "[Unit]\nDescription=The \"broken\" one\n[Service]\nExecStart=/bin/false\n";

const LOOP: &str = "[Unit]\nDescription=Falls over\nStartLimitIntervalSec=0\n[Service]\nExecStart=/bin/sleep 0.2\nRestart=always\nRestartSec=0\n";

fn machine() -> Systemd {
    Systemd::start(&[("shop.service", SHOP), ("broken.service", BROKEN), ("loop.service", LOOP)])
}

/// A runbook that reads.
fn reading(machine: &Systemd, body: &str) -> Finished {
    machine.run(&format!(
        "runbook \"Look\"\nuse systemd\ndiagnose {{\n{body}\n}}\nresolve \"Nothing\" {{\n  show \"-\"\n}}\n"
    ))
}

/// A runbook that changes, and then fails or not.
fn changing(machine: &Systemd, body: &str) -> Finished {
    machine.run(&format!("runbook \"Change\"\nuse systemd\nresolve \"Change\" {{\n{body}\n}}\n"))
}

const FAIL: &str = "\n  verify false else \"something else went wrong\"\n";

#[test]
fn a_unit_is_read() {
    let machine = machine();
    machine.inside(["systemctl", "start", "shop"]);
    let seen = reading(
        &machine,
        r#"
  check shop = systemd.status("shop")
  show "{{ shop.id }}, {{ shop.description }}: {{ shop.load }} {{ shop.active }} {{ shop.sub }} {{ shop.enabled }}"
  show "pid {{ shop.pid > 1 }} restarts {{ shop.restarts }} young {{ age(shop.since) < 10m }} {{ shop.result }}"
  check off = systemd.status("broken.service")
  show "off {{ off.active }} {{ off.pid }} {{ off.since == none }}"
  verify systemd.is_active("shop")
  verify not systemd.is_active("broken")
"#,
    );
    seen.expect_code(0)
        .expect_output("shop.service, The shop: loaded active running disabled")
        .expect_output("pid true restarts 0 young true success")
        .expect_output("off inactive 0 true");
}

#[test]
fn what_is_no_unit_is_no_answer() {
    let machine = machine();
    reading(&machine, "  check a = systemd.is_active(\"nonesuch\")")
        .expect_code(1)
        .expect_output("systemd knows no unit nonesuch");
    reading(&machine, "  check a = systemd.status(\"--all\")")
        .expect_code(1)
        .expect_output("systemd knows no unit --all");
    for name in ["*", "a b", "a;b", ""] {
        let text = format!("  check a = systemd.status(\"{name}\")");
        reading(&machine, &text).expect_code(1).expect_output("cannot be the name of a unit");
    }
}

#[test]
fn failed_units_are_listed() {
    let machine = machine();
    reading(&machine, "  check none_yet = systemd.failed()\n  verify length(none_yet) == 0").expect_code(0);
    machine.inside(["systemctl", "start", "broken"]);
    let text = r#"
  check broken = systemd.failed()
    until length(broken) == 1 within 10s every 1s
  show "{{ broken[0].unit }}: {{ broken[0].sub }}, {{ broken[0].description }}"
"#;
    reading(&machine, text).expect_code(0).expect_output("broken.service: failed, The \"broken\" one");
    changing(&machine, "  run systemd.reset_failed(\"broken\")").expect_code(0);
    assert_eq!(machine.property("broken", "ActiveState"), "inactive");
}

#[test]
fn a_journal_is_read_by_its_end_and_by_how_grave_it_is() {
    let machine = machine();
    machine.inside(["systemctl", "start", "shop"]);
    let text = r#"
  check all = systemd.journal("shop", since: 5m)
    until length(all) > 1 within 10s every 1s
  show all | join(" / ")
  check grave = systemd.journal("shop", priority: "err")
  show "grave: {{ length(grave) }} {{ grave[0] | capture("out of .*") }}"
  check one = systemd.journal("shop", lines: 1)
  show "one: {{ length(one) }}"
"#;
    reading(&machine, text)
        .expect_code(0)
        .expect_output(": open / ")
        .expect_output("grave: 1 out of stock")
        .expect_output("one: 1");
}

#[test]
fn a_unit_that_falls_over_again_and_again_does_not_become_active() {
    let machine = machine();
    machine.inside(["systemctl", "start", "shop", "loop"]);
    reading(&machine, "  verify systemd.becomes_active(\"shop\", steady: 1s)").expect_code(0);
    reading(&machine, "  verify systemd.becomes_active(\"loop\", limit: 4s, steady: 2s)")
        .expect_code(1)
        .expect_output("loop was not active for 2s within 4s");
}

#[test]
fn what_was_started_is_stopped_again_and_what_ran_goes_on() {
    let machine = machine();
    changing(&machine, &format!("  run systemd.start(\"shop\"){FAIL}")).expect_code(3);
    assert_eq!(machine.property("shop", "ActiveState"), "inactive");

    changing(&machine, "  run systemd.start(\"shop\")").expect_code(0);
    assert_eq!(machine.property("shop", "ActiveState"), "active");
    let pid = machine.property("shop", "MainPID");

    // It ran before: nothing is started, and nothing stopped afterwards.
    changing(&machine, &format!("  run systemd.start(\"shop\"){FAIL}"));
    assert_eq!(machine.property("shop", "MainPID"), pid);

    changing(&machine, &format!("  run systemd.stop(\"shop\"){FAIL}")).expect_code(3);
    assert_eq!(machine.property("shop", "ActiveState"), "active", "it ran before");
    changing(&machine, "  run systemd.stop(\"shop\")").expect_code(0);
    assert_eq!(machine.property("shop", "ActiveState"), "inactive");
    changing(&machine, &format!("  run systemd.stop(\"shop\"){FAIL}"));
    assert_eq!(machine.property("shop", "ActiveState"), "inactive", "it did not run before");
}

#[test]
fn a_restart_is_a_restart_and_one_that_started_it_is_taken_back() {
    let machine = machine();
    changing(&machine, &format!("  run systemd.restart(\"shop\"){FAIL}")).expect_code(3);
    assert_eq!(machine.property("shop", "ActiveState"), "inactive", "it did not run before");
    machine.inside(["systemctl", "start", "shop"]);
    let pid = machine.property("shop", "MainPID");
    changing(&machine, "  run systemd.restart(\"shop\")\n  run systemd.reload(\"shop\")").expect_code(0);
    assert_ne!(machine.property("shop", "MainPID"), pid);
}

#[test]
fn enabling_and_disabling_put_back_what_was() {
    let machine = machine();
    changing(&machine, &format!("  run systemd.enable(\"shop\"){FAIL}")).expect_code(3);
    assert_eq!(machine.property("shop", "UnitFileState"), "disabled");
    changing(&machine, "  run systemd.enable(\"shop\")").expect_code(0);
    assert_eq!(machine.property("shop", "UnitFileState"), "enabled");
    changing(&machine, &format!("  run systemd.disable(\"shop\"){FAIL}")).expect_code(3);
    assert_eq!(machine.property("shop", "UnitFileState"), "enabled");
    changing(&machine, "  run systemd.disable(\"shop\")").expect_code(0);
    assert_eq!(machine.property("shop", "UnitFileState"), "disabled");
}

#[test]
fn a_refusal_says_what_systemd_said() {
    let machine = machine();
    changing(&machine, "  run systemd.reload(\"broken\")")
        .expect_code(3)
        .expect_output("Failed to reload broken.service");
}

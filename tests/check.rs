use mainstay::check::{check, Disk};
#[test]
fn probe() {
    let Ok(path) = std::env::var("PROBE") else { return };
    let checked = check(&path, &Disk);
    for d in &checked.diagnostics {
        let s = d.span().unwrap_or_default();
        println!("{:?} {} {} `{}` {}", d.severity, d.code, checked.sources.place(s), checked.sources.text(s), d.message);
        for h in &d.help { println!("    help: {h}"); }
        for h in &d.notes { println!("    note: {h}"); }
    }
    println!("program: {} unsupported: {}", checked.program.is_some(), checked.unsupported);
}

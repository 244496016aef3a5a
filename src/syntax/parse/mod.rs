use pest_derive::Parser;
#[derive(Parser)]
#[grammar = "../grammar/mainstay.pest"]
pub struct Grammar;

#[cfg(test)]
mod t {
    use super::*;
    use pest::Parser;
    #[test]
    fn ex() {
        for f in std::fs::read_dir("/work/shared/design/examples").unwrap() {
            let p = f.unwrap().path();
            let t = std::fs::read_to_string(&p).unwrap();
            let start = std::time::Instant::now();
            match Grammar::parse(Rule::file, &t) {
                Ok(ps) => {
                    println!("{p:?} {:?}", start.elapsed());
                    for x in ps.flatten() {
                        let n = format!("{:?}", x.as_rule());
                        if n.starts_with("mistake") || ["invalid","trailing","misplaced","stray_brace","unclosed"].contains(&n.as_str()) {
                            println!("  {n}: {:?}", x.as_str());
                        }
                    }
                }
                Err(e) => println!("{p:?}: {e}"),
            }
        }
    }
}

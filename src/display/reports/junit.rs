//! Drills as JUnit XML, which most programs for continuous integration read.
//!
//! A suite for each file, a case for each drill. The virtual time is a property: `time` would be taken for what the
//! build took. What XML 1.0 cannot hold at all is replaced.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{details, errors, failures, outcome, place, summary, took};
use crate::display::DrilledFile;
use crate::drill::Report;

type Xml = Writer<Vec<u8>>;

/// Returns the drills of all files as one document.
///
/// # Errors
/// When it cannot be written, which memory always lets.
pub fn junit(files: &[DrilledFile<'_>]) -> io::Result<String> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let tests: usize = files.iter().map(tests).sum();
    let bad = files.iter().filter(|of| !of.errors.is_empty()).count();
    let failed: usize = files.iter().map(failures).sum();
    xml.create_element("testsuites")
        .with_attribute(("name", "mainstay drill"))
        .with_attribute(("tests", tests.to_string().as_str()))
        .with_attribute(("failures", failed.to_string().as_str()))
        .with_attribute(("errors", bad.to_string().as_str()))
        .write_inner_content(|xml| files.iter().try_for_each(|of| suite(xml, of)))?;
    let mut text = String::from_utf8_lossy(&xml.into_inner()).into_owned();
    text.push('\n');
    Ok(text)
}

/// Returns how many cases a file has: a file that cannot be drilled is one.
fn tests(of: &DrilledFile<'_>) -> usize {
    of.reports.len() + usize::from(!of.errors.is_empty())
}

fn suite(xml: &mut Xml, of: &DrilledFile<'_>) -> io::Result<()> {
    let bad = if of.errors.is_empty() { "0" } else { "1" };
    xml.create_element("testsuite")
        .with_attribute(("name", held(of.file).as_str()))
        .with_attribute(("tests", tests(of).to_string().as_str()))
        .with_attribute(("failures", failures(of).to_string().as_str()))
        .with_attribute(("errors", bad))
        .with_attribute(("skipped", "0"))
        .write_inner_content(|xml| {
            if let Some((line, text)) = errors(of) {
                error(xml, of, &line, &text)?;
            }
            of.reports.iter().try_for_each(|report| case(xml, of, report))
        })?;
    Ok(())
}

/// Writes a file that cannot be drilled as a case of its own.
fn error(xml: &mut Xml, of: &DrilledFile<'_>, line: &str, text: &str) -> io::Result<()> {
    let code = of.errors.first().map_or("", |error| error.code.as_str());
    xml.create_element("testcase")
        .with_attribute(("name", "the file has no errors"))
        .with_attribute(("classname", held(of.file).as_str()))
        .with_attribute(("file", held(of.file).as_str()))
        .write_inner_content(|xml| {
            xml.create_element("error")
                .with_attribute(("message", held(line).as_str()))
                .with_attribute(("type", code))
                .write_text_content(BytesText::new(&held(text)))?;
            Ok(())
        })?;
    Ok(())
}

fn case(xml: &mut Xml, of: &DrilledFile<'_>, report: &Report) -> io::Result<()> {
    let line = of.sources.place(report.span).line.to_string();
    xml.create_element("testcase")
        .with_attribute(("name", held(&report.title).as_str()))
        .with_attribute(("classname", held(of.file).as_str()))
        .with_attribute(("file", held(of.file).as_str()))
        .with_attribute(("line", line.as_str()))
        .write_inner_content(|xml| inside(xml, of, report))?;
    Ok(())
}

fn inside(xml: &mut Xml, of: &DrilledFile<'_>, report: &Report) -> io::Result<()> {
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in [("outcome", outcome(report)), ("virtual_time", took(report).as_str())] {
            xml.create_element("property")
                .with_attribute(("name", name))
                .with_attribute(("value", value))
                .write_empty()?;
        }
        Ok(())
    })?;
    if !report.passed() {
        let place = place(report, of);
        let text = format!("{place}\n\n{}", details(report, of.sources));
        let code = report.unmet.first().map_or("", |unmet| unmet.code.as_str());
        xml.create_element("failure")
            .with_attribute(("message", held(&summary(report)).as_str()))
            .with_attribute(("type", code))
            .write_text_content(BytesText::new(&held(&text)))?;
    }
    if !report.unused.is_empty() {
        let told: Vec<String> =
            report.unused.iter().map(|name| format!("`{name}` is given and never asked for")).collect();
        xml.create_element("system-out").write_text_content(BytesText::new(&held(&told.join("\n"))))?;
    }
    Ok(())
}

/// Returns the text without the characters that no XML document can hold, escaped or not.
fn held(text: &str) -> String {
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r') || c >= ' ' && !matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars().map(|c| if fits(c) { c } else { '\u{fffd}' }).collect()
}

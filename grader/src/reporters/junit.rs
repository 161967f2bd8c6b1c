//! JUnit XML, as CI systems read it: a suite per submission, a test case per check.
//!
//! The elements and attributes are those of the schema `junit-10.xsd` of Jenkins's xUnit plug-in,
//! which is also what pytest's `xunit2` keeps to. A CI log is often public: the texts are those
//! that a learner may read.

use super::feedback::{check_name, exception, number, outcome, own_errors, possible};
use super::json::Entry;
use super::plain::plain;
use cellist_formats::verdict::{ItemVerdict, Status, UnitVerdict, Verdict};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

type Xml = Writer<Vec<u8>>;

/// The report. Waiting and unanswered items are skipped tests, submissions that could not be graded
/// suites with one test in error.
pub fn report(entries: &[Entry]) -> String {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    #[expect(clippy::expect_used, reason = "memory takes what is written, and all of it is text")]
    let text = write(&mut xml, entries)
        .and_then(|()| String::from_utf8(xml.into_inner()).map_err(io::Error::other))
        .expect("XML in memory");
    text + "\n"
}

fn write(xml: &mut Xml, entries: &[Entry]) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counts: Vec<Counts> = entries.iter().map(Counts::of).collect();
    let total = counts.iter().fold(Counts::default(), |sum, one| Counts {
        tests: sum.tests + one.tests,
        failures: sum.failures + one.failures,
        errors: sum.errors + one.errors,
        skipped: sum.skipped + one.skipped,
        seconds: sum.seconds + one.seconds,
    });
    xml.create_element("testsuites")
        .with_attribute(("name", "cellist grade"))
        .with_attribute(("tests", total.tests.to_string().as_str()))
        .with_attribute(("failures", total.failures.to_string().as_str()))
        .with_attribute(("errors", total.errors.to_string().as_str()))
        .with_attribute(("time", seconds(total.seconds).as_str()))
        .write_inner_content(|xml| {
            entries.iter().zip(&counts).try_for_each(|(entry, counts)| suite(xml, entry, counts))
        })?;
    Ok(())
}

/// What a suite's attributes count.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
    seconds: f64,
}

impl Counts {
    fn of(entry: &Entry) -> Self {
        let Some(verdict) = &entry.verdict else {
            return Self { tests: 1, errors: 1, ..Self::default() };
        };
        let items = || verdict.units.iter().flat_map(|unit| &unit.items);
        let count = |kind: Kind| items().filter(|item| Kind::of(item) == kind).count();
        Self {
            tests: items().count(),
            failures: count(Kind::Failure),
            errors: count(Kind::Error),
            skipped: count(Kind::Skipped),
            seconds: verdict.millis / 1e3,
        }
    }
}

/// What a test case holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Passed,
    Failure,
    Error,
    Skipped,
}

impl Kind {
    fn of(item: &ItemVerdict) -> Self {
        match item.status {
            Status::Passed => Self::Passed,
            Status::Failed => Self::Failure,
            Status::Error => Self::Error,
            Status::Withheld | Status::Manual | Status::Unanswered => Self::Skipped,
        }
    }
}

fn suite(xml: &mut Xml, entry: &Entry, counts: &Counts) -> io::Result<()> {
    let learner = entry.learner.as_deref().map(plain);
    let name = match (&entry.verdict, &learner) {
        (Some(verdict), Some(learner)) => format!("{learner}: {}", plain(&verdict.notebook)),
        (Some(verdict), None) => plain(&verdict.notebook),
        (None, _) => plain(&entry.submission),
    };
    xml.create_element("testsuite")
        .with_attribute(("name", name.as_str()))
        .with_attribute(("tests", counts.tests.to_string().as_str()))
        .with_attribute(("failures", counts.failures.to_string().as_str()))
        .with_attribute(("errors", counts.errors.to_string().as_str()))
        .with_attribute(("skipped", counts.skipped.to_string().as_str()))
        .with_attribute(("time", seconds(counts.seconds).as_str()))
        .write_inner_content(|xml| match &entry.verdict {
            Some(verdict) => graded(xml, entry, verdict, learner.as_deref().unwrap_or("?")),
            None => ungraded(xml, entry, &name),
        })?;
    Ok(())
}

fn graded(xml: &mut Xml, entry: &Entry, verdict: &Verdict, learner: &str) -> io::Result<()> {
    let properties = [
        ("submission", plain(&entry.submission)),
        ("points", number(verdict.points)),
        ("possible_points", number(possible(verdict))),
        ("waiting_points", number(verdict.manual_points)),
    ];
    xml.create_element("properties").write_inner_content(|xml| {
        for (name, value) in &properties {
            xml.create_element("property")
                .with_attribute(("name", *name))
                .with_attribute(("value", value.as_str()))
                .write_empty()?;
        }
        Ok(())
    })?;
    for unit in &verdict.units {
        for item in &unit.items {
            case(xml, learner, unit, item)?;
        }
    }
    let errors = verdict.units.iter().flat_map(own_errors).map(exception);
    let notes = verdict.notes.iter().map(|note| format!("note: {note}"));
    let lines: Vec<String> = errors.chain(notes).map(|line| plain(&line)).collect();
    if !lines.is_empty() {
        let text = lines.join("\n");
        xml.create_element("system-out").write_text_content(BytesText::new(&text))?;
    }
    Ok(())
}

fn case(xml: &mut Xml, learner: &str, unit: &UnitVerdict, item: &ItemVerdict) -> io::Result<()> {
    let text = plain(&outcome(item));
    // An attribute's line ends are blanks to whoever reads it.
    let first = text.lines().next().unwrap_or_default();
    let points = format!("{}/{}", number(item.points), number(item.max_points));
    let case = xml
        .create_element("testcase")
        .with_attribute(("classname", format!("{learner}.{}", plain(&unit.id)).as_str()))
        .with_attribute(("name", plain(check_name(unit, item)).as_str()));
    let (element, kind) = match Kind::of(item) {
        Kind::Passed => {
            case.write_empty()?;
            return Ok(());
        }
        Kind::Skipped => {
            case.write_inner_content(|xml| {
                xml.create_element("skipped").with_attribute(("message", first)).write_empty()?;
                Ok(())
            })?;
            return Ok(());
        }
        Kind::Failure => ("failure", "failed"),
        Kind::Error => ("error", "not judged"),
    };
    case.write_inner_content(|xml| {
        xml.create_element(element)
            .with_attribute(("message", format!("{points} points: {first}").as_str()))
            .with_attribute(("type", kind))
            .write_text_content(BytesText::new(&text))?;
        Ok(())
    })?;
    Ok(())
}

fn ungraded(xml: &mut Xml, entry: &Entry, name: &str) -> io::Result<()> {
    let error = plain(entry.error.as_deref().unwrap_or("not graded"));
    xml.create_element("testcase")
        .with_attribute(("classname", name))
        .with_attribute(("name", "could be graded"))
        .write_inner_content(|xml| {
            xml.create_element("error")
                .with_attribute(("message", error.lines().next().unwrap_or_default()))
                .with_attribute(("type", "not graded"))
                .write_text_content(BytesText::new(&error))?;
            Ok(())
        })?;
    Ok(())
}

fn seconds(seconds: f64) -> String {
    format!("{seconds:.3}")
}

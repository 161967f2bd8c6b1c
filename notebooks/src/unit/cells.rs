//! Blocks become cells-to-be.

use super::attributes::{Head, Kind};
use super::fences::{Block, Fence};
use super::ids::Ids;
use super::mutants::Draft;
use super::{Body, UnitCell, check, quiz, regions, written};
use crate::diagnostic::Problems;
use cellist_formats::spec::answer_id;

/// What the blocks of a unit come to.
pub(super) struct Parsed {
    pub(super) cells: Vec<UnitCell>,
    pub(super) mutants: Vec<Draft>,
}

/// Parses the blocks of the unit `unit`.
pub(super) fn parse(unit: &str, blocks: Vec<Block>, problems: &mut Problems) -> Parsed {
    let mut ids = Ids::new(unit);
    for block in &blocks {
        if let Block::Fence(fence) = block
            && let Some(name) = fence.head.value("id")
        {
            ids.declare(name, fence.line, problems);
            if fence.head.kind == Kind::Quiz {
                // The cell below it, in which it is answered.
                ids.declare(&answer_id(name), fence.line, problems);
            }
        }
    }
    let mut parser = Parser { ids, section: "intro".to_owned(), problems };
    let mut parsed = Parsed { cells: Vec::new(), mutants: Vec::new() };
    for block in blocks {
        match block {
            Block::Prose { line, heading, text } => {
                no_markers(&text, line, parser.problems);
                if let Some(heading) = heading {
                    parser.section = heading;
                }
                let name = parser.ids.derive(&parser.section, "");
                parsed.cells.push(parser.cell(name, line, Body::Prose(text)));
            }
            Block::Fence(fence) if fence.head.kind == Kind::Mutant => {
                parsed.mutants.extend(mutant(fence));
            }
            Block::Fence(fence) => parsed.cells.extend(parser.fence(fence)),
        }
    }
    whole_unit(&parsed, parser.problems);
    parsed
}

struct Parser<'a> {
    ids: Ids,
    /// Heading of the section that is being parsed.
    section: String,
    problems: &'a mut Problems,
}

impl Parser<'_> {
    fn cell(&self, name: String, line: usize, body: Body) -> UnitCell {
        UnitCell { id: self.ids.cell_id(&name), name, line, body }
    }

    /// `None` when a fence lacks the id it needs (a problem has been noted).
    fn fence(&mut self, fence: Fence) -> Option<UnitCell> {
        let Fence { line, head, content } = fence;
        let name = match (head.value("id"), derived_suffix(head.kind)) {
            (Some(name), _) => name.to_owned(),
            (None, Some(suffix)) => self.ids.derive(&self.section, suffix),
            (None, None) => return None,
        };
        if head.kind != Kind::Exercise {
            no_markers(&content, line + 1, self.problems);
        }
        let body = self.body(&name, line + 1, &head, &content);
        Some(self.cell(name, line, body))
    }

    fn body(&mut self, name: &str, first: usize, head: &Head, content: &str) -> Body {
        let problems = &mut *self.problems;
        match head.kind {
            Kind::Example => Body::Example(some_text(name, content, first, problems)),
            Kind::Instructor => Body::Instructor(some_text(name, content, first, problems)),
            Kind::Exercise => {
                let regions = regions::split(name, content, first, problems);
                let regions::Regions { solution, starter, marked } = regions;
                Body::Exercise { solution, starter, marked }
            }
            Kind::Check => Body::Check(check::parse(name, head, content, first, problems)),
            Kind::Quiz => {
                let (question, key) = quiz::parse(name, head, content, first, problems);
                let points = check::points(name, head, check::Least::Zero, first - 1, problems);
                match key {
                    quiz::Key::Options(options) => Body::Quiz { question, options, points },
                    quiz::Key::Fill(key) => Body::Fill { question, key, points },
                }
            }
            Kind::Reflect => {
                let (question, rubric) = written::reflect(name, content, first, problems);
                let points =
                    check::points(name, head, check::Least::AboveZero, first - 1, problems);
                Body::Reflect { question, rubric, points }
            }
            Kind::Glossary | Kind::Mutant => {
                Body::Glossary(written::glossary(content, first, problems))
            }
        }
    }
}

/// Complains of markers where they mean nothing: the solution beside them would be published.
fn no_markers(text: &str, first: usize, problems: &mut Problems) {
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if regions::is_marker(line) {
            let message = format!("`{line}` stands outside of an exercise");
            let help = "write ```python {exercise id=…} above it, or `hidden` for a hidden check";
            problems.add(first + index, message, help);
        }
    }
}

/// What the name of a cell without an id ends with; `None` for kinds that must have an id.
fn derived_suffix(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Example => Some("-example"),
        Kind::Glossary => Some("-glossary"),
        Kind::Instructor => Some("-instructor"),
        Kind::Exercise | Kind::Check | Kind::Mutant | Kind::Quiz | Kind::Reflect => None,
    }
}

fn some_text(name: &str, content: &str, first: usize, problems: &mut Problems) -> String {
    let text = content.trim_end();
    if text.trim().is_empty() {
        problems.add(first - 1, format!("the fence `{name}` is empty"), "fill it or remove it");
    }
    text.to_owned()
}

/// `None` without the attributes it needs (problems have been noted).
fn mutant(fence: Fence) -> Option<Draft> {
    let id = fence.head.value("id")?.to_owned();
    let fails = fence.head.value("fails")?.split(',').map(str::to_owned).collect();
    Some(Draft { id, line: fence.line, fails, patch: fence.content.trim_end().to_owned() })
}

/// What only the unit as a whole can get wrong.
fn whole_unit(parsed: &Parsed, problems: &mut Problems) {
    let exercises = parsed.cells.iter().any(|cell| matches!(cell.body, Body::Exercise { .. }));
    let first_check = parsed.cells.iter().find(|cell| matches!(cell.body, Body::Check(_)));
    if let Some(check) = first_check
        && !exercises
    {
        let help = "add a ```python {exercise id=…} fence above the checks";
        problems.add(check.line, "the unit has checks but no exercise", help);
    }
    if parsed.cells.is_empty() && parsed.mutants.is_empty() {
        problems.add(0, "the unit is empty", "write prose and fences below the front matter");
    }
    let is_check = |cell: &&UnitCell| matches!(cell.body, Body::Check(_));
    let is_guard = |cell: &UnitCell| matches!(&cell.body, Body::Check(check) if check.guard);
    if let Some(check) = first_check
        && parsed.cells.iter().filter(is_check).all(is_guard)
    {
        let help = "a guard pays only when a positive check passes: add a check without `guard`";
        problems.add(check.line, "all checks of the unit are guards", help);
    }
}

//! An instructor's notebook, as `otter assign` would take it in: questions between raw cells
//! `# BEGIN QUESTION` and `# END QUESTION`, in them blocks of prompts, solutions and tests.

use super::config::{self, Config, is_true};
use super::questions::{RawCase, RawQuestion};
use cellist_formats::notebook::{Cell, CellType, Notebook};
use serde_json::{Map, Value};
use std::fs;
use std::path::Path;

/// What an instructor's notebook says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Master {
    pub(super) config: Config,
    pub(super) questions: Vec<RawQuestion>,
    /// Questions that are handed in for a person to read, in order.
    pub(super) manual: Vec<Manual>,
    /// Files and folders, as the notebook names them, that lie beside submissions.
    pub(super) files: Vec<String>,
}

/// A question that is marked in learners' notebooks, for a person or for an export.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Manual {
    pub(super) name: String,
    pub(super) points: f64,
    /// Whether a person grades it.
    pub(super) manual: bool,
    /// What learners' answer begins as.
    pub(super) starter: String,
}

const PROMPT: &str = "_Type your answer here, replacing this text._";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Question,
    Prompt,
    Solution,
    Tests,
}

impl Block {
    const ALL: [Self; 4] = [Self::Question, Self::Prompt, Self::Solution, Self::Tests];

    fn word(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Prompt => "prompt",
            Self::Solution => "solution",
            Self::Tests => "tests",
        }
    }

    /// In a message.
    fn told(self) -> String {
        match self {
            Self::Question => "question".to_owned(),
            other => format!("block `{}`", other.word()),
        }
    }
}

/// Whether a notebook is one for `otter assign`.
pub(super) fn is_master(notebook: &Notebook) -> bool {
    let begins = |part: &Part| is_config(part) || boundary(part, "begin") == Some(Block::Question);
    notebook.cells.iter().flat_map(parts).any(|part| begins(&part))
}

/// Reads it; `folder` is where it lies. `Err` says what is wrong, and in which cell.
pub(super) fn read(notebook: &Notebook, folder: &Path) -> Result<Master, String> {
    let mut reader = Reader { ok_format: true, ..Reader::default() };
    for (index, cell) in notebook.cells.iter().enumerate() {
        for part in parts(cell) {
            reader.take(&part, folder).map_err(|why| format!("cell {}: {why}", index + 1))?;
        }
    }
    if let Some(block) = reader.open.last() {
        return Err(format!(
            "its last `# BEGIN {0}` has no end; add a raw cell `# END {0}`",
            block.word().to_uppercase()
        ));
    }
    reader.finish()
}

/// A cell, or a piece of a Markdown cell that holds ```` ```otter ```` fences.
struct Part<'a> {
    kind: CellType,
    source: String,
    /// The cell, where it is whole.
    cell: Option<&'a Cell>,
}

fn parts(cell: &Cell) -> Vec<Part<'_>> {
    let whole = || Part {
        kind: cell.cell_type(),
        source: cell.source().replace("\r\n", "\n"),
        cell: Some(cell),
    };
    if cell.cell_type() != CellType::Markdown
        || !cell.source().lines().any(|line| line.trim() == "```otter")
    {
        return vec![whole()];
    }
    let mut found = Vec::new();
    let (mut kind, mut lines): (CellType, Vec<&str>) = (CellType::Markdown, Vec::new());
    let mut end = |kind, lines: &mut Vec<&str>| {
        let source = std::mem::take(lines).join("\n");
        if !source.trim().is_empty() {
            found.push(Part { kind, source, cell: None });
        }
    };
    for line in cell.source().lines() {
        match (kind, line.trim()) {
            (CellType::Markdown, "```otter") => {
                end(kind, &mut lines);
                kind = CellType::Raw;
            }
            (CellType::Raw, "```") => {
                end(kind, &mut lines);
                kind = CellType::Markdown;
            }
            _ => lines.push(line),
        }
    }
    end(kind, &mut lines);
    found
}

/// The words of a line `# WORD WORD…`, in lower case; `None` when it is no such line.
fn marker(part: &Part<'_>) -> Option<String> {
    let line = part.source.lines().next().unwrap_or_default();
    let rest = line.strip_prefix('#').filter(|rest| rest.starts_with(char::is_whitespace))?;
    (part.kind == CellType::Raw)
        .then(|| rest.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase())
}

fn is_config(part: &Part<'_>) -> bool {
    marker(part).is_some_and(|words| words.starts_with("assignment config"))
}

fn boundary(part: &Part<'_>, side: &str) -> Option<Block> {
    let words = marker(part)?;
    let name = words.strip_prefix(side)?.trim_start();
    Block::ALL.into_iter().find(|block| name.starts_with(block.word()))
}

/// Cells that begin with `# IGNORE` or `## IGNORE ##` are in no edition.
fn is_ignored(part: &Part<'_>) -> bool {
    let line = part.source.lines().next().unwrap_or_default().to_lowercase();
    let spaced: String = line.split_whitespace().collect();
    spaced.starts_with("##ignore##") || spaced.starts_with("#ignore")
}

#[derive(Default)]
struct Reader {
    open: Vec<Block>,
    /// `ASSIGNMENT CONFIG`, all of them laid over one another.
    config: Map<String, Value>,
    ok_format: bool,
    questions: Vec<Draft>,
}

struct Draft {
    name: String,
    points: Value,
    manual: bool,
    export: bool,
    all_or_nothing: bool,
    cells: Vec<RawCase>,
    /// Prompts, as far as they are written out.
    prompts: Vec<String>,
}

impl Reader {
    fn take(&mut self, part: &Part<'_>, folder: &Path) -> Result<(), String> {
        if is_ignored(part) {
            return Ok(());
        }
        if is_config(part) {
            return self.configure(&part.source, folder);
        }
        if let Some(block) = boundary(part, "end") {
            return match self.open.pop() {
                Some(last) if last == block => Ok(()),
                Some(last) => Err(format!(
                    "a {} ends while a {} in it does not; end that first",
                    block.told(),
                    last.told()
                )),
                None => Err(format!("a {} ends that never began", block.told())),
            };
        }
        if let Some(block) = boundary(part, "begin") {
            return self.begin(block, &part.source);
        }
        let Some(draft) = self.questions.last_mut() else { return Ok(()) };
        match self.open.last() {
            Some(Block::Tests) => {
                let cell = part.cell.filter(|_| part.kind == CellType::Code);
                let cell = cell.ok_or("a block of tests holds code cells only")?;
                draft.cells.push(test_case(cell, &part.source)?);
            }
            Some(Block::Prompt) => draft.prompts.push(part.source.clone()),
            _ => {}
        }
        Ok(())
    }

    fn configure(&mut self, source: &str, folder: &Path) -> Result<(), String> {
        let own = config::yaml(source)?;
        if let Some(file) = own.get("config_file").and_then(Value::as_str) {
            let text = fs::read_to_string(folder.join(file))
                .map_err(|error| format!("its `config_file` {file} could not be read: {error}"))?;
            self.config.extend(config::yaml(&text)?);
        }
        self.config.extend(own);
        if let Some(ok) = self.config.get("tests").and_then(|tests| tests.get("ok_format")) {
            self.ok_format = is_true(Some(ok));
        }
        Ok(())
    }

    fn begin(&mut self, block: Block, source: &str) -> Result<(), String> {
        match (self.open.as_slice(), block) {
            ([], Block::Question) => {}
            ([], _) => return Err(format!("a {} begins outside of a question", block.told())),
            ([Block::Question], block) if block != Block::Question => {}
            ([.., last], _) => {
                return Err(format!("a {} begins within a {}", block.told(), last.told()));
            }
        }
        self.open.push(block);
        if block != Block::Question {
            return Ok(());
        }
        let about = config::yaml(source)?;
        let name = match about.get("name") {
            Some(Value::String(name)) => name.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err("the question has no name; add a line `name: q1`".to_owned()),
        };
        if self.questions.iter().any(|question| question.name == name) {
            return Err(format!("there are two questions `{name}`; rename one"));
        }
        let flag = |key| is_true(about.get(key));
        self.questions.push(Draft {
            name,
            points: about.get("points").cloned().unwrap_or_default(),
            manual: flag("manual"),
            export: flag("export"),
            all_or_nothing: flag("all_or_nothing"),
            cells: Vec::new(),
            prompts: Vec::new(),
        });
        Ok(())
    }

    fn finish(self) -> Result<Master, String> {
        let mut grading = match self.config.get("generate") {
            Some(Value::Object(map)) => map.clone(),
            _ => Map::new(),
        };
        let seed = self.config.get("seed").and_then(Value::as_object);
        if let Some(seed) = seed.filter(|seed| seed.get("variable").is_some_and(Value::is_string)) {
            for (key, given) in [("seed", "autograder_value"), ("seed_variable", "variable")] {
                grading.insert(key.to_owned(), seed.get(given).cloned().unwrap_or_default());
            }
        }
        if let Some(name) = self.config.get("name") {
            grading.insert("assignment_name".to_owned(), name.clone());
        }
        if let Some(plugins) = self.config.get("plugins") {
            grading.insert("plugins".to_owned(), plugins.clone());
        }
        let list = |key: &str| self.config.get(key).and_then(Value::as_array).into_iter().flatten();
        let files = list("files").chain(list("autograder_files"));
        let mut master = Master {
            config: Config::from_json(&grading)?,
            files: files.filter_map(Value::as_str).map(str::to_owned).collect(),
            ..Master::default()
        };
        for draft in self.questions {
            let Draft { name, points, manual, export, all_or_nothing, cells, prompts } = draft;
            if manual || export {
                let starter = match prompts.is_empty() {
                    true => PROMPT.to_owned(),
                    false => prompts.join("\n\n"),
                };
                master.manual.push(Manual {
                    name: name.clone(),
                    points: points.as_f64().unwrap_or_default(),
                    // As in Otter, tests grade it where there are any.
                    manual: manual && cells.is_empty(),
                    starter,
                });
            }
            if !cells.is_empty() {
                let ok_format = self.ok_format;
                master.questions.push(RawQuestion::Cells {
                    name,
                    points,
                    all_or_nothing,
                    ok_format,
                    cells,
                });
            }
        }
        Ok(master)
    }
}

/// A cell of tests: perhaps a configuration between `""" # BEGIN TEST CONFIG` and
/// `""" # END TEST CONFIG`, or a first line `# HIDDEN`; then the test.
fn test_case(cell: &Cell, source: &str) -> Result<RawCase, String> {
    let lines: Vec<&str> = source.lines().collect();
    let first = lines.first().copied().unwrap_or_default();
    let mut case = RawCase { output: output(cell), ..RawCase::default() };
    let mut start = 0;
    if is_test_config(first, "begin") {
        let end = lines.iter().position(|line| is_test_config(line, "end"));
        let end =
            end.ok_or("the test's configuration has no end; add `\"\"\" # END TEST CONFIG`")?;
        let about = config::yaml(&lines[1..end].join("\n"))?;
        let value = |key: &str| about.get(key).cloned().unwrap_or_default();
        case.hidden = is_true(about.get("hidden"));
        case.points = value("points");
        case.success_message = value("success_message");
        case.failure_message = value("failure_message");
        start = end + 1;
    } else if first.trim_start().starts_with('#') {
        let words = first.split(|char: char| !char.is_alphanumeric() && char != '_');
        case.hidden = words.into_iter().any(|word| word.eq_ignore_ascii_case("hidden"));
        start = usize::from(case.hidden);
    }
    case.source = lines[start..].join("\n");
    Ok(case)
}

/// `""" # BEGIN TEST CONFIG`, perhaps with a name `_ =` before it.
fn is_test_config(line: &str, side: &str) -> bool {
    let text: String = line.to_lowercase().split_whitespace().collect();
    let Some((before, after)) = text.split_once('#') else { return false };
    let quotes = before.trim_start_matches(|char| char != '"');
    let named = before.len() - quotes.len();
    (2..=3).contains(&quotes.len())
        && quotes.chars().all(|char| char == '"')
        && (named == 0 || side == "begin" && before[..named].ends_with('='))
        && after.starts_with(&format!("{side}testconfig"))
}

/// What the cell shows, as it was saved.
fn output(cell: &Cell) -> String {
    let text = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(lines)) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    };
    let shown = cell.outputs.iter().map(|output| {
        let result = output.get("data").and_then(|data| data.get("text/plain"));
        text(output.get("text")) + &text(result)
    });
    shown.collect()
}

#[cfg(test)]
mod tests;

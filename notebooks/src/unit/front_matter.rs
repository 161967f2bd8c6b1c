//! The YAML block that a unit begins with.

use crate::diagnostic::{Problems, list, suggest};
use cellist_formats::spec::{SpecClock, SpecNeed};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a unit's front matter says.
#[derive(Clone, Debug, PartialEq)]
pub struct FrontMatter {
    /// Unique name, `[a-z0-9-]+`.
    pub id: String,
    /// Title for people.
    pub title: String,
    /// Plan items that the unit covers.
    pub covers: Vec<String>,
    /// The clock that its cells and checks run on.
    pub clock: SpecClock,
    /// What its code may use of the machine while it is graded.
    pub needs: Vec<SpecNeed>,
    /// How hard it is.
    pub difficulty: Option<Difficulty>,
    /// How long it takes, in minutes.
    pub minutes: Option<u32>,
    /// Units to do first.
    pub requires: Vec<String>,
    /// Pure-Python packages beyond the standard library.
    pub packages: Vec<String>,
    /// Revision of the checks; 1 unless said otherwise.
    pub rev: u32,
    /// The file's line of `rev`; the first when it is not there.
    pub rev_line: usize,
}

/// How hard a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Difficulty {
    /// No experience needed.
    Beginner,
    /// After the units for beginners.
    Intermediate,
    /// Hard.
    Advanced,
}

impl Difficulty {
    /// As it is written in the front matter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Beginner => "beginner",
            Self::Intermediate => "intermediate",
            Self::Advanced => "advanced",
        }
    }
}

/// The Markdown after the front matter.
pub(super) struct MarkdownBody<'a> {
    /// Its text.
    pub(super) text: &'a str,
    /// The file's line on which it begins.
    pub(super) line: usize,
}

const KEYS: [&str; 10] = [
    "id",
    "title",
    "covers",
    "clock",
    "needs",
    "difficulty",
    "minutes",
    "requires",
    "packages",
    "rev",
];

const SHAPE: &str = "begin the file with a line `---`, then `id:`, `title:` and `clock:`, then \
                     another line `---`";

/// Parses the front matter. `None` when there is too little of it to go on with; a problem has
/// been noted then.
pub(super) fn parse<'a>(
    text: &'a str,
    problems: &mut Problems,
) -> Option<(FrontMatter, MarkdownBody<'a>)> {
    let Some(rest) = text.strip_prefix("---\n") else {
        problems.add(1, "the front matter is missing", SHAPE);
        return None;
    };
    let Some((yaml, markdown)) = split_at_rule(rest) else {
        problems.add(1, "the front matter that begins here never ends", SHAPE);
        return None;
    };
    let body = MarkdownBody { text: markdown, line: yaml.lines().count() + 3 };
    // Without `id`, cells still get looked at, under a placeholder, so that all is reported.
    let front = match serde_saphyr::from_str::<Option<Map<String, Value>>>(yaml) {
        Ok(map) => Reader { map: map.unwrap_or_default(), yaml, problems }.read(),
        Err(error) => {
            let line = error.location().map_or(1, |place| place.line() as usize + 1);
            let help = "write one `key: value` per line, and a value that holds a `:` or begins with \
                        a sign in quotes";
            let message = format!("the front matter is not valid YAML: {}", reason(&error));
            problems.add(line, message, help);
            Reader::placeholder()
        }
    };
    Some((front, body))
}

/// What the parser says, without its own lines: those count from the second line of the file.
fn reason(error: &serde_saphyr::Error) -> String {
    let text = error.without_snippet().render_with_formatter(&serde_saphyr::UserMessageFormatter);
    let text = text.lines().next().unwrap_or_default();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Text before and after the next line `---`.
fn split_at_rule(text: &str) -> Option<(&str, &str)> {
    if let Some(rest) = text.strip_prefix("---\n") {
        return Some(("", rest));
    }
    match text.find("\n---\n") {
        Some(at) => Some((&text[..=at], &text[at + 5..])),
        None => text.strip_suffix("\n---").map(|yaml| (yaml, "")),
    }
}

struct Reader<'a> {
    map: Map<String, Value>,
    yaml: &'a str,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn placeholder() -> FrontMatter {
        FrontMatter {
            id: "unit".to_owned(),
            title: String::new(),
            covers: Vec::new(),
            clock: SpecClock::Virtual,
            needs: Vec::new(),
            difficulty: None,
            minutes: None,
            requires: Vec::new(),
            packages: Vec::new(),
            rev: 1,
            rev_line: 1,
        }
    }

    fn read(mut self) -> FrontMatter {
        let unknown: Vec<String> =
            self.map.keys().filter(|key| !KEYS.contains(&key.as_str())).cloned().collect();
        for key in unknown {
            let line = self.line_of(&key);
            let help = suggest(&key, &KEYS);
            self.problems.add(line, format!("unknown key `{key}` in the front matter"), help);
        }
        FrontMatter {
            id: self.id(),
            title: self.required_text("title", "what learners read above the unit"),
            covers: self.texts("covers"),
            clock: self.clock(),
            needs: self.needs(),
            difficulty: self.difficulty(),
            minutes: self.number("minutes"),
            requires: self.texts("requires"),
            packages: self.texts("packages"),
            rev: self.number("rev").unwrap_or(1),
            rev_line: self.line_of("rev"),
        }
    }

    /// The file's line of a top-level key; the first line of the file when it is not there.
    fn line_of(&self, key: &str) -> usize {
        let is_key = |line: &str| {
            let line = line.trim_start_matches(['"', '\'']);
            line.strip_prefix(key).is_some_and(|rest| {
                rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':')
            })
        };
        self.yaml.lines().position(is_key).map_or(1, |index| index + 2)
    }

    fn wrong(&mut self, key: &str, message: String, help: impl Into<String>) {
        let line = self.line_of(key);
        self.problems.add(line, message, help);
    }

    fn required_text(&mut self, key: &str, what: &str) -> String {
        match self.map.get(key) {
            Some(Value::String(text)) if !text.trim().is_empty() => text.trim().to_owned(),
            None => {
                self.wrong(
                    key,
                    format!("the front matter has no `{key}`"),
                    format!("add `{key}: …`, {what}"),
                );
                String::new()
            }
            Some(_) => {
                self.wrong(
                    key,
                    format!("`{key}` is not text"),
                    format!("write `{key}: …`, {what}"),
                );
                String::new()
            }
        }
    }

    fn id(&mut self) -> String {
        let id = self.required_text("id", "a name like `ex01`");
        if id.is_empty() {
            return Self::placeholder().id;
        }
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if !id.chars().all(valid) || id.len() > 40 {
            let message = format!("the unit id `{id}` is not allowed");
            self.wrong("id", message, "use a-z, 0-9 and `-`, at most 40 characters");
        }
        id
    }

    fn clock(&mut self) -> SpecClock {
        match self.required_text("clock", "`virtual` or `wall`").as_str() {
            "wall" => SpecClock::Wall,
            "virtual" | "" => SpecClock::Virtual,
            other => {
                let message = format!("unknown clock `{other}`");
                let help = "write `clock: virtual` (simulated time: asyncio) or `clock: wall` (real \
                            time: threads, processes, sockets)";
                self.wrong("clock", message, help);
                SpecClock::Virtual
            }
        }
    }

    fn needs(&mut self) -> Vec<SpecNeed> {
        let names = self.texts("needs");
        let mut needs = Vec::new();
        for name in names {
            match SpecNeed::deserialize(&Value::String(name.clone())) {
                Ok(need) => needs.push(need),
                Err(_) => {
                    let help = "write `needs: [loopback]` for TCP connections to itself, `needs: [processes]` \
                                for other processes, or both";
                    self.wrong("needs", format!("unknown need `{name}`"), help);
                }
            }
        }
        needs
    }

    fn difficulty(&mut self) -> Option<Difficulty> {
        const NAMES: [&str; 3] = ["beginner", "intermediate", "advanced"];
        let value = self.map.get("difficulty")?.clone();
        let difficulty = Difficulty::deserialize(&value).ok();
        if difficulty.is_none() {
            let message = format!("unknown difficulty {value}");
            self.wrong("difficulty", message, format!("write one of {}", list(NAMES)));
        }
        difficulty
    }

    fn number(&mut self, key: &str) -> Option<u32> {
        let value = self.map.get(key)?.clone();
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        if number.is_none_or(|number| number == 0) {
            let message = format!("`{key}` is {value}, not a whole number above 0");
            self.wrong(key, message, format!("write `{key}: 1`, say"));
        }
        number
    }

    fn texts(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.map.get(key) else { return Vec::new() };
        let texts: Option<Vec<String>> = value
            .as_array()
            .map(|items| items.iter().map(|item| item.as_str().map(str::to_owned)))
            .and_then(Iterator::collect);
        match texts {
            Some(texts) => texts,
            None => {
                self.wrong(
                    key,
                    format!("`{key}` is not a list of names"),
                    format!("write `{key}: [a, b]`"),
                );
                Vec::new()
            }
        }
    }
}

//! From a plan's text to its items.
//!
//! An item is a box (`- [ ]`), a labelled bullet (`**Task:** …`), a slot to be written
//! (`<prompt>…</prompt>`), or a section that holds none of these but has text of its own.

use super::ShortNames;
use super::ids::{Name, name, slug};
use crate::fingerprint;
use std::collections::{HashMap, HashSet};

/// One thing that a plan asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// `<plan>.<path>`; unique.
    pub id: String,
    /// What the plan says, white space aside.
    pub text: String,
    /// Line of the cleaned plan, from 1.
    pub line: usize,
}

impl Item {
    /// A fingerprint of the text, which tells when the plan was changed.
    pub fn fingerprint(&self) -> String {
        fingerprint::of(&self.text)
    }
}

/// The items of a cleaned plan.
pub(super) fn items(plan: &str, text: &str, short: &ShortNames) -> Vec<Item> {
    let lines = lines(text);
    let mut outline = Outline {
        short,
        title_level: title_level(&lines),
        headings: Vec::new(),
        bullets: Vec::new(),
        nodes: Vec::new(),
    };
    for (index, line) in lines.iter().enumerate() {
        match line.place {
            Place::Prose => outline.line(index + 1, line.indent, line.text),
            Place::Opening => outline.text(line.text),
            // Of code only a slot matters.
            Place::Code => outline.slot_or_text(index + 1, line.text),
        }
    }
    outline.into_items(plan)
}

/// A line of the plan without its indentation.
struct Line<'a> {
    indent: usize,
    text: &'a str,
    place: Place,
}

/// Where a line stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Prose,
    /// It opens a fence.
    Opening,
    /// Inside a fence, or its end.
    Code,
}

fn lines(text: &str) -> Vec<Line<'_>> {
    let mut fence: Option<Fence> = None;
    let mut lines = Vec::new();
    for line in text.lines() {
        let text = line.trim_start();
        let place = match &fence {
            Some(open) => {
                if open.is_closed_by(text) {
                    fence = None;
                }
                Place::Code
            }
            None => {
                fence = Fence::open(text);
                if fence.is_some() { Place::Opening } else { Place::Prose }
            }
        };
        lines.push(Line { indent: line.len() - text.len(), text, place });
    }
    lines
}

struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    fn open(line: &str) -> Option<Self> {
        let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let length = line.chars().take_while(|c| *c == mark).count();
        (length >= 3).then_some(Self { mark, length })
    }

    fn is_closed_by(&self, line: &str) -> bool {
        let line = line.trim_end();
        line.chars().all(|c| c == self.mark) && line.len() >= self.length
    }
}

/// The level of the document's title: of the highest headings, which name no part.
fn title_level(lines: &[Line<'_>]) -> usize {
    let prose = lines.iter().filter(|line| line.place == Place::Prose);
    prose.filter_map(|line| heading(line.text)).map(|(level, _)| level).min().unwrap_or(7)
}

/// A place in the plan's tree that can be an item.
struct Node {
    id: String,
    /// Its label, when it is a bullet.
    label: Option<String>,
    /// What it says.
    text: String,
    line: usize,
    /// Something below it is an item, or has items.
    has_parts: bool,
}

impl Node {
    /// With parts of its own, a section's text only introduces them; a bullet's still counts.
    fn is_item(&self) -> bool {
        let says = !self.text.is_empty();
        let is_it = match &self.label {
            Some(label) => says || (!self.has_parts && !label.is_empty()),
            None => says && !self.has_parts,
        };
        is_it && !self.id.is_empty()
    }
}

/// A heading or bullet that is open, and its node.
struct Level {
    depth: usize,
    node: usize,
}

struct Outline<'a> {
    short: &'a ShortNames,
    title_level: usize,
    headings: Vec<Level>,
    bullets: Vec<Level>,
    nodes: Vec<Node>,
}

impl Outline<'_> {
    fn line(&mut self, number: usize, indent: usize, line: &str) {
        if let Some((level, title)) = heading(line) {
            return self.heading(number, level, title);
        }
        let Some(bullet) = bullet(line) else {
            // Unindented text ends a list.
            if indent == 0 && !line.is_empty() && !line.starts_with("<") {
                self.bullets.clear();
            }
            return self.slot_or_text(number, line);
        };
        while self.bullets.last().is_some_and(|open| open.depth >= indent) {
            self.bullets.pop();
        }
        if let Some(text) = bullet.text.strip_prefix("[ ] ").or(bullet.text.strip_prefix("[x] ")) {
            let count = self.children(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
            self.labelled(number, &(count + 1).to_string(), "", text);
        } else if let Some((label, text)) = label(bullet.text) {
            match bullet.number.filter(|_| text.is_empty()) {
                Some(step) => self.labelled(number, &format!("step{step}"), label, text),
                None => self.named(number, label, text),
            }
            let node = self.nodes.len() - 1;
            self.bullets.push(Level { depth: indent, node });
        } else {
            self.slot_or_text(number, bullet.text);
        }
    }

    fn heading(&mut self, number: usize, level: usize, title: &str) {
        self.bullets.clear();
        while self.headings.last().is_some_and(|open| open.depth >= level) {
            self.headings.pop();
        }
        let name = match name(title, self.short) {
            Name::Part(_) if level == self.title_level => Name::Nothing,
            other => other,
        };
        let above = self.parent_id();
        let id = match name {
            Name::Root(root) => root,
            Name::Part(part) => join(&above, &part),
            Name::Nothing => above,
        };
        self.push(id, number, None, String::new());
        self.headings.push(Level { depth: level, node: self.nodes.len() - 1 });
    }

    /// A labelled bullet, which may be a root such as "Chunk 1.1".
    fn named(&mut self, number: usize, label: &str, text: &str) {
        match name(label, self.short) {
            Name::Root(root) => {
                self.mark_parent();
                self.push(root, number, Some(label), text.to_owned());
            }
            Name::Part(part) => self.labelled(number, &part, label, text),
            Name::Nothing => self.labelled(number, &slug(label), label, text),
        }
    }

    fn labelled(&mut self, number: usize, name: &str, label: &str, text: &str) {
        self.mark_parent();
        let id = join(&self.parent_id(), name);
        self.push(id, number, Some(label), text.to_owned());
    }

    /// Text belongs to the bullet or section above it, but a slot outside a labelled bullet is an
    /// item of its own.
    fn slot_or_text(&mut self, number: usize, text: &str) {
        if text.contains("<prompt>") && self.bullets.is_empty() {
            let count = self.children(|id| id.starts_with("slot"));
            self.labelled(number, &format!("slot{}", count + 1), "", text);
        } else {
            self.text(text);
        }
    }

    fn text(&mut self, text: &str) {
        let text = text.trim();
        if text.is_empty() || text.chars().all(|c| matches!(c, '-' | '*' | '_' | ' ')) {
            return;
        }
        let owner = self.bullets.last().or(self.headings.last()).map(|level| level.node);
        if let Some(node) = owner.and_then(|owner| self.nodes.get_mut(owner)) {
            node.text = join_text(&node.text, text);
        }
    }

    fn parent(&self) -> Option<usize> {
        self.bullets.last().or(self.headings.last()).map(|level| level.node)
    }

    fn parent_id(&self) -> String {
        self.parent().map_or_else(String::new, |parent| self.nodes[parent].id.clone())
    }

    fn mark_parent(&mut self) {
        for level in self.bullets.iter().chain(&self.headings) {
            self.nodes[level.node].has_parts = true;
        }
    }

    /// How many parts directly below the present place have a last name like this.
    fn children(&self, like: impl Fn(&str) -> bool) -> usize {
        let above = join(&self.parent_id(), "");
        let below = |node: &&Node| node.id.strip_prefix(&above).is_some_and(&like);
        self.nodes.iter().filter(below).count()
    }

    fn push(&mut self, id: String, line: usize, label: Option<&str>, text: String) {
        let label = label.map(str::to_owned);
        self.nodes.push(Node { id, label, text, line, has_parts: false });
    }

    fn into_items(self, plan: &str) -> Vec<Item> {
        let nodes: Vec<Node> = self.nodes.into_iter().filter(Node::is_item).collect();
        // "Big task 2" has the name that a second "Big task" would get.
        let own: HashSet<String> = nodes.iter().map(|node| node.id.clone()).collect();
        let mut seen: HashMap<String, usize> = HashMap::new();
        let item = |node: Node| {
            let count = seen.entry(node.id.clone()).and_modify(|count| *count += 1).or_insert(1);
            while *count > 1 && own.contains(&format!("{}-{count}", node.id)) {
                *count += 1;
            }
            let suffix = if *count > 1 { format!("-{count}") } else { String::new() };
            // A bullet may be all label.
            let text = Some(node.text).filter(|text| !text.is_empty());
            let text = text.or(node.label).unwrap_or_default();
            Item { id: format!("{plan}.{}{suffix}", node.id), text, line: node.line }
        };
        nodes.into_iter().map(item).collect()
    }
}

fn join(above: &str, name: &str) -> String {
    if above.is_empty() { name.to_owned() } else { format!("{above}.{name}") }
}

fn join_text(first: &str, more: &str) -> String {
    let both = [first, more].join(" ");
    both.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Level and title of an ATX heading (CommonMark 4.2).
fn heading(line: &str) -> Option<(usize, &str)> {
    let title = line.trim_start_matches('#');
    let level = line.len() - title.len();
    let title = title.strip_prefix(' ').or(title.is_empty().then_some(""))?;
    (1..=6).contains(&level).then(|| (level, title.trim().trim_end_matches('#').trim_end()))
}

struct Bullet<'a> {
    /// Its number, in an ordered list.
    number: Option<&'a str>,
    text: &'a str,
}

fn bullet(line: &str) -> Option<Bullet<'_>> {
    if let Some(text) = line.strip_prefix(['-', '*', '+']) {
        let text = text.strip_prefix(' ')?.trim_start();
        return Some(Bullet { number: None, text });
    }
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = &line[..line.len() - rest.len()];
    let text = rest.strip_prefix(". ")?.trim_start();
    (!number.is_empty()).then_some(Bullet { number: Some(number), text })
}

/// The label of a bullet that begins in bold, and what follows.
fn label(text: &str) -> Option<(&str, &str)> {
    let (label, rest) = text.strip_prefix("**")?.split_once("**")?;
    Some((label, rest.trim_start_matches([':', ' ']).trim_start_matches("- ")))
}

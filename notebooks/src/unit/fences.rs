//! Splits a unit's Markdown into prose and the fences that become cells.

use super::attributes::{self, Head};
use crate::diagnostic::Problems;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use std::ops::Range;

/// A piece of the Markdown, in order.
#[derive(Debug)]
pub(super) enum Block {
    /// Markdown up to the next heading or fence of ours.
    Prose {
        line: usize,
        /// Text of the heading that the piece begins with.
        heading: Option<String>,
        text: String,
    },
    /// A fence of ours.
    Fence(Fence),
}

/// A fence that becomes a cell or a mutant.
#[derive(Debug)]
pub(super) struct Fence {
    /// The file's line of the opening fence; the content begins one line below.
    pub(super) line: usize,
    /// What its info string says.
    pub(super) head: Head,
    /// Its content.
    pub(super) content: String,
}

/// Where the Markdown is to be cut.
enum Cut {
    Heading { start: usize, text: String },
    Fence { range: Range<usize>, fence: Option<Fence> },
}

/// The blocks of a Markdown text that begins on `first_line` of its file.
pub(super) fn blocks(text: &str, first_line: usize, problems: &mut Problems) -> Vec<Block> {
    let lines = Lines { text, first_line };
    let mut blocks = Vec::new();
    let mut prose = Prose { start: 0, heading: None };
    for cut in cuts(&lines, problems) {
        match cut {
            Cut::Heading { start, text: heading } => {
                prose.finish(start, &lines, &mut blocks);
                prose = Prose { start, heading: Some(heading) };
            }
            Cut::Fence { range, fence } => {
                prose.finish(range.start, &lines, &mut blocks);
                prose = Prose { start: range.end, heading: None };
                blocks.extend(fence.map(Block::Fence));
            }
        }
    }
    prose.finish(text.len(), &lines, &mut blocks);
    blocks
}

struct Prose {
    start: usize,
    heading: Option<String>,
}

impl Prose {
    fn finish(&self, end: usize, lines: &Lines<'_>, blocks: &mut Vec<Block>) {
        let piece = &lines.text[self.start..end];
        let text = piece.trim();
        if !text.is_empty() {
            let offset = self.start + (piece.len() - piece.trim_start().len());
            blocks.push(Block::Prose {
                line: lines.at(offset),
                heading: self.heading.clone(),
                text: text.to_owned(),
            });
        }
    }
}

/// Finds headings and fences of ours, each at the left margin: what stands in a list or a quotation
/// belongs to the prose.
fn cuts(lines: &Lines<'_>, problems: &mut Problems) -> Vec<Cut> {
    let mut cuts = Vec::new();
    let mut depth = 0_usize;
    let mut events = Parser::new(lines.text).into_offset_iter();
    while let Some((event, range)) = events.next() {
        match event {
            Event::Start(Tag::Heading { .. }) if depth == 0 => {
                let text = text_until(&mut events, |end| matches!(end, TagEnd::Heading(_)));
                cuts.push(Cut::Heading { start: range.start, text });
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                let content = text_until(&mut events, |end| *end == TagEnd::CodeBlock);
                let line = lines.at(range.start);
                check_fence(&lines.text[range.clone()], &content, &info, line, problems);
                if !attributes::is_ours(&info) {
                    continue;
                }
                if depth > 0 {
                    let message = format!("the fence `{info}` stands inside a list or a quotation");
                    problems.add(line, message, LEFT_MARGIN);
                    continue;
                }
                let head = attributes::parse(&info, line, problems);
                let fence = head.map(|head| Fence { line, head, content });
                cuts.push(Cut::Fence { range, fence });
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Indented)) => {
                let content = text_until(&mut events, |end| *end == TagEnd::CodeBlock);
                refuse_fences(&content, lines.at(range.start), "is indented too far", problems);
            }
            Event::Start(Tag::HtmlBlock) => {
                let content = text_until(&mut events, |end| *end == TagEnd::HtmlBlock);
                refuse_fences(&content, lines.at(range.start), "stands inside HTML", problems);
            }
            Event::Start(_) => depth += 1,
            Event::End(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    cuts
}

fn text_until<'a>(
    events: &mut impl Iterator<Item = (Event<'a>, Range<usize>)>,
    is_end: impl Fn(&TagEnd) -> bool,
) -> String {
    let mut text = String::new();
    for (event, _) in events {
        match event {
            Event::End(end) if is_end(&end) => break,
            Event::Text(piece) | Event::Code(piece) | Event::Html(piece) => text.push_str(&piece),
            Event::SoftBreak | Event::HardBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

const LEFT_MARGIN: &str = "move it to the left margin, with a blank line above it";

/// Complains of fences of ours in text that would be published as it stands, answers included.
fn refuse_fences(text: &str, first_line: usize, why: &str, problems: &mut Problems) {
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        let info = line.trim_start_matches(['`', '~']);
        if line.len() >= info.len() + 3 && attributes::is_ours(info) {
            let message = format!("the fence `{info}` {why}");
            problems.add(first_line + index, message, LEFT_MARGIN);
        }
    }
}

/// Complains of a fence without an end, or one that swallowed the next.
fn check_fence(raw: &str, content: &str, info: &str, line: usize, problems: &mut Problems) {
    let opening = raw.trim_start();
    let mark = opening.chars().next().unwrap_or('`');
    let width = opening.chars().take_while(|c| *c == mark).count();
    let bars: String = std::iter::repeat_n(mark, width).collect();
    let last = raw.trim_end().lines().skip(1).last().unwrap_or_default().trim();
    let closed = last.len() >= width && last.chars().all(|c| c == mark);
    let swallowed = content.lines().position(|inner| {
        inner.strip_prefix(&bars).is_some_and(|rest| attributes::is_ours(rest.trim()))
    });
    if let Some(index) = swallowed {
        let message = format!(
            "the fence `{info}` is not closed before the next one at line {}",
            line + 1 + index
        );
        problems.add(line, message, format!("add a line {bars} where the fence ends"));
    } else if !closed {
        let message = format!("the fence `{info}` that begins here is never closed");
        problems.add(line, message, format!("add a line {bars} where the fence ends"));
    }
}

/// Byte offsets to lines of the file.
struct Lines<'a> {
    text: &'a str,
    first_line: usize,
}

impl Lines<'_> {
    fn at(&self, offset: usize) -> usize {
        self.first_line + self.text[..offset].matches('\n').count()
    }
}

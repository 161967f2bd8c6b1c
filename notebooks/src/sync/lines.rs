//! A unit's text, by lines: where the content of a cell stands, and putting another in its place.

/// The lines of a unit's file, without Windows' line ends.
pub(super) struct UnitText {
    lines: Vec<String>,
}

/// A fence's parts.
struct Fence {
    indent: String,
    /// The backticks or tildes that open it, and what follows them.
    bars: String,
    info: String,
    /// Indexes of the first line of the content and of the closing line.
    content: std::ops::Range<usize>,
}

impl UnitText {
    pub(super) fn new(text: &str) -> Self {
        Self { lines: text.replace("\r\n", "\n").split('\n').map(str::to_owned).collect() }
    }

    pub(super) fn into_string(self) -> String {
        self.lines.join("\n")
    }

    /// Replaces `count` lines from the file's line `line` (from 1).
    pub(super) fn replace(&mut self, line: usize, count: usize, text: &str) {
        let start = line.saturating_sub(1).min(self.lines.len());
        let end = (start + count).min(self.lines.len());
        self.lines.splice(start..end, text.split('\n').map(str::to_owned));
    }

    /// The content of the fence that opens on a line, without its indentation.
    pub(super) fn fenced(&self, line: usize) -> Vec<String> {
        let fence = self.fence(line);
        let lines = &self.lines[fence.content.clone()];
        let dedent = |line: &String| {
            let spaces = line.len() - line.trim_start_matches(' ').len();
            line[spaces.min(fence.indent.len())..].to_owned()
        };
        lines.iter().map(dedent).collect()
    }

    /// Replaces the content of the fence that opens on a line.
    pub(super) fn replace_fenced(&mut self, line: usize, content: &str) {
        let fence = self.fence(line);
        let Fence { indent, mut bars, info, content: place } = fence;
        let mark = bars.chars().next().unwrap_or('`');
        // A line of the content must not end the fence.
        let run = |line: &str| line.trim_start().chars().take_while(|c| *c == mark).count();
        let longest = content.lines().map(run).max().unwrap_or_default();
        while longest >= bars.len() {
            bars.push(mark);
        }
        let mut lines = vec![format!("{indent}{bars}{info}")];
        lines.extend(content.split('\n').map(|line| match line {
            "" => String::new(),
            line => format!("{indent}{line}"),
        }));
        lines.push(format!("{indent}{bars}"));
        self.lines.splice(place.start - 1..(place.end + 1).min(self.lines.len()), lines);
    }

    fn fence(&self, line: usize) -> Fence {
        let opening =
            self.lines.get(line.saturating_sub(1)).map(String::as_str).unwrap_or_default();
        let text = opening.trim_start_matches(' ');
        let mark = text.chars().next().unwrap_or('`');
        let info = text.trim_start_matches(mark);
        let bars = &text[..text.len() - info.len()];
        let closes = |line: &String| {
            let line = line.trim();
            line.len() >= bars.len() && line.chars().all(|c| c == mark)
        };
        let rest = self.lines.get(line..).unwrap_or_default();
        let end = line + rest.iter().position(closes).unwrap_or(rest.len());
        Fence {
            indent: opening[..opening.len() - text.len()].to_owned(),
            bars: bars.to_owned(),
            info: info.to_owned(),
            content: line..end,
        }
    }
}

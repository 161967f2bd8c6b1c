//! Random choices that a test repeats from its seed.

use std::time::{Duration, Instant};

/// The seeds of a property test: `few` of them, or, where `CELLIST_FUZZ_SECONDS` says for how long, as
/// many as that time takes, from `CELLIST_FUZZ_FROM` on. So that time is not nextest's:
/// `CELLIST_FUZZ_SECONDS=600 cargo test -p cellist-notebooks --test authoring -- properties sync`.
pub(crate) fn seeds(property: &'static str, few: u64) -> impl Iterator<Item = u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let end = number("CELLIST_FUZZ_SECONDS").map(|time| Instant::now() + Duration::from_secs(time));
    let first = number("CELLIST_FUZZ_FROM").unwrap_or(0);
    let mut told = Told { property, first, seed: first, long: end.is_some() };
    std::iter::from_fn(move || {
        // All of it, or its end would be told here.
        let told = &mut told;
        let seed = told.seed;
        let goes_on = end.map_or(seed - first < few, |end| Instant::now() < end);
        told.seed += u64::from(goes_on);
        goes_on.then_some(seed)
    })
}

/// Says which seed it was when a property panics, and how many there were after a long run.
struct Told {
    property: &'static str,
    first: u64,
    /// The next one.
    seed: u64,
    long: bool,
}

impl Drop for Told {
    #[expect(clippy::print_stderr, reason = "what a test has to say")]
    fn drop(&mut self) {
        let Self { property, first, seed, long } = *self;
        if std::thread::panicking() {
            eprintln!("{property}: seed {}", seed.saturating_sub(1));
        } else if long {
            eprintln!("{property}: {} cases", seed - first);
        }
    }
}

/// A generator of numbers (SplitMix64, Steele et al. 2014).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `limit`, which is above 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub(crate) fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }
}

/// `text` with a few of its lines removed, doubled, swapped, cut, or joined by `pieces`.
pub(crate) fn garble(text: &str, pieces: &[&str], random: &mut Random) -> String {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    for _ in 0..=random.below(4) {
        let at = random.below(lines.len());
        match random.below(6) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => lines.insert(at, lines[at].clone()),
            2 => {
                let other = random.below(lines.len());
                lines.swap(at, other);
            }
            3 => {
                let cut = random.below(lines[at].chars().count() + 1);
                lines[at] = lines[at].chars().take(cut).collect();
            }
            4 => lines.insert(at, random.pick(pieces).to_owned()),
            _ => {
                let cut = random.below(lines[at].chars().count() + 1);
                let (head, tail): (String, String) =
                    (lines[at].chars().take(cut).collect(), lines[at].chars().skip(cut).collect());
                lines[at] = format!("{head}{}{tail}", random.pick(pieces));
            }
        }
    }
    lines.join("\n")
}

/// Signs that mean something in Markdown, YAML, TOML, Python or JSON, and some that nobody expects.
const SIGNS: &str = "`~-+*#>=!|:;,.[]{}()<>\"'\\/_%&@^$0 9aZ\n\t\r\u{0}\u{b}\u{c}\u{85}\u{a0}\u{2028}\u{feff}\u{301}ßİ\
                     é“±🚀\u{1f468}\u{200d}\u{10ffff}";

/// As [`garble`], and more roughly: by signs and stretches, with parts of other texts among it.
pub(crate) fn mangle(
    text: &str,
    others: &[String],
    pieces: &[&str],
    random: &mut Random,
) -> String {
    let mut signs: Vec<char> = garble(text, pieces, random).chars().collect();
    let all: Vec<char> = SIGNS.chars().collect();
    for _ in 0..random.below(6) {
        let from = random.below(signs.len() + 1);
        let to = (from + random.below(40)).min(signs.len());
        match random.below(7) {
            0 => drop(signs.drain(from..to)),
            1 => signs.insert(from, all[random.below(all.len())]),
            2 if from < to => signs[from] = all[random.below(all.len())],
            3 => {
                let stretch = signs[from..to].repeat(1 + random.below(30));
                signs.splice(from..from, stretch);
            }
            4 if !others.is_empty() => {
                let other: Vec<char> = others[random.below(others.len())].chars().collect();
                let start = random.below(other.len() + 1);
                let end = (start + random.below(400)).min(other.len());
                signs.splice(from..to, other[start..end].iter().copied());
            }
            5 => {
                let one = all[random.below(all.len())];
                signs.splice(from..from, std::iter::repeat_n(one, random.below(300)));
            }
            _ => signs.truncate(signs.len() - random.below(signs.len() / 8 + 1)),
        }
    }
    signs.into_iter().collect()
}

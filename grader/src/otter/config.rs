//! What an assignment says about its grading: `otter_config.json`, or the instructor's notebook.

use serde_json::{Map, Value};

/// The part of Otter's configuration that bears on points.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Config {
    /// What submissions' metadata must name.
    pub(super) assignment_name: Option<String>,
    /// Set before each cell.
    pub(super) seed: Option<i64>,
    /// The variable that is set to it, instead of seeding `random`.
    pub(super) seed_variable: Option<String>,
    /// What the assignment's points are scaled to.
    pub(super) points_possible: Option<f64>,
    /// The share of points from which on all count, and below which none do.
    pub(super) score_threshold: Option<f64>,
    /// What is asked for and not done here, in words.
    pub(super) undone: Vec<&'static str>,
}

impl Config {
    /// Reads `otter_config.json`, or the key `generate` of an assignment's configuration. `Err` says
    /// why it cannot be graded here.
    pub(super) fn from_json(map: &Map<String, Value>) -> Result<Self, String> {
        let text = |key: &str| map.get(key).and_then(Value::as_str).map(str::to_owned);
        let number = |key: &str| map.get(key).and_then(Value::as_f64);
        if let Some(language) = text("lang").filter(|language| language != "python") {
            return Err(format!("it is in {language}; grade it with Otter"));
        }
        if is_true(map.get("grade_from_log")) {
            return Err(
                "its `grade_from_log` takes answers from Otter's own log of pickles, which \
                        is never read here; grade it with Otter"
                    .to_owned(),
            );
        }
        let mut undone = Vec::new();
        if map.get("plugins").and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
            undone.push("the assignment's plugins were not run");
        }
        Ok(Self {
            assignment_name: text("assignment_name"),
            seed: map.get("seed").and_then(Value::as_i64),
            seed_variable: text("seed_variable"),
            points_possible: number("points_possible"),
            score_threshold: number("score_threshold"),
            undone,
        })
    }

    /// What Otter does before each cell, in Python; empty for nothing.
    pub(super) fn before_each_cell(&self) -> String {
        match (self.seed, &self.seed_variable) {
            (Some(seed), Some(variable)) => format!("{variable} = {seed}\n"),
            // Otter seeds numpy as well, which cannot be here.
            (Some(seed), None) => format!("__import__('random').seed({seed})\n"),
            (None, _) => String::new(),
        }
    }
}

/// YAML 1.1 has more words for true than YAML 1.2, and Otter reads 1.1.
pub(super) fn is_true(value: Option<&Value>) -> bool {
    match value {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(word)) => {
            ["yes", "on", "true"].contains(&word.to_ascii_lowercase().as_str())
        }
        _ => false,
    }
}

/// A YAML mapping; `Err` says what is wrong with it.
pub(super) fn yaml(text: &str) -> Result<Map<String, Value>, String> {
    match serde_saphyr::from_str::<Option<Value>>(text) {
        Ok(None | Some(Value::Null)) => Ok(Map::new()),
        Ok(Some(Value::Object(map))) => Ok(map),
        Ok(Some(_)) => Err("its configuration is no list of `key: value` lines".to_owned()),
        Err(error) => {
            let told = error.without_snippet().to_string();
            let told = told.lines().next().unwrap_or_default();
            Err(format!("its configuration is not valid YAML ({told})"))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn config(text: &str) -> Result<Config, String> {
        Config::from_json(&yaml(text).unwrap())
    }

    #[test]
    fn seeds_come_before_each_cell() {
        let before = |text: &str| config(text).unwrap().before_each_cell();
        assert_eq!(before("seed: 42\nseed_variable: rng"), "rng = 42\n");
        assert_eq!(before("seed: 42"), "__import__('random').seed(42)\n");
        assert_eq!(before("# nothing"), "");
    }

    #[test]
    fn what_cannot_be_graded_is_said() {
        assert_eq!(config("lang: r").unwrap_err(), "it is in r; grade it with Otter");
        assert!(config("grade_from_log: yes").unwrap_err().contains("never read here"));
        let plugins = config("plugins: [otter.plugins.builtin.RateLimiting]").unwrap();
        assert_eq!(plugins.undone, ["the assignment's plugins were not run"]);
        assert!(yaml("- a\n- b").unwrap_err().contains("no list of"));
        assert!(yaml("a: [").unwrap_err().contains("not valid YAML"));
    }
}

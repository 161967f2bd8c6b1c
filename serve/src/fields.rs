//! What a form sends, and addresses with questions in them.

use crate::problem::Problem;
use crate::site::Site;
use axum::body::Bytes;
use std::collections::BTreeMap;

/// The fields of a form of ours.
#[derive(Debug)]
pub(crate) struct Fields(BTreeMap<String, String>);

impl Fields {
    /// Reads a form; refuses one that does not carry what ours do.
    pub(crate) fn read(site: &Site, body: &Bytes) -> Result<Self, Problem> {
        let fields: BTreeMap<String, String> =
            form_urlencoded::parse(body).map(|(name, value)| (name.into(), value.into())).collect();
        match fields.get("csrf") {
            Some(sent) if site.gate.is_own_form(sent) => Ok(Self(fields)),
            _ => Err(Problem::Forged),
        }
    }

    /// A field, blanks around it left out; empty when it is not there.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map(|value| value.trim()).unwrap_or_default()
    }

    /// A field exactly as it was sent: names may have blanks.
    pub(crate) fn exact(&self, name: &str) -> &str {
        self.0.get(name).map(String::as_str).unwrap_or_default()
    }

    /// Where to go afterwards: a page of this server, whatever was sent.
    pub(crate) fn back(&self) -> &str {
        let back = self.exact("back");
        let own = back.starts_with('/')
            && !back.starts_with("//")
            && back.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        if own { back } else { "/" }
    }
}

/// `PATH?NAME=VALUE&…`; empty values are left out.
pub(crate) fn address(path: &str, questions: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(questions.iter().filter(|(_, value)| !value.is_empty()));
    match query.finish() {
        empty if empty.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}

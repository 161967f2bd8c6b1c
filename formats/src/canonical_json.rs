//! The one way this project writes JSON files: the same bytes for the same value.

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{PrettyFormatter, Serializer};

/// `value` with sorted keys, an indent of one space, non-ASCII text as it is and a newline at the
/// end: what Python's nbformat writes, so that a notebook that another tool saves again without
/// changing it does not change.
///
/// # Errors
/// When the value has no JSON form (a map with keys that are not strings).
pub fn to_string<T: Serialize>(value: &T) -> Result<String, serde_json::Error> {
    let sorted = sort_keys(serde_json::to_value(value)?);
    let mut bytes = Vec::new();
    let formatter = PrettyFormatter::with_indent(b" ");
    sorted.serialize(&mut Serializer::with_formatter(&mut bytes, formatter))?;
    bytes.push(b'\n');
    String::from_utf8(bytes).map_err(serde::ser::Error::custom)
}

/// Sorts the keys of every object. Explicitly, because `serde_json` keeps the order of insertion
/// as soon as any crate of the build asks for `preserve_order`.
fn sort_keys(value: Value) -> Value {
    match value {
        Value::Object(mut map) => {
            map.sort_keys();
            map.into_iter().map(|(key, value)| (key, sort_keys(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sort_keys).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn keys_are_sorted_at_every_depth_and_text_stays_readable() {
        let value = json!({"b": [{"d": 1, "c": "é\u{2028}"}], "a": {}, "e": []});
        let text = super::to_string(&value).ok();
        let wanted = concat!(
            "{\n \"a\": {},\n \"b\": [\n  {\n   \"c\": \"é\u{2028}\",\n   \"d\": 1\n  }\n ],\n",
            " \"e\": []\n}\n"
        );
        assert_eq!(text.as_deref(), Some(wanted));
    }
}

//! A notebook's cell.

use super::multiline;
use serde_json::{Map, Value, json};

/// What a cell holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CellType {
    /// Program text with outputs.
    Code,
    /// Prose.
    Markdown,
    /// Text that is neither run nor rendered.
    Raw,
}

impl CellType {
    /// The name in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Markdown => "markdown",
            Self::Raw => "raw",
        }
    }
}

/// A cell. What is not named here is kept as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Unique within the notebook, unless its file says otherwise.
    id: String,
    kind: CellType,
    source: String,
    /// The cell's metadata: tags, nbgrader's, ours, anybody's.
    pub metadata: Map<String, Value>,
    /// A code cell's outputs as in the file, but with their texts joined. Empty for others.
    pub outputs: Vec<Value>,
    /// The number beside a code cell that was run.
    pub execution_count: Option<u64>,
    /// `attachments` and fields that the format does not know.
    extra: Map<String, Value>,
}

impl Cell {
    /// A cell without outputs.
    pub fn new(kind: CellType, id: impl Into<String>, source: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            kind,
            source: source.into(),
            metadata: Map::new(),
            outputs: Vec::new(),
            execution_count: None,
            extra: Map::new(),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What it holds.
    pub fn cell_type(&self) -> CellType {
        self.kind
    }

    /// Its text.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Replaces its text.
    pub fn set_source(&mut self, source: impl Into<String>) {
        self.source = source.into();
    }

    /// Reads a cell; `fallback_id` is for notebooks older than 4.5, which have no ids. `Err` says
    /// what is wrong with it.
    pub(super) fn from_value(value: Value, fallback_id: &str) -> Result<Self, String> {
        let Value::Object(mut fields) = value else { return Err("it is not an object".into()) };
        let kind = match fields.remove("cell_type") {
            Some(Value::String(name)) => match name.as_str() {
                "code" => CellType::Code,
                "markdown" => CellType::Markdown,
                "raw" => CellType::Raw,
                other => return Err(format!("its `cell_type` `{other}` is unknown")),
            },
            _ => return Err("it has no `cell_type`".into()),
        };
        let id = match fields.remove("id") {
            Some(Value::String(id)) if !id.is_empty() => id,
            Some(Value::Null) | None => fallback_id.to_owned(),
            Some(other) => return Err(format!("its `id` is {other}, not a name")),
        };
        let source = match fields.remove("source").map(multiline::join) {
            Some(Value::String(source)) => source,
            _ => return Err("its `source` is not text".into()),
        };
        let metadata = match fields.remove("metadata") {
            Some(Value::Object(metadata)) => metadata,
            None => Map::new(),
            Some(_) => return Err("its `metadata` is not an object".into()),
        };
        let mut cell = Self { metadata, ..Self::new(kind, id, source) };
        if kind == CellType::Code {
            cell.outputs = match fields.remove("outputs") {
                Some(Value::Array(outputs)) => outputs.into_iter().map(join_output).collect(),
                Some(Value::Null) | None => Vec::new(),
                Some(_) => return Err("its `outputs` are not a list".into()),
            };
            cell.execution_count = fields.remove("execution_count").and_then(|n| n.as_u64());
        }
        for_each_attachment(&mut fields, multiline::join_bundle);
        cell.extra = fields;
        Ok(cell)
    }

    pub(super) fn to_value(&self) -> Value {
        let mut fields = self.extra.clone();
        for_each_attachment(&mut fields, multiline::split_bundle);
        fields.insert("cell_type".to_owned(), json!(self.kind.as_str()));
        fields.insert("id".to_owned(), json!(self.id));
        fields.insert("metadata".to_owned(), Value::Object(self.metadata.clone()));
        fields.insert("source".to_owned(), multiline::split(json!(self.source)));
        if self.kind == CellType::Code {
            fields.insert("execution_count".to_owned(), json!(self.execution_count));
            let outputs = self.outputs.iter().cloned().map(split_output).collect();
            fields.insert("outputs".to_owned(), outputs);
        }
        Value::Object(fields)
    }
}

fn join_output(mut output: Value) -> Value {
    if let Some(text) = output.get_mut("text") {
        *text = multiline::join(text.take());
    }
    if let Some(Value::Object(data)) = output.get_mut("data") {
        multiline::join_bundle(data);
    }
    output
}

fn split_output(mut output: Value) -> Value {
    if output.get("output_type").is_some_and(|kind| kind == "stream")
        && let Some(text) = output.get_mut("text")
    {
        *text = multiline::split(text.take());
    }
    if let Some(Value::Object(data)) = output.get_mut("data") {
        multiline::split_bundle(data);
    }
    output
}

fn for_each_attachment(fields: &mut Map<String, Value>, change: fn(&mut Map<String, Value>)) {
    let Some(Value::Object(attachments)) = fields.get_mut("attachments") else { return };
    for (_, bundle) in attachments.iter_mut() {
        if let Value::Object(bundle) = bundle {
            change(bundle);
        }
    }
}

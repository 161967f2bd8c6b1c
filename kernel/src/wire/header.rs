//! Headers: lenient to read, complete to write.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;
use uuid::Uuid;

/// Version of the messaging protocol that this kernel speaks.
pub(crate) const PROTOCOL_VERSION: &str = "5.5";

/// The header of a request: what the kernel needs of it, and its bytes, which replies carry back
/// unchanged (clients put fields of their own into it).
#[derive(Clone, Debug)]
pub(crate) struct Header {
    /// As received.
    pub(crate) raw: Bytes,
    /// For example `execute_request`.
    pub(crate) msg_type: String,
    /// For which subshell it is; `None` is the main shell.
    pub(crate) subshell: Option<String>,
}

impl Header {
    /// Reads a header; only `msg_type` is required. All of it must be JSON that a client can read,
    /// since all of it goes out again, to everyone.
    pub(super) fn read(raw: Bytes) -> Result<Self, serde_json::Error> {
        #[derive(Deserialize)]
        struct Needed {
            msg_type: String,
            #[serde(default)]
            subshell_id: Value,
        }
        let whole: Map<String, Value> = serde_json::from_slice(&raw)?;
        let Needed { msg_type, subshell_id } = serde_json::from_value(Value::Object(whole))?;
        let subshell = match subshell_id {
            Value::Null => None,
            Value::String(identifier) => Some(identifier),
            // No subshell has such an identifier, and the client is told so.
            other => Some(other.to_string()),
        };
        Ok(Self { raw, msg_type, subshell })
    }
}

/// Makes headers for what the kernel sends.
pub(super) struct HeaderMaker {
    session: String,
    sent: AtomicU64,
}

impl HeaderMaker {
    pub(super) fn new() -> Self {
        Self { session: Uuid::new_v4().simple().to_string(), sent: AtomicU64::new(0) }
    }

    pub(super) fn make(&self, msg_type: &str) -> Vec<u8> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let header = jupyter_protocol::Header {
            msg_id: format!("{}_{number}", self.session),
            username: "cellist".to_owned(),
            session: self.session.clone(),
            date: SystemTime::now().into(),
            msg_type: msg_type.to_owned(),
            version: PROTOCOL_VERSION.to_owned(),
        };
        // Strings and a date: nothing in a header can fail to serialise.
        serde_json::to_vec(&header).unwrap_or_default()
    }
}

//! The one place that wraps a request: busy, answer, reply, idle.

use crate::front::Front;
use crate::requests::{Answer, conversation};
use crate::wire::Request;
use jupyter_protocol::Status;
use serde_json::{Map, Value};

/// Serves one request: says busy, lets `answer` work, replies, says idle. Every request gets its
/// reply here, failed and unknown ones too; messages that are not requests get none.
pub(crate) fn serve(front: &Front, request: &Request, answer: impl FnOnce() -> Answer) {
    front.status(&Status::busy(), &request.header.raw);
    let content = match answer() {
        Ok(mut content) => {
            content.entry("status").or_insert_with(|| "ok".into());
            content
        }
        Err(refusal) => {
            tracing::debug!(msg_type = %request.header.msg_type, %refusal, "request refused");
            let mut content = Map::from_iter([
                ("status".to_owned(), "error".into()),
                ("ename".to_owned(), refusal.name().into()),
                ("evalue".to_owned(), refusal.to_string().into()),
                ("traceback".to_owned(), Value::Array(Vec::new())),
            ]);
            content.extend(refusal.extra());
            content
        }
    };
    if let Some(reply) = conversation::reply_type(&request.header.msg_type) {
        front.reply(request, &reply, &content);
    }
    front.status(&Status::idle(), &request.header.raw);
}

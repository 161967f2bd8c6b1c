//! `shutdown_request`: ends the kernel. The reply also goes out on iopub, so that every client
//! learns of it.

use super::{Answer, fields};
use crate::front::Front;
use crate::wire::Request;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    restart: bool,
}

#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
pub(super) fn answer(front: &Front, request: &Request) -> Answer {
    // Whatever else it says: who asks for the end gets it.
    let restart = request.content().is_ok_and(|content: Content| content.restart);
    let reply = json!({"status": "ok", "restart": restart});
    front.broadcast("shutdown_reply", &request.header.raw, &reply);
    front.shut_down();
    Ok(fields(reply))
}

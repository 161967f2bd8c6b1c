//! `connect_request`: the ports.

use super::{Answer, fields};
use crate::front::Front;
use crate::wire::Request;
use serde_json::json;

#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
pub(super) fn answer(front: &Front, _request: &Request) -> Answer {
    let connection = &front.connection;
    Ok(fields(json!({
        "shell_port": connection.shell_port,
        "iopub_port": connection.iopub_port,
        "stdin_port": connection.stdin_port,
        "control_port": connection.control_port,
        "hb_port": connection.hb_port,
    })))
}

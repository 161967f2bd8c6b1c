//! `kernel_info_request`: who is this? Answered before the interpreter is up.

use super::{Answer, fields};
use crate::front::Front;
use crate::wire::{PROTOCOL_VERSION, Request};
use cellist_interpreter::python_version;
use serde_json::json;

#[expect(clippy::unnecessary_wraps, reason = "the type of every handler")]
pub(super) fn answer(_front: &Front, _request: &Request) -> Answer {
    let version = env!("CARGO_PKG_VERSION");
    let python = python_version();
    Ok(fields(json!({
        "protocol_version": PROTOCOL_VERSION,
        "implementation": "cellist",
        "implementation_version": version,
        "language_info": {
            "name": "python",
            "version": python,
            "mimetype": "text/x-python",
            "file_extension": ".py",
            "pygments_lexer": "ipython3",
            "codemirror_mode": {"name": "ipython", "version": 3},
            "nbconvert_exporter": "python",
        },
        "banner": format!("Cellist {version} -- Python {python}"),
        "help_links": [
            {"text": "Python Reference", "url": "https://docs.python.org/3.14"},
            {"text": "asyncio", "url": "https://docs.python.org/3.14/library/asyncio.html"},
        ],
        "debugger": false,
        "supported_features": ["kernel subshells"],
    })))
}

//! The table of conversations.

use super::Handler::{self, Desk, Front, Introspection, Shared};
use super::{
    comm, complete, connect, debug, execute, history, inspect, interrupt, is_complete, kernel_info,
    shutdown, subshell, unknown, usage,
};

/// One kind of message that a client sends, and who answers it.
struct Conversation {
    /// The message's type.
    request: &'static str,
    handler: Handler,
}

/// Every message this kernel knows. A reply's type follows from the request's.
const TABLE: &[Conversation] = &[
    Conversation { request: "execute_request", handler: Desk(execute::answer) },
    Conversation { request: "complete_request", handler: Introspection(complete::answer) },
    Conversation { request: "inspect_request", handler: Introspection(inspect::answer) },
    Conversation { request: "is_complete_request", handler: Desk(is_complete::answer) },
    Conversation { request: "history_request", handler: Desk(history::answer) },
    Conversation { request: "kernel_info_request", handler: Front(kernel_info::answer) },
    Conversation { request: "connect_request", handler: Front(connect::answer) },
    Conversation { request: "comm_info_request", handler: Desk(comm::at_desk) },
    Conversation { request: "comm_open", handler: Desk(comm::at_desk) },
    Conversation { request: "comm_msg", handler: Desk(comm::at_desk) },
    Conversation { request: "comm_close", handler: Desk(comm::at_desk) },
    Conversation { request: "interrupt_request", handler: Front(interrupt::answer) },
    Conversation { request: "shutdown_request", handler: Front(shutdown::answer) },
    Conversation { request: "create_subshell_request", handler: Shared(subshell::create) },
    Conversation { request: "delete_subshell_request", handler: Front(subshell::delete) },
    Conversation { request: "list_subshell_request", handler: Front(subshell::list) },
    Conversation { request: "usage_request", handler: Front(usage::answer) },
    Conversation { request: "debug_request", handler: Front(debug::answer) },
];

/// Who answers this type of message; the unknown has an answer too.
pub(crate) fn handler(msg_type: &str) -> Handler {
    TABLE
        .iter()
        .find(|conversation| conversation.request == msg_type)
        .map_or(Front(unknown::answer), |conversation| conversation.handler)
}

/// The type of the reply; `None` for messages that expect none.
pub(crate) fn reply_type(msg_type: &str) -> Option<String> {
    match msg_type {
        "comm_open" | "comm_msg" | "comm_close" => None,
        _ => Some(format!("{}_reply", msg_type.strip_suffix("_request").unwrap_or(msg_type))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_message_is_in_the_table_twice() {
        let mut requests: Vec<&str> = TABLE.iter().map(|c| c.request).collect();
        requests.sort_unstable();
        assert!(requests.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn replies_are_named_after_their_requests() {
        assert_eq!(reply_type("execute_request").as_deref(), Some("execute_reply"));
        assert_eq!(reply_type("no_such_request").as_deref(), Some("no_such_reply"));
        assert_eq!(reply_type("odd").as_deref(), Some("odd_reply"));
        assert_eq!(reply_type("comm_msg"), None);
    }
}

//! The stdin socket: questions to one client, and its answers.

use super::router;
use crate::front::Front;
use std::sync::Arc;
use tokio::sync::mpsc::UnboundedReceiver;
use zeromq::{RouterSocket, ZmqMessage};

pub(super) async fn own(
    socket: RouterSocket,
    front: Arc<Front>,
    outgoing: UnboundedReceiver<ZmqMessage>,
) {
    router::own(socket, outgoing, |message| match front.encoder.read_input(message) {
        Ok(Some(text)) => {
            if !front.prompts.answer(text) {
                tracing::debug!("an answer to no question");
            }
        }
        Ok(None) => tracing::debug!("stdin: a message that is no answer"),
        Err(error) => tracing::warn!("stdin: dropped a {error}"),
    })
    .await;
}

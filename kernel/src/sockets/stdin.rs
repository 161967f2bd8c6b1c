//! The stdin socket: questions to one client, and its answers.

use crate::front::Front;
use bytes::Bytes;

/// An answer, or what is to be one.
pub(super) fn hear(front: &Front, message: Vec<Bytes>) {
    match front.encoder.read_input(message) {
        Ok(Some(text)) => {
            if !front.prompts.answer(text) {
                tracing::debug!("an answer to no question");
            }
        }
        Ok(None) => tracing::debug!("stdin: a message that is no answer"),
        Err(error) => tracing::warn!("stdin: dropped a {error}"),
    }
}

//! Bytes on the sockets, and the messages they mean.
//!
//! A message is `[identities…, "<IDS|MSG>", signature, header, parent header, metadata, content,
//! buffers…]`: <https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol>.

mod envelope;
mod frames;
mod header;
mod replay;
mod signature;

pub(crate) use envelope::{Channel, Encoder, Outgoing, Request};
pub(crate) use header::PROTOCOL_VERSION;
pub(crate) use signature::Signer;

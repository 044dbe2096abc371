//! HTTP as a door: what a request's body is, and the same body with its secrets masked.
//!
//! Pure: [`beginning`] (when a request is there to be read), [`coding`] (how a body is compressed), [`kind`] (what it
//! is), [`body`] (all of it -> the body that leaves), [`json`] (a document -> records -> the document again), [`grammar`]
//! (is it JSON), [`proto`] (protobuf by a table of fields), [`grpc`] (frames of it), [`head`] (which headers leave, what is
//! signed), [`refusal`] (what is said of that which is not taken). Who drives it is above: [`http_in`](super::http_in) and
//! [`http_out`](super::http_out).

pub mod beginning;
pub mod body;
#[cfg(test)]
mod cases;
pub mod coding;
pub mod fuzz;
mod grammar;
pub mod grpc;
pub mod head;
mod json;
pub mod kind;
pub mod proto;
pub mod refusal;
pub mod terms;
#[cfg(test)]
mod wrapped;

//! A sender of requests: its connection, the room for its bodies, and what becomes of each.

mod coming;
pub mod connection;
mod exchange;
pub mod hall;
mod lobby;
mod reply;

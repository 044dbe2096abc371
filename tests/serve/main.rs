//! The sidecar as a process of its own, with real sockets around it.

mod config;
mod datagrams;
mod faults;
mod flow;
mod fluent;
mod fluent_reload;
mod foreign;
mod fragments;
mod http;
mod http_grpc;
mod http_kit;
mod http_limits;
mod http_table;
mod http_tls;
mod kit;
mod known;
mod limits;
mod memory;
mod observe;
mod operate;
mod peers;
mod reload;
mod restart;
mod status;
#[path = "../it/kit.rs"]
#[allow(dead_code, reason = "the templates of the vectors are wanted, not the other tests' ways to run them")]
mod texts;
mod upstreams;

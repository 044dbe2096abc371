//! Takes passwords, tokens, private keys and payment-card numbers out of logs; everything else
//! leaves byte for byte as it came.
//!
//! Rules are data, compiled ahead of time into serialised automata. A vector prefilter (the prefilter)
//! finds the few places worth a look; automata anchored there, and parsers of the notations in
//! which programs write key and value, decide what is a secret; masks replace it.
//!
//! - [`Redactor`]: one call for bytes that are at hand. Nothing found = nothing copied.
//! - [`Records`]: whole records from any thread, such as a logger's events; a key block may span them.
//! - [`Stream`]: bytes that come in pieces; the output does not depend on how they are cut.
//! - [`Fragments`]: what container runtimes write, whose records are cut in parts.
//! - [`RedactWriter`]: a stream in front of any [`std::io::Write`].
//! - [`Builder`]: which rules, which masks, rules of your own, values that stay ([`Allow`]).
//! - [`Values`]: secrets that are known, masked wherever they stand, in all encodings; [`LiveValues`] to replace them.
//! - [`adapters`]: in front of `tracing`, `log`, tokio, codecs, `serde_json`, `http` and `tower`.
//!
//! Depend on it with `default-features = false`: the default features are the command and the sidecar, and a hundred crates.
//! `compile` adds rules from text, `descriptions` what each built-in [`Rule`] says of itself.
//!
//! ```
//! use logveil::Redactor;
//!
//! let redactor = Redactor::builtin();
//! let line = r#"{"user":"alice","password":"foo\"bar","ip":"203.0.113.9"}"#;
//! assert_eq!(redactor.redact_str(line), r#"{"user":"alice","password":"[REDACTED:password]","ip":"203.0.113.9"}"#);
//! ```
//!
//! When not to use it: for text in encodings that are not compatible with ASCII (transcode UTF-16
//! first), for secrets that were compressed, encrypted or encoded in base64, and as the only line of
//! defence: what is never logged cannot leak.

pub mod adapters;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
mod edge;
mod engine;
#[cfg_attr(not(feature = "compile"), allow(dead_code, reason = "packs are written by the compiler alone"))]
mod rules;

/// Doors for fuzzing and for benches; not part of the library's promise.
#[cfg(feature = "serve")]
#[doc(hidden)]
pub mod fuzz {
    pub use crate::edge::serve::fluent::fuzz::{Relay, any_bytes as fluent};
    pub use crate::edge::serve::http::fuzz::{any_bytes as http, otlp};
}

pub use edge::fragments::{Container, Fragments};
pub use edge::writer::RedactWriter;
pub use engine::api::builder::Builder;
pub use engine::api::explain::Explanation;
pub use engine::api::records::Records;
pub use engine::found::allowed::{AllowedBy, Spared};
pub use engine::found::finding::{Finding, Refusal, Refused, Weighed};
pub use engine::found::tally::Tally;
pub use engine::known::builder::ValuesBuilder;
pub use engine::known::forms::Encoding;
pub use engine::known::guards::Verdict;
pub use engine::known::live::LiveValues;
pub use engine::known::secret::Secret;
pub use engine::known::values::Values;
pub use engine::redactor::Redactor;
#[cfg(any(debug_assertions, feature = "switches"))]
#[doc(hidden)]
pub use engine::shortcuts::Shortcut;
pub use engine::stream::Stream;
pub use rules::allow::Allow;
#[cfg(feature = "compile")]
pub use rules::compile;
pub use rules::error::RuleError;
pub use rules::hash_key::HashKey;
pub use rules::judge::likelihood::Likelihood;
pub use rules::mask::Mask;
#[doc(hidden)]
pub use rules::mask::MaskForm;
pub use rules::rule::{Family, Rule, RuleId};

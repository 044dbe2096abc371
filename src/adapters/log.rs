//! `log`: a logger that is handed masked records.

use log::kv::{self, Key, Source, ToKey, ToValue, VisitSource};
use log::{Log, Metadata, Record};
use serde_json::Value;

use super::serde_json::masked_leaf;
use crate::engine::api::records::Records;
use crate::engine::redactor::Redactor;

/// Masks records and their key-values before any logger sees them.
///
/// For a logger that only wants a writer, such as `env_logger` (`Target::Pipe`), fern or flexi_logger, a
/// [`RedactWriter`](crate::RedactWriter) in front of that writer masks as well, and costs less.
///
/// ```
/// use logveil::Redactor;
/// use logveil::adapters::log::RedactLog;
///
/// struct Stderr;
/// impl log::Log for Stderr {
///     fn enabled(&self, _: &log::Metadata<'_>) -> bool {
///         true
///     }
///     fn log(&self, record: &log::Record<'_>) {
///         eprintln!("{}", record.args()); // login password=[REDACTED:password]
///     }
///     fn flush(&self) {}
/// }
///
/// log::set_boxed_logger(Box::new(RedactLog::new(&Redactor::builtin(), Stderr))).unwrap();
/// log::set_max_level(log::LevelFilter::Info);
/// log::info!("login password={}", "hunter2");
/// ```
#[derive(Debug)]
pub struct RedactLog<L> {
    redactor: Redactor,
    records: Records,
    inner: L,
}

impl<L: Log> RedactLog<L> {
    /// Masks what `inner` is to log.
    pub fn new(redactor: &Redactor, inner: L) -> Self {
        RedactLog { redactor: redactor.clone(), records: Records::new(redactor), inner }
    }
}

impl<L: Log> Log for RedactLog<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.inner.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.inner.enabled(record.metadata()) {
            return;
        }
        let (formatted, mut out) = (record.args().to_string(), Vec::new());
        let message = String::from_utf8_lossy(self.records.redact(formatted.as_bytes(), &mut out));
        let pairs = Pairs::of(&self.redactor, record.key_values());
        self.inner.log(&record.to_builder().key_values(&pairs).args(format_args!("{message}")).build());
    }

    fn flush(&self) {
        self.inner.flush();
    }
}

/// The key-values of a record, as they may be seen.
#[derive(Default)]
struct Pairs<'a>(Vec<(Key<'a>, Pair<'a>)>);

enum Pair<'a> {
    AsItCame(kv::Value<'a>),
    Masked(String),
}

impl<'a> Pairs<'a> {
    /// What each value is behind its key: `password=hunter2` is a secret where `hunter2` alone is none.
    fn of(redactor: &Redactor, pairs: &'a dyn Source) -> Pairs<'a> {
        let mut visit = Masking { redactor, pairs: Vec::new() };
        // A source that fails has handed over what it could.
        let _ = pairs.visit(&mut visit);
        Pairs(visit.pairs)
    }
}

struct Masking<'r, 'a> {
    redactor: &'r Redactor,
    pairs: Vec<(Key<'a>, Pair<'a>)>,
}

impl<'a> VisitSource<'a> for Masking<'_, 'a> {
    fn visit_pair(&mut self, key: Key<'a>, value: kv::Value<'a>) -> Result<(), kv::Error> {
        let pair = match masked_leaf(self.redactor, key.as_str(), &leaf(&value)) {
            Some(Value::String(text)) => Pair::Masked(text),
            Some(other) => Pair::Masked(other.to_string()),
            None => Pair::AsItCame(value),
        };
        self.pairs.push((key, pair));
        Ok(())
    }
}

/// A number where it is one, else what a reader would see.
fn leaf(value: &kv::Value<'_>) -> Value {
    let number = value.to_u64().map(Value::from).or_else(|| value.to_i64().map(Value::from));
    number.or_else(|| value.to_f64().map(Value::from)).unwrap_or_else(|| Value::String(value.to_string()))
}

impl Source for Pairs<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), kv::Error> {
        self.0.iter().try_for_each(|(key, pair)| {
            let value = match pair {
                Pair::AsItCame(value) => value.to_value(),
                Pair::Masked(text) => text.to_value(),
            };
            visitor.visit_pair(key.to_key(), value)
        })
    }
}

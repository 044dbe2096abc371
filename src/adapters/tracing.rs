//! `tracing`: events are masked as they are written, fields left out before they are formatted.

use std::fmt;
use std::sync::Arc;

use tracing::field::{Field, Visit};
use tracing::{Metadata, field};
use tracing_subscriber::field::{MakeVisitor, VisitFmt, VisitOutput};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::DefaultFields;

pub use super::event::EventWriter;
use crate::engine::api::records::Records;
use crate::engine::redactor::Redactor;

/// Masks the events of `tracing_subscriber::fmt` on their way to the writer that `inner` makes, whatever the format: text,
/// JSON, colours, spans.
///
/// It may stand before or behind `tracing_appender::non_blocking`: before it (this around the appender) nothing raw waits
/// in its queue; behind it (the appender around a [`RedactWriter`](crate::RedactWriter)) masking costs the caller's thread
/// nothing.
///
/// ```
/// use logveil::Redactor;
/// use logveil::adapters::tracing::RedactMakeWriter;
///
/// let writer = RedactMakeWriter::new(&Redactor::builtin(), std::io::stderr);
/// let subscriber = tracing_subscriber::fmt().with_writer(writer).finish();
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info!(password = "hunter2", "login"); // ... login password="[REDACTED:password]"
/// });
/// ```
#[derive(Debug)]
pub struct RedactMakeWriter<M> {
    records: Records,
    inner: M,
}

impl<M> RedactMakeWriter<M> {
    /// Masks what the writers of `inner` are to write.
    pub fn new(redactor: &Redactor, inner: M) -> Self {
        RedactMakeWriter { records: Records::new(redactor), inner }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for RedactMakeWriter<M> {
    type Writer = EventWriter<'a, M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        EventWriter::new(&self.records, self.inner.make_writer())
    }

    fn make_writer_for(&'a self, meta: &Metadata<'_>) -> Self::Writer {
        EventWriter::new(&self.records, self.inner.make_writer_for(meta))
    }
}

/// Leaves out what fields hold that nobody may see, whatever it looks like: `[REDACTED:field]` stands in its place, and the
/// value is never formatted.
///
/// For text formats (`fmt().fmt_fields(...)`). The JSON formatter writes events by itself and asks no such thing; there
/// [`RedactMakeWriter`] masks what keys and shapes tell.
///
/// ```
/// use logveil::adapters::tracing::WithoutFields;
///
/// let subscriber = tracing_subscriber::fmt().fmt_fields(WithoutFields::new(["diagnosis"])).finish();
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info!(diagnosis = "flu", "visit"); // ... visit diagnosis=[REDACTED:field]
/// });
/// ```
#[derive(Debug, Clone)]
pub struct WithoutFields<V = DefaultFields> {
    names: Arc<[String]>,
    inner: V,
}

impl WithoutFields {
    /// Fields of these names, whose others are formatted as they are by default.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Self {
        WithoutFields::around(names, DefaultFields::new())
    }
}

impl<V> WithoutFields<V> {
    /// Fields of these names, whose others `inner` formats.
    pub fn around<S: Into<String>>(names: impl IntoIterator<Item = S>, inner: V) -> Self {
        WithoutFields { names: names.into_iter().map(Into::into).collect(), inner }
    }
}

impl<T, V: MakeVisitor<T>> MakeVisitor<T> for WithoutFields<V> {
    type Visitor = WithoutFieldsVisitor<V::Visitor>;

    fn make_visitor(&self, target: T) -> Self::Visitor {
        WithoutFieldsVisitor { names: self.names.clone(), inner: self.inner.make_visitor(target) }
    }
}

/// The visitor of [`WithoutFields`].
#[derive(Debug)]
pub struct WithoutFieldsVisitor<V> {
    names: Arc<[String]>,
    inner: V,
}

impl<V: Visit> WithoutFieldsVisitor<V> {
    fn visit(&mut self, field: &Field, show: impl FnOnce(&mut V)) {
        match self.names.iter().any(|name| name == field.name()) {
            true => self.inner.record_debug(field, &field::display("[REDACTED:field]")),
            false => show(&mut self.inner),
        }
    }
}

impl<V: Visit> Visit for WithoutFieldsVisitor<V> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.visit(field, |inner| inner.record_f64(field, value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.visit(field, |inner| inner.record_i64(field, value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.visit(field, |inner| inner.record_u64(field, value));
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.visit(field, |inner| inner.record_i128(field, value));
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.visit(field, |inner| inner.record_u128(field, value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.visit(field, |inner| inner.record_bool(field, value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.visit(field, |inner| inner.record_str(field, value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.visit(field, |inner| inner.record_bytes(field, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.visit(field, |inner| inner.record_error(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.visit(field, |inner| inner.record_debug(field, value));
    }
}

impl<O, V: VisitOutput<O>> VisitOutput<O> for WithoutFieldsVisitor<V> {
    fn finish(self) -> O {
        self.inner.finish()
    }
}

impl<V: VisitFmt> VisitFmt for WithoutFieldsVisitor<V> {
    fn writer(&mut self) -> &mut dyn fmt::Write {
        self.inner.writer()
    }
}

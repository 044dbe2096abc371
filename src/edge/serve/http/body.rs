//! A body as it comes -> the body that leaves.

use std::borrow::Cow;

use super::coding::{Coding, Opened};
use super::kind::{Kind, Said, kind};
use super::refusal::Refusal;
use super::{json, proto};
use crate::edge::serve::fluent::mask::Masker;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::wipe::wipe;

/// What is known of a body before it is looked at.
#[derive(Clone, Copy)]
pub struct About<'a> {
    /// How it is compressed.
    pub coding: Coding,
    /// What it is said to be.
    pub said: Said,
    /// Where it goes.
    pub path: &'a str,
    /// Bytes that it may be, unpacked.
    pub limit: usize,
}

/// What came of a body.
#[derive(Default)]
pub struct Judged {
    /// The body that leaves; None where it is the one that came.
    pub body: Option<Vec<u8>>,
    /// Counts of the engine.
    pub tally: Tally,
    /// Its bytes, unpacked.
    pub plain: usize,
}

/// Judges a body as a whole.
///
/// # Errors
/// When nobody here can read it, or it is more than may be.
pub fn judge(body: &[u8], about: About<'_>, redactor: &Redactor) -> Result<Judged, Refusal> {
    let mut judged = Judged::default();
    // Loki's push is a block of Snappy, of which no header speaks.
    let bare =
        about.coding == Coding::Identity && about.said == Said::Proto && about.path.ends_with("/loki/api/v1/push");
    let coding = if bare { Coding::Snappy } else { about.coding };
    if coding == Coding::Identity {
        judged.plain = body.len();
        judged.body = plain(body, about, redactor, &mut judged.tally)?;
        return Ok(judged);
    }
    let mut opened = coding.open(body, about.limit)?;
    let masked = plain(&opened.bytes, about, redactor, &mut judged.tally);
    judged.plain = opened.bytes.len();
    let packed = packed(&opened, masked);
    wipe(&mut opened.bytes);
    judged.body = packed?;
    Ok(judged)
}

/// The same compressed as it was, if it is not what it was or carries what nobody judges.
fn packed(opened: &Opened, masked: Result<Option<Vec<u8>>, Refusal>) -> Result<Option<Vec<u8>>, Refusal> {
    match masked? {
        Some(masked) => opened.coding.pack(&masked).map(Some),
        None if opened.extras => opened.coding.pack(&opened.bytes).map(Some),
        None => Ok(None),
    }
}

fn plain(body: &[u8], about: About<'_>, redactor: &Redactor, tally: &mut Tally) -> Result<Option<Vec<u8>>, Refusal> {
    if body.is_empty() {
        return Ok(None);
    }
    match kind(about.said, about.path, body)? {
        Kind::Text => Ok(match redactor.redact_counted(body, tally) {
            Cow::Borrowed(_) => None,
            Cow::Owned(masked) => Some(masked),
        }),
        Kind::Json => json::mask(body, redactor, tally)
            .map_err(|()| Refusal::Malformed("its secrets cannot be masked so that it stays JSON; nothing of it left")),
        Kind::Msgpack => msgpack(body, redactor, tally),
        Kind::Proto(message) => proto::mask(body, message, redactor, tally),
    }
}

/// Values of MessagePack behind each other.
fn msgpack(body: &[u8], redactor: &Redactor, tally: &mut Tally) -> Result<Option<Vec<u8>>, Refusal> {
    let broken = |_| Refusal::Malformed("the body is no MessagePack; nothing of it left");
    let (mut masker, mut out) = (Masker::new(redactor), Vec::with_capacity(body.len()));
    let mut batch = masker.batch(body, &mut out);
    while !batch.is_empty() {
        batch.value(0).map_err(broken)?;
    }
    batch.end().map_err(broken)?;
    tally.add(&masker.take_tally());
    Ok((out != body).then_some(out))
}

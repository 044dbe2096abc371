//! A message as it came -> the message that leaves: masked, in the mode it had.
//!
//! Where nothing was masked it leaves byte for byte, but for a chunk of ours where it had none.

use std::io;

use super::Refusal;
use super::ack;
use super::inflate::Method;
use super::mask::Masker;
use super::message::{Entries, Message, Options};
use super::msgpack::{Kind, Reader, Token, header, may_hold_text, put_array, put_like, put_map, put_str, put_uint};
use crate::engine::wipe::wipe;

/// Of what was compressed so much is judged at once.
const RUN_BYTES: usize = 64 << 10;

/// A message that leaves.
pub struct Outgoing {
    /// It.
    pub bytes: Vec<u8>,
    /// How many events it carries.
    pub events: u64,
    /// What the upstream will say when it has it: None when it was not asked.
    pub chunk: Option<Vec<u8>>,
    /// What the sender wants to hear then.
    pub ack: Option<Vec<u8>>,
}

/// Masks a message. `own` names those that the sender has not named. None: there is nothing to send.
///
/// # Errors
/// When it is no message, or its entries are more than `limit` bytes once they are unpacked.
pub fn relay(value: &[u8], masker: &mut Masker, limit: usize, own: Option<&str>) -> Result<Option<Outgoing>, Refusal> {
    let Some(message) = Message::parse(value)? else { return Ok(None) };
    let sent = message.chunk();
    let own = own.filter(|_| sent.is_none());
    let with = message.options.is_some() || own.is_some();
    let parts = if matches!(message.entries, Entries::One(..)) { 3 } else { 2 };
    // Masks are longer than many secrets; a buffer that has to grow doubles.
    let mut out = Vec::with_capacity(value.len() + value.len() / 8 + 64);
    put_array(&mut out, parts + u32::from(with));
    let mut changed = masker.text(&message.tag, &mut out);
    masker.tag(message.tag.body);
    let (events, masked) = entries(&message, masker, limit, &mut out)?;
    changed |= masked;
    if with {
        let options = message.options.clone().unwrap_or_default();
        changed |= put_options(&options, own, events, masker, &mut out)?;
    }
    if !changed && own.is_none() {
        out.clear();
        out.extend_from_slice(value);
    }
    // It may have to be kept for long.
    out.shrink_to_fit();
    let chunk = sent.map(|c| c.body.to_vec()).or(own.map(|own| own.as_bytes().to_vec()));
    let ack = sent.map(|c| ack::answer(c.kind, c.body));
    Ok(Some(Outgoing { bytes: out, events, chunk, ack }))
}

/// Appends the options; whether any but those that are ours to set is not what it was.
fn put_options(
    options: &Options<'_>,
    own: Option<&str>,
    events: u64,
    masker: &mut Masker,
    out: &mut Vec<u8>,
) -> Result<bool, Refusal> {
    let known = [("size", options.size), ("compressed", options.compressed), ("fluent_signal", options.signal)];
    let named = own.is_some() || options.chunk.is_some();
    let count = known.iter().filter(|(_, value)| value.is_some()).count() + usize::from(named);
    put_map(out, (options.others.len() / 2 + count) as u32);
    // Of metrics and traces we do not know what was counted.
    let logs = options.signal.is_none_or(|s| s.kind == Kind::Uint(0));
    for (key, value) in known {
        let Some(value) = value else { continue };
        put_str(out, key.as_bytes());
        // Who counted wrong is set right.
        if key == "size" && logs { put_uint(out, events) } else { out.extend_from_slice(value.raw) }
    }
    if named {
        put_str(out, b"chunk");
        match options.chunk {
            Some(chunk) => out.extend_from_slice(chunk.raw),
            None => put_str(out, own.unwrap_or_default().as_bytes()),
        }
    }
    if options.others.is_empty() {
        return Ok(false);
    }
    let mut map = Vec::new();
    put_map(&mut map, options.others.len() as u32 / 2);
    map.extend(options.others.concat());
    let mut masked = Vec::new();
    let changed = masker.value(&map, &mut masked);
    wipe(&mut map);
    // The header is written already, for all of them.
    out.extend_from_slice(&masked[Reader(&masked).token()?.raw.len()..]);
    changed
}

/// Appends the entries, masked: how many they are, and whether they are not what they were.
fn entries(
    message: &Message<'_>,
    masker: &mut Masker,
    limit: usize,
    out: &mut Vec<u8>,
) -> Result<(u64, bool), Refusal> {
    let logs = message.is_logs();
    match message.entries {
        Entries::One(time, record) => {
            let changed = part(time, masker, out)?;
            Ok((1, part(record, masker, out)? | changed))
        }
        Entries::List(header) => {
            out.extend_from_slice(header.raw);
            run(message.list, logs, masker, out)
        }
        Entries::Packed(token) => {
            // In its place at once: a message may be large. What its header must say is known in the end.
            let start = out.len();
            out.extend_from_slice(unchanged(&token));
            let body = out.len();
            let (events, changed) = run(token.body, logs, masker, out)?;
            if changed {
                let header = header(token.kind, out.len() - body);
                out.splice(start..body, header);
            }
            Ok((events, changed))
        }
        Entries::Compressed(token, method) => {
            let mut plain = Vec::new();
            let packed =
                compressed(token.body, method, limit, &mut plain, |entries, out| run(entries, logs, masker, out));
            wipe(&mut plain);
            let (packed, events, changed) = packed?;
            let changed = changed || method.holds_more(token.body);
            if changed {
                put_like(out, token.kind, &packed)
            } else {
                out.extend_from_slice(token.raw)
            }
            Ok((events, changed))
        }
    }
}

/// Entries that were compressed, as they leave: compressed again, how many they are, and whether they are not what they were.
/// They pass through `plain`.
fn compressed(
    body: &[u8],
    method: Method,
    limit: usize,
    plain: &mut Vec<u8>,
    mut run: impl FnMut(&[u8], &mut Vec<u8>) -> Result<(u64, bool), Refusal>,
) -> Result<(Vec<u8>, u64, bool), Refusal> {
    let mut values = method.open(body, limit)?;
    let mut packer = method.writer().map_err(internal)?;
    let (mut events, mut changed, mut masked) = (0, false, Vec::new());
    loop {
        let value = values.next_value()?;
        let ended = value.is_none();
        plain.extend_from_slice(value.unwrap_or_default());
        if ended || plain.len() >= RUN_BYTES {
            masked.clear();
            let (more, other) = run(plain, &mut masked)?;
            (events, changed) = (events + more, changed | other);
            wipe(plain);
            packer.put(&masked).map_err(internal)?;
        }
        if ended {
            return Ok((packer.finish().map_err(internal)?, events, changed));
        }
    }
}

/// The header that the sender gave.
fn unchanged<'a>(token: &Token<'a>) -> &'a [u8] {
    &token.raw[..token.raw.len() - token.body.len()]
}

/// What compressing into memory could say.
fn internal(_: io::Error) -> Refusal {
    Refusal::Malformed("what was compressed could not be compressed again")
}

/// Entries one behind the other: each a time, with metadata or without, and a record. Of metrics and traces any values.
fn run(entries: &[u8], logs: bool, masker: &mut Masker, out: &mut Vec<u8>) -> Result<(u64, bool), Refusal> {
    let (start, mut events) = (out.len(), 0);
    let mut batch = masker.batch(entries, out);
    while !batch.is_empty() {
        events += 1;
        if !logs {
            batch.part(0)?;
            continue;
        }
        if batch.token()?.kind != Kind::Array(2) {
            return Err(Refusal::Malformed("an entry is no pair of time and record"));
        }
        batch.part(1)?;
        batch.part(1)?;
    }
    batch.end()?;
    Ok((events, out[start..] != *entries))
}

fn part(value: &[u8], masker: &mut Masker, out: &mut Vec<u8>) -> Result<bool, Refusal> {
    if may_hold_text(value) {
        return masker.value(value, out);
    }
    out.extend_from_slice(value);
    Ok(false)
}

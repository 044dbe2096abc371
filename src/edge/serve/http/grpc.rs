//! A call of gRPC: messages of protobuf, each behind five bytes.

use super::coding::Coding;
use super::proto;
use super::proto::table::Message;
use super::refusal::Refusal;
use crate::edge::serve::http::body::Judged;
use crate::engine::redactor::Redactor;
use crate::engine::wipe::wipe;

/// A flag and a length.
const HEAD_BYTES: usize = 5;
const BROKEN: Refusal = Refusal::Malformed("the body is no call of gRPC, or is cut off; nothing of it left");

/// Judges the messages of a call; `coding` is how those are compressed that say that they are.
///
/// # Errors
/// When one of them is no message, or becomes more than `limit`.
pub fn judge(
    body: &[u8],
    message: &'static Message,
    coding: Coding,
    limit: usize,
    redactor: &Redactor,
) -> Result<Judged, Refusal> {
    let mut judged = Judged::default();
    let mut out = Vec::with_capacity(body.len() + body.len() / 8);
    let mut changed = false;
    let mut rest = body;
    while let Some((head, behind)) = rest.split_first_chunk::<HEAD_BYTES>() {
        let len = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let (own, others) = behind.split_at_checked(len).ok_or(BROKEN)?;
        rest = others;
        let masked = match head[0] {
            0 => {
                judged.plain += own.len();
                proto::mask(own, message, redactor, &mut judged.tally)?
            }
            // Without a coding it would be a guess.
            1 if coding != Coding::Identity => {
                let mut opened = coding.open(own, limit.saturating_sub(judged.plain))?;
                judged.plain += opened.bytes.len();
                let masked = proto::mask(&opened.bytes, message, redactor, &mut judged.tally);
                let packed = match masked {
                    Ok(None) if opened.extras => opened.coding.pack(&opened.bytes).map(Some),
                    Ok(masked) => masked.map(|masked| opened.coding.pack(&masked)).transpose(),
                    Err(why) => Err(why),
                };
                wipe(&mut opened.bytes);
                packed?
            }
            _ => return Err(BROKEN),
        };
        changed |= masked.is_some();
        let leaves = masked.as_deref().unwrap_or(own);
        out.push(head[0]);
        out.extend_from_slice(&u32::try_from(leaves.len()).map_err(|_| Refusal::Large)?.to_be_bytes());
        out.extend_from_slice(leaves);
    }
    if !rest.is_empty() {
        return Err(BROKEN);
    }
    judged.body = changed.then_some(out);
    Ok(judged)
}

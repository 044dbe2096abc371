//! Masked text -> frames for the upstream.

use std::io::Write;

use memchr::{memchr, memrchr};

use super::frame::Framing;
use crate::engine::wipe::wipe;

/// Memory that is kept between records, in bytes.
const KEPT_BYTES: usize = 4 << 10;

/// Makes whole frames of at most a limit; a record over it leaves as several.
///
/// A byte of a record that its new framing would take for the record's end becomes a blank; a line
/// feed at the record's end goes.
pub struct Encoder {
    limit: usize,
    /// None until the first frame under "same".
    target: Option<Framing>,
    /// The frame that is not whole yet.
    frame: Vec<u8>,
    /// The record has left a frame already.
    cut: bool,
    frames: u64,
    /// Line ends of which frames were made one by one.
    counted: u64,
    over: u64,
}

impl Encoder {
    /// Frames of at most `limit` bytes without what the framing adds; without a `target` the
    /// framing is that of the first frame.
    pub fn new(target: Option<Framing>, limit: usize) -> Encoder {
        Encoder { limit, target, frame: Vec::new(), cut: false, frames: 0, counted: 0, over: 0 }
    }

    /// The framing of what leaves; `received` is what it is received in.
    pub fn target(&mut self, received: Framing) -> Framing {
        *self.target.get_or_insert(received)
    }

    /// Bytes that wait for their frame's end.
    pub fn held(&self) -> usize {
        self.frame.len()
    }

    /// Frames since the last call.
    pub fn take_frames(&mut self) -> u64 {
        std::mem::take(&mut self.frames)
    }

    /// Records over the limit since the last call.
    pub fn take_over(&mut self) -> u64 {
        std::mem::take(&mut self.over)
    }

    /// Gives back memory that a large record took.
    pub fn trim(&mut self, keep: usize) {
        if self.frame.len() <= keep && self.frame.capacity() > keep {
            self.frame.shrink_to(keep);
        }
    }

    /// Takes masked text whose line feeds end records; [`Encoder::count_lines`] is told of them.
    pub fn lines(&mut self, mut text: &[u8], out: &mut Vec<u8>) {
        if self.target(Framing::Newline) == Framing::Newline && !self.cut && self.frame.len() + text.len() <= self.limit
        {
            let whole = memrchr(b'\n', text).map_or(0, |i| i + 1);
            if whole > 0 {
                out.append(&mut self.frame);
                out.extend_from_slice(&text[..whole]);
            }
            self.frame.extend_from_slice(&text[whole..]);
            return;
        }
        while let Some(i) = memchr(b'\n', text) {
            self.add(&text[..i], Framing::Newline, out);
            self.end(Framing::Newline, out);
            self.counted += 1;
            text = &text[i + 1..];
        }
        self.add(text, Framing::Newline, out);
    }

    /// So many records ended in what [`Encoder::lines`] took since the last call: the engine knows, so that
    /// nobody looks for line ends again.
    pub fn count_lines(&mut self, ended: u64) {
        self.frames += ended.saturating_sub(std::mem::take(&mut self.counted));
    }

    /// Takes masked text of a record that [`Encoder::end`] ends, received in `framing`.
    pub fn piece(&mut self, text: &[u8], framing: Framing, out: &mut Vec<u8>) {
        self.add(text, framing, out);
    }

    /// The record ends.
    pub fn end(&mut self, framing: Framing, out: &mut Vec<u8>) {
        if !self.cut || !self.frame.is_empty() {
            self.emit(self.frame.len(), framing, out);
        }
        self.cut = false;
        if self.frame.capacity() > KEPT_BYTES {
            self.frame = Vec::new();
        }
    }

    /// The stream ends; what is left leaves as a record.
    pub fn finish(&mut self, framing: Framing, out: &mut Vec<u8>) {
        if !self.frame.is_empty() {
            self.end(framing, out);
        }
    }

    fn add(&mut self, mut text: &[u8], framing: Framing, out: &mut Vec<u8>) {
        while self.frame.len() + text.len() > self.limit {
            let (here, rest) = text.split_at(self.limit - self.frame.len());
            self.frame.extend_from_slice(here);
            self.over += u64::from(!self.cut);
            self.cut = true;
            self.emit(boundary(&self.frame), framing, out);
            text = rest;
        }
        self.frame.extend_from_slice(text);
    }

    /// Sends the first `len` bytes of the frame.
    fn emit(&mut self, len: usize, framing: Framing, out: &mut Vec<u8>) {
        let target = self.target(framing);
        framed(&self.frame[..len], target, out);
        self.frames += u64::from(target != Framing::Octet || len > 0);
        self.frame.drain(..len);
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        wipe(&mut self.frame);
    }
}

/// Whole frames of one framing in another one.
pub fn reframed(mut frames: &[u8], from: Framing, to: Framing) -> Vec<u8> {
    let mut out = Vec::with_capacity(frames.len() + frames.len() / 8);
    while !frames.is_empty() {
        let (text, rest) = from.first(frames);
        framed(text, to, &mut out);
        frames = rest;
    }
    out
}

fn framed(text: &[u8], target: Framing, out: &mut Vec<u8>) {
    match target.mark() {
        Some(mark) => ended(text, mark, out),
        // A count of zero is none.
        None if text.is_empty() => {}
        None => {
            // Writing into a vector cannot fail.
            let _ = write!(out, "{} ", text.len());
            out.extend_from_slice(text);
        }
    }
}

fn ended(text: &[u8], mark: u8, out: &mut Vec<u8>) {
    let text = text.strip_suffix(b"\n").filter(|_| mark == b'\n').unwrap_or(text);
    let begin = out.len();
    out.extend_from_slice(text);
    if memchr(mark, text).is_some() {
        out[begin..].iter_mut().filter(|b| **b == mark).for_each(|b| *b = b' ');
    }
    out.push(mark);
}

/// Where to cut, so that no character of UTF-8 is torn.
fn boundary(frame: &[u8]) -> usize {
    let back = frame.iter().rev().take(3).take_while(|b| **b & 0xC0 == 0x80).count();
    let Some(head) = frame.len().checked_sub(back + 1).filter(|head| *head > 0) else {
        return frame.len();
    };
    let needs = match frame[head] {
        0xC0..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF7 => 4,
        _ => return frame.len(),
    };
    if back + 1 < needs { head } else { frame.len() }
}

//! What a person sees come: records as [`Ends`] cuts them, and of the one that has not ended what is
//! [settled](super::settled).

use super::ends::{Ends, Place};
use super::settled::Settled;
use super::typed::Typed;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;

/// Bytes of a record that are kept here. One that is longer waits in the stream for its end.
const KEPT_BYTES_MAX: usize = 64 << 10;

/// A stream for a terminal. Whole records leave as a [`Stream`] judges them; of an unfinished one, after a silence,
/// what can be no part of a secret whatever comes, and what was typed.
pub struct Screen {
    stream: Stream,
    settled: Settled,
    typed: Typed,
    ends: Ends,
    /// The record that has not ended.
    record: Vec<u8>,
    /// What of it left already.
    shown: Shown,
    /// Some came since the last silence.
    fresh: bool,
    /// It was longer than is kept, and is in the stream.
    long: bool,
}

impl Screen {
    /// At the beginning; `typed` is told what is typed at this terminal.
    pub fn new(redactor: &Redactor, typed: &Typed) -> Screen {
        Screen {
            stream: Stream::new(redactor),
            settled: Settled::new(redactor),
            typed: typed.clone(),
            ends: Ends::default(),
            record: Vec::new(),
            shown: Shown::default(),
            fresh: false,
            long: false,
        }
    }

    /// Counts so far.
    pub fn tally(&self) -> &Tally {
        self.stream.tally()
    }

    /// Whether a silence could let something leave.
    pub fn waits(&self) -> bool {
        self.fresh
    }

    /// Takes the next bytes; records that end with them leave.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let end = match self.ends.next(*byte) {
                Place::Inside | Place::Sequence => continue,
                Place::Last => at + 1,
                Place::Next => at,
            };
            self.record.extend_from_slice(&bytes[from..end]);
            from = end;
            self.end(sink);
        }
        if from < bytes.len() {
            self.record.extend_from_slice(&bytes[from..]);
            self.fresh = !self.long;
        }
        if self.record.len() > KEPT_BYTES_MAX {
            self.send(sink);
            (self.long, self.fresh) = (true, false);
        }
    }

    /// Nothing came for a while: what is settled of the unfinished record leaves.
    pub fn quiet(&mut self, sink: &mut impl FnMut(&[u8])) {
        self.fresh = false;
        // What an earlier record left open has a say in this one, and a long one is no prompt.
        if self.long || !self.stream.is_between() {
            return;
        }
        let upto = self.settled.upto(&self.record);
        let echo = upto.echoed > upto.settled && self.typed.ends_with(&self.record[upto.settled..upto.echoed]);
        let upto = if echo { upto.echoed } else { upto.settled };
        let from = self.shown.0.len();
        if upto > from {
            sink(&self.record[from..upto]);
            self.shown.0.extend_from_slice(&self.record[from..upto]);
        }
    }

    /// Ends it: what is left leaves as a record.
    pub fn finish(&mut self, sink: &mut impl FnMut(&[u8])) {
        self.end(sink);
        self.stream.finish_with(sink);
    }

    fn end(&mut self, sink: &mut impl FnMut(&[u8])) {
        if !self.record.is_empty() || self.long {
            self.send(sink);
            let shown = &mut self.shown;
            self.stream.end_record_with(&mut |piece| shown.rest(piece, sink));
            self.settled.forget();
            self.shown.forget();
            (self.long, self.fresh) = (false, false);
        }
    }

    /// Hands what is kept to the stream.
    fn send(&mut self, sink: &mut impl FnMut(&[u8])) {
        let shown = &mut self.shown;
        self.stream.push_with(&self.record, &mut |piece| shown.rest(piece, sink));
        wipe(&mut self.record);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        wipe(&mut self.record);
    }
}

/// The beginning of a record that left before it was judged, and how much of it came again.
#[derive(Default)]
struct Shown(Vec<u8>, usize);

impl Shown {
    /// Hands on a piece of the judged record without what was shown. Where a mask took a part of that, which is a public
    /// beginning at most, the mask is handed on as a whole.
    fn rest(&mut self, piece: &[u8], sink: &mut impl FnMut(&[u8])) {
        let same = piece.iter().zip(&self.0[self.1..]).take_while(|(a, b)| a == b).count();
        self.1 = if same < piece.len() { self.0.len() } else { self.1 + same };
        if same < piece.len() {
            sink(&piece[same..]);
        }
    }

    fn forget(&mut self) {
        wipe(&mut self.0);
        self.1 = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Screen, Typed};
    use crate::engine::redactor::Redactor;

    /// What leaves, with a silence behind each of these many bytes.
    fn shown(text: &str, step: usize, typed: &str) -> Vec<String> {
        let keys = Typed::default();
        let mut screen = Screen::new(&Redactor::builtin(), &keys);
        let mut all = Vec::new();
        let mut left = String::new();
        for part in text.as_bytes().chunks(step) {
            if typed.as_bytes().windows(part.len()).any(|keys| keys == part) {
                keys.note(part);
            }
            screen.push(part, &mut |piece| left.push_str(std::str::from_utf8(piece).unwrap()));
            screen.quiet(&mut |piece| left.push_str(std::str::from_utf8(piece).unwrap()));
            all.push(left.clone());
        }
        screen.finish(&mut |piece| left.push_str(std::str::from_utf8(piece).unwrap()));
        all.push(left);
        all
    }

    #[test]
    fn however_silences_fall_the_same_leaves() {
        for (text, wanted) in [
            (
                "Password: hunter2\nnext password=hunter2\n",
                "Password: [REDACTED:password]\nnext password=[REDACTED:password]\n",
            ),
            ("$ ls\r\na b c\r\n$ ", "$ ls\r\na b c\r\n$ "),
            ("10 %\r20 %\rtoken=q8Zr1Lw0mXv93TbN", "10 %\r20 %\rtoken=[REDACTED:access-token]"),
            ("\x1b[31mpassword=\x1b[1mhunter2\x1b[0m\n", "\x1b[31mpassword=\x1b[1m[REDACTED:password]\x1b[0m\n"),
            ("\x1b[2;1Hone\x1b[3;1Htwo password=hunter2", "\x1b[2;1Hone\x1b[3;1Htwo password=[REDACTED:password]"),
        ] {
            for step in 1..=text.len() {
                let left = shown(text, step, "");
                assert_eq!(left.last().unwrap(), wanted, "{step}");
                assert!(left.iter().all(|left| wanted.starts_with(left.as_str())), "{step}: {left:?}");
            }
        }
    }

    #[test]
    fn a_long_record_waits_for_its_end() {
        let text = format!("Name: {} password=hunter2\nlast", "x ".repeat(60_000));
        let left = shown(&text, 4096, "");
        assert_eq!(left.last().unwrap(), &text.replace("hunter2", "[REDACTED:password]"));
    }

    #[test]
    fn what_is_typed_is_seen_until_a_key_is() {
        let left = shown("$ export DB_PASSWORD=hunter2", 1, "export DB_PASSWORD=hunter2");
        assert_eq!(left[7], "$ export");
        assert_eq!(left[left.len() - 2], "$ export DB_PASSWORD=");
        // The same from the program, which nobody typed.
        assert_eq!(shown("$ export DB_PASSWORD=hunter2", 1, "")[7], "$ ");
    }

    /// A line that an earlier one left open.
    #[test]
    fn nothing_of_a_key_block_leaves_early() {
        let text = format!("-----BEGIN PRIVATE{} KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n", "");
        assert!(shown(&text, 1, "").iter().all(|left| !left.contains("MIIE")));
    }
}

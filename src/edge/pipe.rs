//! Blocking Read -> Stream -> Write: large reads, few writes, and nothing complete is held back
//! while a read could block.

use std::io::{self, Read};
use std::time::Duration;

use super::encoding::{Detector, Wide};
use super::form::{Form, Formed};
use super::outbox::Sink;
use super::patience::{self, Patience};
use super::wtf8::{Decoder, Encoder, Order};
use crate::engine::api::parallel::Judged;
use crate::engine::found::tally::Tally;
use crate::engine::redactor::Redactor;
use crate::engine::stream::Stream;
use crate::engine::wipe::wipe;

/// Bytes asked for in one read.
pub const READ_BYTES: usize = 256 << 10;

/// How an input is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// ASCII-compatible, unless it looks like UTF-16: then it is refused.
    Detect,
    /// ASCII-compatible, whatever it looks like.
    Bytes,
    /// UTF-16, masked in place.
    Utf16(Order),
}

/// Why an input did not go through to its end.
#[derive(Debug)]
pub enum Trouble {
    /// It could not be read.
    Read(io::Error),
    /// What is left of it could not be written.
    Write(io::Error),
    /// It is in an encoding that a filter of bytes would not see into.
    Refused(Wide),
}

impl From<io::Error> for Trouble {
    /// Of what is written; reading names its errors itself.
    fn from(e: io::Error) -> Trouble {
        Trouble::Write(e)
    }
}

/// One input on its way: a [`Stream`], and what its encoding needs around it.
pub struct Lane {
    stream: Stream,
    detector: Option<Detector>,
    /// Without an encoder the text leaves as WTF-8.
    wide: Option<(Decoder, Option<Encoder>)>,
    formed: Option<Formed>,
    looking: bool,
    text: Vec<u8>,
    units: Vec<u8>,
}

impl Lane {
    /// At the beginning of an input.
    pub fn new(redactor: &Redactor, encoding: Encoding) -> Lane {
        Lane {
            stream: Stream::new(redactor),
            detector: (encoding == Encoding::Detect).then(Detector::default),
            wide: match encoding {
                Encoding::Utf16(order) => Some((Decoder::new(order), Some(Encoder::new(order)))),
                Encoding::Detect | Encoding::Bytes => None,
            },
            formed: None,
            looking: false,
            text: Vec::new(),
            units: Vec::new(),
        }
    }

    /// Like [`Lane::new`] for looking only: what leaves is not encoded as UTF-16 again.
    pub fn looking(redactor: &Redactor, encoding: Encoding) -> Lane {
        let mut lane = Lane::new(redactor, encoding);
        if let Some((_, encoder)) = &mut lane.wide {
            *encoder = None;
        }
        lane.looking = true;
        lane
    }

    /// Records are in this form; before the first byte.
    pub fn set_form(&mut self, form: Form) {
        // What is decoded first is judged as text.
        self.formed = if self.wide.is_none() { Formed::of(form, self.looking, &mut self.stream) } else { None };
    }

    /// Counts so far, of the text as it was judged.
    pub fn tally(&self) -> Tally {
        let mut tally = self.stream.tally().clone();
        tally.unjudged += self.formed.as_ref().map_or(0, Formed::unjudged);
        tally
    }

    /// Takes the next bytes; what may leave goes to `sink`.
    ///
    /// # Errors
    /// When the bytes look like UTF-16 and nobody said what to do about it; none of them leaves.
    pub fn push(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) -> Result<(), Wide> {
        self.look(bytes)?;
        if let Some(formed) = &mut self.formed {
            formed.push(bytes, &mut self.stream, sink);
            return Ok(());
        }
        let Some((decoder, encoder)) = &mut self.wide else {
            self.push_seen(bytes, sink);
            return Ok(());
        };
        decoder.push(bytes, &mut self.text);
        self.stream.push_with(&self.text, &mut |text| encoded(encoder.as_mut(), text, &mut self.units, sink));
        wipe(&mut self.text);
        Ok(())
    }

    /// Sees whether the next bytes are in an encoding that hides secrets.
    ///
    /// # Errors
    /// When they look like UTF-16 and nobody said what to do about it.
    pub fn look(&mut self, bytes: &[u8]) -> Result<(), Wide> {
        self.detector.as_mut().and_then(|d| d.look(bytes)).map_or(Ok(()), Err)
    }

    /// Whether what comes is looked through as it is.
    pub fn is_plain(&self) -> bool {
        self.wide.is_none() && self.formed.is_none()
    }

    /// Takes the next bytes of a plain lane, looked at already.
    pub fn push_seen(&mut self, bytes: &[u8], sink: &mut impl FnMut(&[u8])) {
        self.stream.push_with(bytes, sink);
    }

    /// Takes the next whole records of a plain lane, looked at and judged already.
    pub fn push_judged(&mut self, block: &[u8], judged: Judged, sink: &mut impl FnMut(&[u8])) {
        self.stream.push_judged(block, judged, sink);
    }

    /// How long what is held may wait for more; none is for ever.
    pub fn patience(&self) -> Option<Duration> {
        self.formed.as_ref().and_then(Formed::patience)
    }

    /// Lets go what has waited for too long.
    pub fn age(&mut self, sink: &mut impl FnMut(&[u8])) {
        if let Some(formed) = &mut self.formed {
            formed.age(&mut self.stream, sink);
        }
    }

    /// Ends the input.
    pub fn finish(&mut self, sink: &mut impl FnMut(&[u8])) {
        if let Some(formed) = &mut self.formed {
            return formed.finish(&mut self.stream, sink);
        }
        let Some((decoder, encoder)) = &mut self.wide else {
            return self.stream.finish_with(sink);
        };
        let odd = decoder.finish(&mut self.text);
        let mut send = |text: &[u8]| encoded(encoder.as_mut(), text, &mut self.units, sink);
        self.stream.push_with(&self.text, &mut send);
        self.stream.finish_with(&mut send);
        if let Some(encoder) = encoder {
            encoder.finish(&mut self.units);
        }
        self.units.extend(odd);
        sink(&self.units);
        wipe(&mut self.units);
        wipe(&mut self.text);
    }
}

/// Hands `text` on, as units if there is an encoder.
fn encoded(encoder: Option<&mut Encoder>, text: &[u8], units: &mut Vec<u8>, sink: &mut impl FnMut(&[u8])) {
    let Some(encoder) = encoder else {
        return sink(text);
    };
    encoder.push(text, units);
    sink(units);
    wipe(units);
}

/// A read buffer, wiped when dropped.
pub struct Buffer(Vec<u8>);

impl Default for Buffer {
    fn default() -> Self {
        Buffer(vec![0; READ_BYTES])
    }
}

impl Buffer {
    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Where to read to.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Runs an input to its end. Whatever is complete is written before the next read, which by `patience` waits no longer than
/// what is held may. `seen` is told how many bytes each read gave.
///
/// # Errors
/// See [`Trouble`]. After a read error what came before it has left, masked.
pub fn pump(
    input: &mut dyn Read,
    lane: &mut Lane,
    out: &mut impl Sink,
    buffer: &mut Buffer,
    patience: &Patience,
    seen: &mut dyn FnMut(usize),
) -> Result<(), Trouble> {
    let end = loop {
        patience.set(lane.patience());
        match input.read(&mut buffer.0) {
            Ok(0) => break Ok(()),
            Ok(n) => {
                let pushed = lane.push(&buffer.0[..n], &mut |piece| out.take(piece));
                out.flush().map_err(Trouble::Write)?;
                pushed.map_err(Trouble::Refused)?;
                seen(n);
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) if patience::is_over(&e) => {
                lane.age(&mut |piece| out.take(piece));
                out.flush().map_err(Trouble::Write)?;
            }
            Err(e) => break Err(Trouble::Read(e)),
        }
    };
    patience.set(None);
    lane.finish(&mut |piece| out.take(piece));
    out.flush().map_err(Trouble::Write)?;
    end
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};

    use super::{Buffer, Encoding, Lane, Patience, Trouble, pump};
    use crate::edge::outbox::Outbox;
    use crate::edge::wtf8::Order;
    use crate::engine::redactor::Redactor;

    /// Gives its parts, then fails.
    struct Parts(Vec<&'static [u8]>);

    impl Read for Parts {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0.is_empty() {
                return Err(io::Error::other("gone"));
            }
            let part = self.0.remove(0);
            buffer[..part.len()].copy_from_slice(part);
            Ok(part.len())
        }
    }

    #[test]
    fn what_came_before_an_error_leaves_masked() {
        let mut lane = Lane::new(&Redactor::builtin(), Encoding::Detect);
        let mut out = Outbox::new(Vec::new());
        let mut input = Parts(vec![b"one\npass", b"word=hunter2"]);
        let end = pump(&mut input, &mut lane, &mut out, &mut Buffer::default(), &Patience::default(), &mut |_| {});
        assert!(matches!(end, Err(Trouble::Read(_))));
        assert_eq!(out.into_inner(), b"one\npassword=[REDACTED:password]");
    }

    #[test]
    fn utf16_is_masked_in_place_however_cut() {
        let units = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
        let mut input = units("\u{FEFF}user=\u{1F600} password=hunter2\r\nnext\r\n");
        let mut expected = units("\u{FEFF}user=\u{1F600} password=[REDACTED:password]\r\nnext\r\n");
        // A lone surrogate and an odd last byte.
        input.extend([0xD8, 0x01, 0, b'x', b'z']);
        expected.extend([0xD8, 0x01, 0, b'x', b'z']);
        for step in [1, 2, 3, 1000] {
            let mut lane = Lane::new(&Redactor::builtin(), Encoding::Utf16(Order::Big));
            let mut out = Vec::new();
            input.chunks(step).for_each(|c| lane.push(c, &mut |b| out.extend_from_slice(b)).unwrap());
            lane.finish(&mut |b| out.extend_from_slice(b));
            assert_eq!(out, expected);
        }
    }
}

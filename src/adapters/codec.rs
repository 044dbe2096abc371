//! `tokio_util::codec`: frames that are masked on their way in or out.

use std::fmt;
use std::io;

use bytes::{Bytes, BytesMut};
use tokio_util::codec::{Decoder, Encoder};

use crate::engine::api::records::Records;
use crate::engine::redactor::Redactor;

/// Masks each frame of another codec, as one record: what `C` decodes, and what is handed to it to encode.
///
/// ```
/// use bytes::BytesMut;
/// use logveil::adapters::codec::RedactCodec;
/// use tokio_util::codec::{Decoder, LengthDelimitedCodec};
///
/// # fn main() -> std::io::Result<()> {
/// let mut codec = RedactCodec::new(LengthDelimitedCodec::new(), &logveil::Redactor::builtin());
/// let frame = codec.decode(&mut BytesMut::from(&b"\x00\x00\x00\x10password=hunter2"[..]))?;
/// assert_eq!(frame.unwrap(), "password=[REDACTED:password]");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RedactCodec<C> {
    inner: C,
    records: Records,
}

impl<C> RedactCodec<C> {
    /// Masks the frames of `inner`.
    pub fn new(inner: C, redactor: &Redactor) -> Self {
        RedactCodec { inner, records: Records::new(redactor) }
    }
}

/// The frame itself where it holds no secret.
fn masked(records: &Records, frame: Bytes) -> Bytes {
    let mut out = Vec::new();
    match records.redact_into(&frame, &mut out) {
        true => Bytes::from(out),
        false => frame,
    }
}

impl<C> Decoder for RedactCodec<C>
where
    C: Decoder,
    C::Item: AsRef<[u8]> + Send + 'static,
{
    type Item = Bytes;
    type Error = C::Error;

    fn decode(&mut self, src: &mut BytesMut) -> Result<Option<Bytes>, C::Error> {
        Ok(self.inner.decode(src)?.map(|frame| masked(&self.records, Bytes::from_owner(frame))))
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> Result<Option<Bytes>, C::Error> {
        Ok(self.inner.decode_eof(src)?.map(|frame| masked(&self.records, Bytes::from_owner(frame))))
    }
}

impl<C: Encoder<Bytes>> Encoder<Bytes> for RedactCodec<C> {
    type Error = C::Error;

    fn encode(&mut self, frame: Bytes, dst: &mut BytesMut) -> Result<(), C::Error> {
        self.inner.encode(masked(&self.records, frame), dst)
    }
}

/// Lines of any bytes, masked, without their line feed (and a carriage return before it) where they are decoded and with one
/// where they are encoded.
///
/// A line that grows over the limit is an error: whoever cuts it would cut a secret. For lines of any length read through a
/// [`RedactReader`](super::tokio::RedactReader), which looks at them in windows.
pub struct LineRedactor {
    records: Records,
    limit: usize,
    /// How much of the buffer is known to hold no line feed.
    looked: usize,
}

impl LineRedactor {
    /// Lines of at most `limit` bytes.
    pub fn new(redactor: &Redactor, limit: usize) -> Self {
        LineRedactor { records: Records::new(redactor), limit, looked: 0 }
    }

    fn too_long(&self) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, format!("a line is longer than {} bytes", self.limit))
    }
}

impl Decoder for LineRedactor {
    type Item = Bytes;
    type Error = io::Error;

    fn decode(&mut self, src: &mut BytesMut) -> io::Result<Option<Bytes>> {
        let Some(end) = memchr::memchr(b'\n', &src[self.looked..]).map(|n| self.looked + n) else {
            self.looked = src.len();
            return if src.len() > self.limit { Err(self.too_long()) } else { Ok(None) };
        };
        self.looked = 0;
        if end > self.limit {
            return Err(self.too_long());
        }
        let mut line = src.split_to(end + 1);
        let carriage_return = usize::from(line[..end].ends_with(b"\r"));
        line.truncate(end - carriage_return);
        Ok(Some(masked(&self.records, line.freeze())))
    }

    fn decode_eof(&mut self, src: &mut BytesMut) -> io::Result<Option<Bytes>> {
        if let Some(line) = self.decode(src)? {
            return Ok(Some(line));
        }
        self.looked = 0;
        let rest = src.split().freeze();
        Ok((!rest.is_empty()).then(|| masked(&self.records, rest)))
    }
}

impl Encoder<Bytes> for LineRedactor {
    type Error = io::Error;

    fn encode(&mut self, line: Bytes, dst: &mut BytesMut) -> io::Result<()> {
        dst.extend_from_slice(&masked(&self.records, line));
        dst.extend_from_slice(b"\n");
        Ok(())
    }
}

impl fmt::Debug for LineRedactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineRedactor").field("limit", &self.limit).finish_non_exhaustive()
    }
}

//! MessagePack, walked where it lies: nothing is copied, nothing is reserved for what a header only
//! claims, and depth is a number, not a stack of calls.

use rmp::Marker;
use rmp::encode;

use super::Refusal;

/// Containers in each other; deeper is refused.
pub const DEPTH_MAX: usize = 64;

/// What a value is.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Nothing.
    Nil,
    /// True or false.
    Bool(bool),
    /// An integer from zero on.
    Uint(u64),
    /// An integer below zero, or one that was written as one that may be.
    Int(i64),
    /// A number with a point.
    Float(f64),
    /// Text; its bytes may be anything.
    Str,
    /// Bytes.
    Bin,
    /// Another program's own type.
    Ext,
    /// So many values.
    Array(u32),
    /// So many pairs of values.
    Map(u32),
}

/// One header, with the body that belongs to it.
#[derive(Clone, Copy)]
pub struct Token<'a> {
    /// What it is.
    pub kind: Kind,
    /// All of it.
    pub raw: &'a [u8],
    /// The text or the bytes, behind the header.
    pub body: &'a [u8],
}

impl Token<'_> {
    /// How many values follow that belong to it.
    pub fn children(&self) -> u64 {
        children(self.kind)
    }
}

fn children(kind: Kind) -> u64 {
    match kind {
        Kind::Array(n) => u64::from(n),
        Kind::Map(n) => 2 * u64::from(n),
        _ => 0,
    }
}

/// What a header says: the kind, the header's length, the body's. None when it is not all there.
fn head(bytes: &[u8]) -> Result<Option<(Kind, usize, usize)>, Refusal> {
    let Some(first) = bytes.first() else { return Ok(None) };
    let number = |width: usize| {
        let read = bytes.get(1..=width)?;
        Some(read.iter().fold(0u64, |n, b| n << 8 | u64::from(*b)))
    };
    // Sign-extended from its width.
    let signed = |width: usize| number(width).map(|n| (n << (64 - 8 * width)) as i64 >> (64 - 8 * width));
    let plain = |width: usize, kind: Option<Kind>| kind.map(|kind| (kind, 1 + width, 0));
    let sized = |width: usize, kind: Kind| number(width).map(|n| (kind, 1 + width, n as usize));
    // The type's byte counts as header.
    let ext = |width: usize| number(width).map(|n| (Kind::Ext, 2 + width, n as usize));
    let many = |width: usize, kind: fn(u32) -> Kind| number(width).map(|n| (kind(n as u32), 1 + width, 0));
    Ok(match Marker::from_u8(*first) {
        Marker::Null => Some((Kind::Nil, 1, 0)),
        Marker::True => Some((Kind::Bool(true), 1, 0)),
        Marker::False => Some((Kind::Bool(false), 1, 0)),
        Marker::FixPos(n) => Some((Kind::Uint(n.into()), 1, 0)),
        Marker::FixNeg(n) => Some((Kind::Int(n.into()), 1, 0)),
        Marker::U8 => plain(1, number(1).map(Kind::Uint)),
        Marker::U16 => plain(2, number(2).map(Kind::Uint)),
        Marker::U32 => plain(4, number(4).map(Kind::Uint)),
        Marker::U64 => plain(8, number(8).map(Kind::Uint)),
        Marker::I8 => plain(1, signed(1).map(Kind::Int)),
        Marker::I16 => plain(2, signed(2).map(Kind::Int)),
        Marker::I32 => plain(4, signed(4).map(Kind::Int)),
        Marker::I64 => plain(8, signed(8).map(Kind::Int)),
        Marker::F32 => plain(4, number(4).map(|n| Kind::Float(f32::from_bits(n as u32).into()))),
        Marker::F64 => plain(8, number(8).map(|n| Kind::Float(f64::from_bits(n)))),
        Marker::FixStr(n) => Some((Kind::Str, 1, n.into())),
        Marker::Str8 => sized(1, Kind::Str),
        Marker::Str16 => sized(2, Kind::Str),
        Marker::Str32 => sized(4, Kind::Str),
        Marker::Bin8 => sized(1, Kind::Bin),
        Marker::Bin16 => sized(2, Kind::Bin),
        Marker::Bin32 => sized(4, Kind::Bin),
        Marker::FixExt1 => Some((Kind::Ext, 2, 1)),
        Marker::FixExt2 => Some((Kind::Ext, 2, 2)),
        Marker::FixExt4 => Some((Kind::Ext, 2, 4)),
        Marker::FixExt8 => Some((Kind::Ext, 2, 8)),
        Marker::FixExt16 => Some((Kind::Ext, 2, 16)),
        Marker::Ext8 => ext(1),
        Marker::Ext16 => ext(2),
        Marker::Ext32 => ext(4),
        Marker::FixArray(n) => Some((Kind::Array(n.into()), 1, 0)),
        Marker::Array16 => many(2, Kind::Array),
        Marker::Array32 => many(4, Kind::Array),
        Marker::FixMap(n) => Some((Kind::Map(n.into()), 1, 0)),
        Marker::Map16 => many(2, Kind::Map),
        Marker::Map32 => many(4, Kind::Map),
        Marker::Reserved => return Err(Refusal::Malformed("a byte that MessagePack does not use")),
    })
}

/// Finds where a value ends while its bytes still come, and looks at each header once.
pub struct Extent {
    /// Values still to come, from the outermost container to the innermost.
    open: Vec<u64>,
    /// Where the next header begins; the bytes of a body may not be there yet.
    at: usize,
    limit: usize,
}

impl Extent {
    /// Of a value of at most `limit` bytes.
    pub fn new(limit: usize) -> Extent {
        Extent { open: vec![1], at: 0, limit }
    }

    /// The value's length, once all of it is there; `bytes` begins where the value does.
    ///
    /// # Errors
    /// When it is no value, or larger or deeper than may be. A claim is enough.
    pub fn end(&mut self, bytes: &[u8]) -> Result<Option<usize>, Refusal> {
        loop {
            while self.open.last() == Some(&0) {
                self.open.pop();
            }
            let Some(left) = self.open.last_mut() else {
                return Ok((self.at <= bytes.len()).then_some(self.at));
            };
            let Some((kind, header, body)) = head(bytes.get(self.at..).unwrap_or_default())? else {
                return Ok(None);
            };
            *left -= 1;
            self.at = self.at.saturating_add(header).saturating_add(body);
            let children = children(kind);
            // Each takes a byte at least.
            if children + self.at as u64 > self.limit as u64 {
                return Err(Refusal::Large);
            }
            if children > 0 {
                if self.open.len() > DEPTH_MAX {
                    return Err(Refusal::Malformed("nested too deeply"));
                }
                self.open.push(children);
            }
        }
    }
}

/// Takes values one by one from bytes that are all there.
#[derive(Clone, Copy)]
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next header with its body; containers' values follow as tokens of their own.
    ///
    /// # Errors
    /// When the bytes end before it does.
    pub fn token(&mut self) -> Result<Token<'a>, Refusal> {
        let cut = Refusal::Malformed("a value is cut off");
        let (kind, header, body) = head(self.0)?.ok_or(cut)?;
        // The type's byte of an ext may be missing too.
        if self.0.len() < header + body {
            return Err(cut);
        }
        let (raw, rest) = self.0.split_at(header + body);
        self.0 = rest;
        Ok(Token { kind, raw, body: &raw[header..] })
    }

    /// The next value with all that is in it.
    ///
    /// # Errors
    /// When the bytes end before it does, or it is too deep.
    pub fn value(&mut self) -> Result<&'a [u8], Refusal> {
        let end = Extent::new(self.0.len()).end(self.0).map_err(|why| match why {
            Refusal::Large => Refusal::Malformed("a value is cut off"),
            other => other,
        })?;
        let (value, rest) = self.0.split_at(end.ok_or(Refusal::Malformed("a value is cut off"))?);
        self.0 = rest;
        Ok(value)
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Whether a value that is all there is a container or something that can hold text.
pub fn may_hold_text(value: &[u8]) -> bool {
    let kind = head(value).ok().flatten().map(|(kind, ..)| kind);
    matches!(kind, Some(Kind::Str | Kind::Bin | Kind::Array(_) | Kind::Map(_)))
}

// Writing into a vector cannot fail, so that what it says is passed over.

/// Appends a text.
pub fn put_str(out: &mut Vec<u8>, text: &[u8]) {
    let _ = encode::write_str_len(out, text.len() as u32);
    out.extend_from_slice(text);
}

/// Appends bytes.
pub fn put_bin(out: &mut Vec<u8>, bytes: &[u8]) {
    let _ = encode::write_bin(out, bytes);
}

/// Appends text or bytes, in the kind it had.
pub fn put_like(out: &mut Vec<u8>, kind: Kind, bytes: &[u8]) {
    if kind == Kind::Bin { put_bin(out, bytes) } else { put_str(out, bytes) }
}

/// The header of a text or of bytes.
pub fn header(kind: Kind, len: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(5);
    let _ = match kind {
        Kind::Bin => encode::write_bin_len(&mut out, len as u32),
        _ => encode::write_str_len(&mut out, len as u32),
    };
    out
}

/// Appends an integer.
pub fn put_uint(out: &mut Vec<u8>, n: u64) {
    let _ = encode::write_uint(out, n);
}

/// Appends a whole number that may be below zero.
pub fn put_int(out: &mut Vec<u8>, n: i64) {
    let _ = encode::write_sint(out, n);
}

/// Appends a number with a point.
pub fn put_float(out: &mut Vec<u8>, x: f64) {
    let _ = encode::write_f64(out, x);
}

/// Appends true or false.
pub fn put_bool(out: &mut Vec<u8>, b: bool) {
    let _ = encode::write_bool(out, b);
}

/// Appends nothing's sign.
pub fn put_nil(out: &mut Vec<u8>) {
    let _ = encode::write_nil(out);
}

/// Appends the header of an array.
pub fn put_array(out: &mut Vec<u8>, len: u32) {
    let _ = encode::write_array_len(out, len);
}

/// Appends the header of a map.
pub fn put_map(out: &mut Vec<u8>, len: u32) {
    let _ = encode::write_map_len(out, len);
}

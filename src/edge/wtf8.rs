//! UTF-16 -> WTF-8 -> UTF-16, so that text of that encoding can be masked in place.
//!
//! WTF-8 is UTF-8 that may hold lone surrogates, so that any sequence of units comes back as it was.

/// The order of a unit's two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Low byte first.
    Little,
    /// High byte first.
    Big,
}

/// Units in pieces -> WTF-8.
#[derive(Debug)]
pub struct Decoder {
    order: Order,
    /// Half a unit.
    half: Option<u8>,
    /// A high surrogate whose partner may be next.
    high: Option<u16>,
}

impl Decoder {
    /// At the beginning of a text.
    pub fn new(order: Order) -> Decoder {
        Decoder { order, half: None, high: None }
    }

    /// Takes the next bytes and appends their text.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.reserve(bytes.len() + bytes.len() / 2 + 4);
        for &b in bytes {
            let Some(first) = self.half.take() else {
                self.half = Some(b);
                continue;
            };
            let unit = match self.order {
                Order::Little => u16::from_le_bytes([first, b]),
                Order::Big => u16::from_be_bytes([first, b]),
            };
            self.unit(unit, out);
        }
    }

    /// Ends the text; an odd last byte is handed back, to leave as it came.
    pub fn finish(&mut self, out: &mut Vec<u8>) -> Option<u8> {
        if let Some(high) = self.high.take() {
            put(u32::from(high), out);
        }
        self.half.take()
    }

    fn unit(&mut self, unit: u16, out: &mut Vec<u8>) {
        if let Some(high) = self.high.take() {
            if (0xDC00..0xE000).contains(&unit) {
                let code = 0x1_0000 + ((u32::from(high) - 0xD800) << 10) + (u32::from(unit) - 0xDC00);
                return put(code, out);
            }
            put(u32::from(high), out);
        }
        match unit {
            0xD800..=0xDBFF => self.high = Some(unit),
            _ => put(u32::from(unit), out),
        }
    }
}

fn put(code: u32, out: &mut Vec<u8>) {
    let tail = |shift: u32| 0x80 | (code >> shift) as u8 & 0x3F;
    match code {
        0..0x80 => out.push(code as u8),
        0x80..0x800 => out.extend_from_slice(&[0xC0 | (code >> 6) as u8, tail(0)]),
        0x800..0x1_0000 => out.extend_from_slice(&[0xE0 | (code >> 12) as u8, tail(6), tail(0)]),
        _ => out.extend_from_slice(&[0xF0 | (code >> 18) as u8, tail(12), tail(6), tail(0)]),
    }
}

/// WTF-8 in pieces -> units.
#[derive(Debug)]
pub struct Encoder {
    order: Order,
    /// The character that has not ended: its bits so far, and how many bytes are missing.
    code: u32,
    missing: u8,
}

impl Encoder {
    /// At the beginning of a text.
    pub fn new(order: Order) -> Encoder {
        Encoder { order, code: 0, missing: 0 }
    }

    /// Takes the next bytes and appends their units. Bytes that are no WTF-8 (there are none, as
    /// spans end where characters do) become U+FFFD.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        out.reserve(2 * bytes.len());
        for &b in bytes {
            if b & 0xC0 == 0x80 && self.missing > 0 {
                self.code = self.code << 6 | u32::from(b & 0x3F);
                self.missing -= 1;
                if self.missing == 0 {
                    self.put(self.code, out);
                }
                continue;
            }
            self.finish(out);
            match b {
                0..=0x7F => self.put(u32::from(b), out),
                0xC0..=0xDF => (self.code, self.missing) = (u32::from(b & 0x1F), 1),
                0xE0..=0xEF => (self.code, self.missing) = (u32::from(b & 0x0F), 2),
                0xF0..=0xF7 => (self.code, self.missing) = (u32::from(b & 0x07), 3),
                _ => self.put(0xFFFD, out),
            }
        }
    }

    /// Ends the text.
    pub fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::take(&mut self.missing) > 0 {
            self.put(0xFFFD, out);
        }
    }

    fn put(&self, code: u32, out: &mut Vec<u8>) {
        let mut unit = |u: u32| match self.order {
            Order::Little => out.extend_from_slice(&(u as u16).to_le_bytes()),
            Order::Big => out.extend_from_slice(&(u as u16).to_be_bytes()),
        };
        match code.checked_sub(0x1_0000) {
            None => unit(code),
            Some(rest) => {
                unit(0xD800 + (rest >> 10 & 0x3FF));
                unit(0xDC00 + (rest & 0x3FF));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Decoder, Encoder, Order};

    fn round(bytes: &[u8], order: Order, step: usize) -> Vec<u8> {
        let (mut decoder, mut encoder) = (Decoder::new(order), Encoder::new(order));
        let (mut text, mut out) = (Vec::new(), Vec::new());
        bytes.chunks(step).for_each(|c| decoder.push(c, &mut text));
        let odd = decoder.finish(&mut text);
        text.chunks(step).for_each(|c| encoder.push(c, &mut out));
        encoder.finish(&mut out);
        out.extend(odd);
        out
    }

    #[test]
    fn any_bytes_come_back() {
        let mut seed = 7u64;
        let mut random = || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as u8
        };
        let mut bytes: Vec<u8> = (0..4001).map(|_| random()).collect();
        // Surrogates, alone and in pairs, in both orders of bytes.
        (0..4000).step_by(3).for_each(|i| bytes[i] = 0xD8 | random() & 7);
        for order in [Order::Little, Order::Big] {
            for step in [1, 2, 3, 5, 4001] {
                assert_eq!(round(&bytes, order, step), bytes);
            }
        }
    }

    #[test]
    fn text_is_utf8() {
        let text = "a\u{FEFF}\u{e9}\u{20ac}\u{1F600}\0";
        let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let mut out = Vec::new();
        let mut decoder = Decoder::new(Order::Little);
        decoder.push(&bytes, &mut out);
        assert_eq!(decoder.finish(&mut out), None);
        assert_eq!(out, text.as_bytes());
    }
}

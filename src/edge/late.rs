//! UTF-16 and UTF-32 anywhere in an input: behind other text, behind NULs, without a mark, in any script.
//!
//! Whatever the script, blanks, digits, line ends and all that a rule looks for are ASCII there, so that NULs stand in
//! it. Text without a NUL costs one search for it; the rest is looked at around NULs alone.

use memchr::memchr;

use super::wtf8::Order;

/// The fewest characters in a row with a NUL between each two that are UTF-16. Fewer occur: arguments of one letter in
/// `/proc/PID/cmdline`.
const STRIPES_MIN: usize = 6;
/// The same with three NULs, for UTF-32: tables of small numbers look alike.
const STRIPES_OF_THREE_MIN: usize = 16;
/// How far a look at the script goes back, in bytes.
const SPAN: usize = 512;
/// Looks are so far apart, in bytes, and at least so many NULs, so that they cost little whatever comes.
const STRIDE: u64 = 256;
const RUNS_MIN: u32 = 4;

/// Watches an input for NULs that stand as those of UTF-16 do, however it is cut.
#[derive(Default)]
pub struct Late {
    /// How many bytes there were.
    at: u64,
    /// The last ones of what was seen, at most [`SPAN`].
    tail: Vec<u8>,
    /// NULs at the very end.
    nuls: usize,
    /// What stands between the last two runs of NULs or behind the last: how many bytes, and the first of them.
    gap: (usize, u8),
    /// How long the last run of NULs was that something follows.
    width: usize,
    /// How many runs of that length stand one character apart.
    stripes: usize,
    /// Runs since the last look, and where that was.
    runs: u32,
    looked: u64,
}

/// What an input turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// UTF-16 from its beginning.
    Whole(Order),
    /// Something else first, then UTF-16 or UTF-32.
    Part,
}

/// What may stand in a text as one byte.
pub fn is_text(c: u8) -> bool {
    matches!(c, b'\t' | b'\n' | b'\r' | 0x1B | b' '..=b'~')
}

impl Late {
    /// Takes the next bytes; says what they are as soon as that shows.
    pub fn look(&mut self, bytes: &[u8]) -> Option<Turn> {
        let found = self.find(bytes);
        self.at += bytes.len() as u64;
        let keep = SPAN.saturating_sub(bytes.len()).min(self.tail.len());
        self.tail.drain(..self.tail.len() - keep);
        self.tail.extend_from_slice(&bytes[bytes.len().saturating_sub(SPAN)..]);
        found
    }

    fn find(&mut self, bytes: &[u8]) -> Option<Turn> {
        let mut from = 0;
        while let Some(i) = memchr(0, &bytes[from..]) {
            let begin = from + i;
            if self.between(&bytes[from..begin]) {
                return Some(Turn::Part);
            }
            from = bytes[begin..].iter().position(|b| *b != 0).map_or(bytes.len(), |n| begin + n);
            self.runs += u32::from(self.nuls == 0);
            self.nuls += from - begin;
            let here = self.at + from as u64;
            if self.runs >= RUNS_MIN && (here <= SPAN as u64 || here - self.looked >= STRIDE) {
                (self.runs, self.looked) = (0, here);
                if let Some(wide) = self.script(&bytes[..from]) {
                    return Some(wide);
                }
            }
        }
        self.between(&bytes[from..]).then_some(Turn::Part)
    }

    /// Takes what is no NUL; says whether characters and NULs have alternated for long enough.
    fn between(&mut self, bytes: &[u8]) -> bool {
        let Some(&first) = bytes.first() else { return false };
        if self.nuls > 0 {
            let (len, c) = self.gap;
            let goes_on = len == 1 && is_text(c) && self.nuls == self.width;
            self.stripes = if goes_on { self.stripes + 1 } else { 1 };
            self.width = std::mem::take(&mut self.nuls);
            self.gap = (0, first);
        }
        self.gap.0 += bytes.len();
        match self.width {
            1 => self.stripes >= STRIPES_MIN,
            3 => self.stripes >= STRIPES_OF_THREE_MIN,
            _ => false,
        }
    }

    /// Whether what ends with `bytes` is UTF-16 in another script than ASCII's.
    fn script(&self, bytes: &[u8]) -> Option<Turn> {
        let kept = SPAN.saturating_sub(bytes.len()).min(self.tail.len());
        let own = &bytes[bytes.len().saturating_sub(SPAN)..];
        let window = [&self.tail[self.tail.len() - kept..], own].concat();
        let begin = self.at + bytes.len() as u64 - window.len() as u64;
        let broken = !is_utf8(&window);
        let orders = [Order::Little, Order::Big].into_iter();
        let mut all = orders.flat_map(|order| [0, 1].map(|shift| (order, shift)));
        let (order, shift) = all.find(|(order, shift)| is_script(&window[*shift..], *order, broken))?;
        Some(if begin == 0 && shift == 0 { Turn::Whole(order) } else { Turn::Part })
    }
}

/// Whether bytes are UTF-8 but for characters that are cut at either end.
fn is_utf8(window: &[u8]) -> bool {
    let cut = window.iter().take(3).take_while(|b| **b & 0xC0 == 0x80).count();
    std::str::from_utf8(&window[cut..]).map_or_else(|e| e.error_len().is_none(), |_| true)
}

/// Whether units are a text: ASCII among letters of a script, and hardly anything else. Where the bytes are no UTF-8
/// (`broken`), scripts count whose letters' high bytes are text in ASCII.
fn is_script(bytes: &[u8], order: Order, broken: bool) -> bool {
    let (mut ascii, mut letters, mut other) = (0, 0, 0);
    let mut nothing = true;
    for unit in bytes.chunks_exact(2) {
        let (low, high) = match order {
            Order::Little => (unit[0], unit[1]),
            Order::Big => (unit[1], unit[0]),
        };
        let before = std::mem::replace(&mut nothing, (low, high) == (0, 0));
        match (low, high) {
            // A run of NULs in front is no sign; between numbers of four bytes there are many.
            (0, 0) => other += usize::from(!before),
            // Few letters end so, half of the numbers' bytes do.
            (0, _) => other += 1,
            (c, 0) if is_text(c) => ascii += 1,
            // Latin with marks: the upper half of its first block.
            (0xA0.., 0) => letters += 1,
            // Alphabets have a control character for a high byte.
            (_, 0x01..=0x08 | 0x0B | 0x0C | 0x0E..=0x1A | 0x1C..=0x1F) => letters += 1,
            // As likely two letters of ASCII.
            (low, high) if is_text(low) && is_text(high) => {}
            (_, 0x20 | 0x21 | 0x25 | 0x26 | 0x30..=0x9F | 0xAC..=0xDF | 0xF9..=0xFB | 0xFE | 0xFF) if broken => {
                letters += 1
            }
            _ => other += 1,
        }
    }
    ascii >= 4 && letters >= 8 && (ascii + letters) >= 15 * other && 2 * (ascii + letters) >= bytes.len() / 4
}

#[cfg(test)]
mod tests {
    use super::{Late, Turn};
    use crate::edge::wtf8::Order;

    const TEXTS: [&str; 6] = [
        "2026-11-28 11:00:01 INFO start\r\n2026-11-28 11:00:02 password=x\r\n",
        "запуск службы\r\nпароль принят, ошибок нет\r\nконец работы\r\n",
        "σύνδεση χρήστη\nτέλος εργασίας και αποσύνδεση\nνέα σύνδεση\n",
        "系统启动失败，请检查配置。\r\n用户已登录，一切正常。\r\n连接已关闭\r\n",
        "サーバーを起動しました。\nユーザーがログインしました。\n終了\n完了\n次へ\n",
        "서버가 시작되었습니다\n사용자가 로그인했습니다\n연결이 종료되었습니다\n",
    ];

    fn units(text: &str, order: Order) -> Vec<u8> {
        let bytes = |u: u16| if order == Order::Little { u.to_le_bytes() } else { u.to_be_bytes() };
        text.encode_utf16().flat_map(bytes).collect()
    }

    fn whole(bytes: &[u8]) -> Option<Turn> {
        Late::default().look(bytes)
    }

    fn cut(bytes: &[u8], step: usize) -> Option<Turn> {
        let mut late = Late::default();
        bytes.chunks(step).find_map(|piece| late.look(piece))
    }

    #[test]
    fn in_any_script_behind_anything_however_cut() {
        let line = b"2026-11-28 a line of text, as logs have it: \xC3\xA4 \xE7\xB3\xBB\n";
        let fronts =
            [vec![], vec![0; 5001], line.repeat(100), [line.repeat(90), vec![0; 4097], line.to_vec()].concat()];
        for order in [Order::Little, Order::Big] {
            for (text, front) in TEXTS.iter().flat_map(|t| fronts.iter().map(move |f| (t, f))) {
                let bytes = [front.clone(), units(&text.repeat(20), order)].concat();
                let found = whole(&bytes);
                assert!(found.is_some(), "{text} behind {} bytes, {order:?}", front.len());
                for step in [1, 2, 3, 7, 511, 4096] {
                    assert_eq!(cut(&bytes, step).is_some(), found.is_some(), "{text} {step}");
                }
            }
        }
        assert_eq!(whole(&units(&TEXTS[1].repeat(2), Order::Little)), Some(Turn::Whole(Order::Little)));
        let wide: Vec<u8> = "password=hunter2 from here".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
        assert_eq!(whole(&[line.to_vec(), wide].concat()), Some(Turn::Part));
    }

    /// It shows no later than with the line's end, so that nothing of the line has left.
    #[test]
    fn a_short_line_is_known_before_its_end() {
        for order in [Order::Little, Order::Big] {
            let bytes = [b"text\n".repeat(1000), units("pin=12\n", order)].concat();
            let end = bytes.iter().rposition(|b| *b == b'\n').unwrap();
            assert!(cut(&bytes[..=end], 1).is_some());
        }
    }

    #[test]
    fn nuls_between_words_and_in_binary_are_no_sign() {
        let mut state = 9u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u8
        };
        let noise: Vec<u8> = (0..4_000_000).map(|_| random()).collect();
        let sparse: Vec<u8> = (0..1_000_000).map(|_| if random() < 20 { 0 } else { random() }).collect();
        let ints: Vec<u8> = (0..50_000u32).flat_map(|n| (n * 7).to_le_bytes()).collect();
        let paths = b"./src/a.rs\0./src/main.rs\0./b\0./Cargo.toml\0./tests/it/x.rs\0".repeat(500);
        let rows = b"aaaaaaa\0bbbbbbb\0ccccccc\0".repeat(500);
        let chinese = "系统启动\0失败\0请检查配置\0".repeat(500).into_bytes();
        let command = b"test\x001\x00=\x001\x00-a\x00x\x00".repeat(10);
        for bytes in [noise, sparse, ints, paths, rows, chinese, command, vec![0; 100_000], (0..=255).collect()] {
            assert_eq!(whole(&bytes), None, "{}", bytes[..bytes.len().min(64)].escape_ascii());
        }
    }
}

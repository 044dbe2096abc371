//! Is this a program, a picture, a database? Masks would break it.

use super::encoding::Detector;
use super::late::is_text;

/// How much of a file is looked at, in bytes.
pub const HEAD_BYTES: u64 = 64 << 10;
/// What binary files begin with that need not have a NUL near.
const MAGIC: [&[u8]; 7] = [b"\x7fELF", b"%PDF-", b"PAR1", b"!<arch>\n", b"GIF8", b"\x89PNG", b"\xFF\xD8\xFF"];
/// Runs of NULs from here on occur in logs: what was lost in a crash, or rotated under a writer.
const HOLE_BYTES_MIN: usize = 8;
/// One control character in so many is too much for a text.
const CONTROL_SHARE: usize = 32;

/// Whether a file that begins so is none of text. UTF-16 is text.
pub fn looks(head: &[u8]) -> bool {
    if MAGIC.iter().any(|magic| head.starts_with(magic)) {
        return true;
    }
    let holes = head.split(|b| *b != 0).map(<[u8]>::len);
    let behind = head.iter().rev().take_while(|b| **b == 0).count();
    let few = holes.filter(|n| (1..HOLE_BYTES_MIN).contains(n)).count() > usize::from(behind > 0);
    let control = head.iter().filter(|b| b.is_ascii_control() && **b != 0 && !is_text(**b)).count();
    (few || control * CONTROL_SHARE > head.len()) && Detector::default().look(head).is_none()
}

#[cfg(test)]
mod tests {
    use super::looks;

    #[test]
    fn programs_are_and_logs_are_not() {
        let hole = [&b"a line\n"[..], &[0; 4096], b"\x1b[1mbold\x1b[0m\nnext\n"].concat();
        let wide: Vec<u8> = "password=x\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for text in [&b""[..], b"plain\n", &hole, &[0; 100], b"cut \0\0", &wide, b"\xe4\xf6\xfc latin\n"] {
            assert!(!looks(text), "{}", text.escape_ascii());
        }
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        for binary in [&program[..4096], b"%PDF-1.7\n", b"x\0y", b"\x01\x02\x03\x04abc", b"\xCA\xFE\xBA\xBE\0\0\x004"] {
            assert!(looks(binary), "{}", binary[..16.min(binary.len())].escape_ascii());
        }
    }
}

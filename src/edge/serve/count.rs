//! Octet counts (RFC 6587) in a stream that may as well be lines which begin with a number.

/// The most digits of an octet count.
const DIGITS_MAX: usize = 10;
/// The most bytes of a count with what follows it, as far as it is looked at: ten digits, a blank, `<191>`.
pub const HEADER_BYTES_MAX: usize = DIGITS_MAX + 6;
/// The most digits of a syslog priority.
const PRIORITY_DIGITS_MAX: usize = 3;
/// Line ends that some senders write behind a counted frame.
const ENDS_MAX: usize = 2;
/// The largest frame that a connection may begin with: it is held until its end is seen to fit.
pub const FIRST_BYTES_MAX: usize = 512 << 10;

/// What bytes at a place where a count may stand are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Header {
    /// A count: so many bytes of its own (the blank included), and so many that follow it.
    Count(usize, u64),
    /// What may become one.
    Open,
    /// Text.
    Text,
}

/// Whether a counted frame begins here: a number, a blank, and then what a frame begins with (a
/// syslog priority, or the brace of JSON), as long at least.
pub fn header(bytes: &[u8]) -> Header {
    let digits = bytes.iter().take(DIGITS_MAX + 1).take_while(|b| b.is_ascii_digit()).count();
    if bytes.first() == Some(&b'0') || digits > DIGITS_MAX {
        return Header::Text;
    }
    match bytes.get(digits) {
        None => return Header::Open,
        Some(b' ') if digits > 0 => {}
        Some(_) => return Header::Text,
    }
    let count = bytes[..digits].iter().fold(0, |n, d| n * 10 + u64::from(d - b'0'));
    let body = &bytes[digits + 1..];
    let head = match body.first() {
        None => return Header::Open,
        Some(b'{') => 2,
        Some(b'<') => match priority(&body[1..]) {
            Ok(len) => len + 2,
            Err(open) => return if open { Header::Open } else { Header::Text },
        },
        Some(_) => return Header::Text,
    };
    if count < head as u64 { Header::Text } else { Header::Count(digits + 1, count) }
}

/// How many digits stand before a `>`; whether they may still come, if they do not.
fn priority(bytes: &[u8]) -> Result<usize, bool> {
    let digits = bytes.iter().take(PRIORITY_DIGITS_MAX + 1).take_while(|b| b.is_ascii_digit()).count();
    match bytes.get(digits) {
        Some(b'>') if (1..=PRIORITY_DIGITS_MAX).contains(&digits) => Ok(digits),
        None if digits <= PRIORITY_DIGITS_MAX => Err(true),
        _ => Err(false),
    }
}

/// What is known of a stream that begins with a digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Counted frames; the first one's text is between the two places.
    Counted(usize, usize),
    /// Lines.
    Lines,
    /// Not enough yet.
    Open,
}

/// When the question is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// More comes at once, as far as is known.
    None,
    /// Nothing has come for a moment.
    Short,
    /// Nothing will come.
    End,
}

/// Whether a stream begins with a counted frame: its end fits if another one begins there, or if
/// nothing more comes and it is a whole record by itself.
pub fn first_frame(bytes: &[u8], pause: Pause) -> Verdict {
    let unfinished = || match pause {
        Pause::End => Verdict::Lines,
        // A line is whole here, and a frame would be cut just behind one of its line feeds.
        Pause::Short if matches!(bytes.last(), Some(b'\n' | 0)) => Verdict::Lines,
        _ => Verdict::Open,
    };
    let (begin, count) = match header(bytes) {
        Header::Count(begin, count) if count <= FIRST_BYTES_MAX as u64 => (begin, count as usize),
        Header::Open => return unfinished(),
        _ => return Verdict::Lines,
    };
    let end = begin + count;
    if bytes.len() < end {
        return unfinished();
    }
    let rest = &bytes[end..];
    let ends = rest.iter().take(ENDS_MAX).take_while(|b| matches!(b, b'\n' | b'\r' | 0)).count();
    match rest.get(ends..).filter(|rest| !rest.is_empty()).map(header) {
        Some(Header::Count(..)) => Verdict::Counted(begin, end),
        Some(Header::Text) => Verdict::Lines,
        Some(Header::Open) => unfinished(),
        None if pause != Pause::None && is_record(&bytes[begin..end]) => Verdict::Counted(begin, end),
        None => unfinished(),
    }
}

/// Whether a frame looks like a whole record: JSON ends with its brace.
fn is_record(frame: &[u8]) -> bool {
    frame[0] == b'<' || frame.trim_ascii_end().ends_with(b"}")
}

#[cfg(test)]
mod tests {
    use super::{FIRST_BYTES_MAX, Header, Pause, Verdict, first_frame, header};

    #[test]
    fn a_count_is_believed_for_what_follows_it() {
        for (bytes, expected) in [
            (&b"17 <13>"[..], Header::Count(3, 17)),
            (b"17 {", Header::Count(3, 17)),
            (b"4294967296 <191>", Header::Count(11, 4_294_967_296)),
            (b"", Header::Open),
            (b"17", Header::Open),
            (b"17 <1", Header::Open),
            (b"12 errors in password=hunter2", Header::Text),
            (b"2 <13>", Header::Text),
            (b"17 <x>", Header::Text),
            (b"17 <1234>", Header::Text),
            (b"17 <>", Header::Text),
            (b"017 <13>", Header::Text),
            (b"12345678901 <13>", Header::Text),
            (b" <13>", Header::Text),
        ] {
            assert_eq!(header(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn the_end_of_the_first_frame_must_fit() {
        use Pause::{End, None, Short};
        let long = format!("{} <13>", FIRST_BYTES_MAX + 1);
        for (bytes, pause, expected) in [
            ("5 <1>ab5 <1>", None, Verdict::Counted(2, 7)),
            ("5 <1>ab\r\n5 <1>", None, Verdict::Counted(2, 7)),
            ("5 <1>ab", None, Verdict::Open),
            ("5 <1>ab", Short, Verdict::Counted(2, 7)),
            ("5 <1>ab\n", End, Verdict::Counted(2, 7)),
            ("5 <1>abc", None, Verdict::Lines),
            ("5 <1>ab5", Short, Verdict::Open),
            ("5 <1>ab5", End, Verdict::Lines),
            ("2 {}", Short, Verdict::Counted(2, 4)),
            ("3 {\"a", End, Verdict::Lines),
            ("99 <13>a\nb", Short, Verdict::Open),
            ("99 <13>a\n", Short, Verdict::Lines),
            ("99 <13>a", End, Verdict::Lines),
            (&long, None, Verdict::Lines),
        ] {
            assert_eq!(first_frame(bytes.as_bytes(), pause), expected, "{bytes}, {pause:?}");
        }
    }
}

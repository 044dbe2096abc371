//! Where a record ends on a terminal, byte by byte. Pure.

/// What a byte is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Part of the record, and what comes next may stand by itself.
    Inside,
    /// Part of a sequence that has not ended.
    Sequence,
    /// The record's last.
    Last,
    /// The first of the next record.
    Next,
}

/// Bytes of a control sequence's parameters that are remembered: as many as decide.
const PARAMETERS: usize = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Text,
    /// Behind a carriage return: a line end if a newline follows.
    Return,
    Escape,
    Control([u8; PARAMETERS], usize),
    /// A string, such as a window's title, and whether an escape stands in it last.
    Named(bool),
}

/// Newlines end a record, and so do carriage returns and sequences that move the cursor to another place: what is
/// written there is no part of what was written here. Colours and what only erases do not.
///
/// ```text
/// 10 %\r20 %\r30 %\r\n         three records
/// \e[1;31mpassword\e[0m: x\n   one
/// \e[2;1Hfirst\e[3;1Hsecond    two
/// ```
#[derive(Clone)]
pub struct Ends(State);

impl Default for Ends {
    fn default() -> Self {
        Ends(State::Text)
    }
}

impl Ends {
    /// What the next byte is.
    pub fn next(&mut self, byte: u8) -> Place {
        let (state, place) = match (self.0, byte) {
            (_, b'\n') => (State::Text, Place::Last),
            (State::Return, b'\r') => (State::Return, Place::Sequence),
            (State::Return, _) => (begun(byte), Place::Next),
            (State::Text, _) => (begun(byte), place(begun(byte))),
            (State::Escape, b'[') => (State::Control([0; PARAMETERS], 0), Place::Sequence),
            (State::Escape, b']' | b'P' | b'^' | b'_' | b'X') => (State::Named(false), Place::Sequence),
            (State::Escape, b' '..=b'/') => (State::Escape, Place::Sequence),
            (State::Escape, b'8' | b'D' | b'E' | b'M' | b'c') => (State::Text, Place::Last),
            (State::Escape | State::Control(..), 0x1B) => (State::Escape, Place::Sequence),
            (State::Escape, _) => (State::Text, Place::Inside),
            (State::Control(given, n), b' '..=b'?') => (State::Control(with(given, n, byte), n + 1), Place::Sequence),
            (State::Control(given, n), _) => (State::Text, moved(&given[..n.min(PARAMETERS)], byte)),
            (State::Named(_), 0x07) | (State::Named(true), b'\\') => (State::Text, Place::Inside),
            (State::Named(_), _) => (State::Named(byte == 0x1B), Place::Sequence),
        };
        self.0 = state;
        place
    }
}

fn begun(byte: u8) -> State {
    match byte {
        b'\r' => State::Return,
        0x1B => State::Escape,
        _ => State::Text,
    }
}

fn place(state: State) -> Place {
    if state == State::Text { Place::Inside } else { Place::Sequence }
}

fn with(mut given: [u8; PARAMETERS], n: usize, byte: u8) -> [u8; PARAMETERS] {
    if let Some(place) = given.get_mut(n) {
        *place = byte;
    }
    given
}

/// Whether a control sequence moves the cursor, or shows another screen.
fn moved(given: &[u8], last: u8) -> Place {
    let screen = matches!(last, b'h' | b'l') && [&b"?1049"[..], b"?1047", b"?47"].contains(&given);
    if screen || b"ABEFGHdfr".contains(&last) { Place::Last } else { Place::Inside }
}

#[cfg(test)]
mod tests {
    use super::{Ends, Place};

    fn records(text: &str) -> Vec<String> {
        let (mut ends, mut all) = (Ends::default(), vec![String::new()]);
        for c in text.chars() {
            let place = ends.next(c as u8);
            if place == Place::Next {
                all.push(String::new());
            }
            all.last_mut().unwrap().push(c);
            if place == Place::Last {
                all.push(String::new());
            }
        }
        all.retain(|record| !record.is_empty());
        all
    }

    #[test]
    fn records_end_where_the_cursor_goes_elsewhere() {
        for (text, wanted) in [
            ("a\nb\r\nc", &["a\n", "b\r\n", "c"][..]),
            ("10 %\r20 %\r\r\nend", &["10 %\r", "20 %\r\r\n", "end"]),
            ("\x1b[1;31mpassword\x1b[0m: x\x1b[K\n", &["\x1b[1;31mpassword\x1b[0m: x\x1b[K\n"]),
            ("\x1b[2;1Hfirst\x1b[3;1Hsecond", &["\x1b[2;1H", "first\x1b[3;1H", "second"]),
            ("\x1b]0;a title\x07$ \x1b]8;;x\x1b\\y", &["\x1b]0;a title\x07$ \x1b]8;;x\x1b\\y"]),
            ("\x1b[?1049hscreen\x1b[?25l", &["\x1b[?1049h", "screen\x1b[?25l"]),
            ("\x1b(Ba\x1bMb", &["\x1b(Ba\x1bM", "b"]),
        ] {
            assert_eq!(records(text), wanted);
        }
    }
}

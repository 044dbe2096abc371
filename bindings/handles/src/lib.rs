//! What a thread holds of the engine, by number, for languages whose objects keep no pointer: WebAssembly and Node.
//!
//! ```
//! use logveil_handles::Handles;
//!
//! let mut handles = Handles::default();
//! let redactor = handles.redactor(b"mask\0stars\0");
//! assert_eq!(handles.redact(redactor, b"password=hunter2"), Some(true));
//! assert_eq!(handles.output, b"password=*******");
//! ```

use logveil::{Records, Redactor, Stream};
use logveil_options::{Options, Refused};

/// Memory that is kept for the next call.
pub const KEPT_BYTES_MAX: usize = 1 << 20;

/// What a number stands for.
enum Thing {
    Redactor(Redactor),
    Records(Records),
    Stream(Stream),
}

/// Redactors, records and streams by number, and the last answer. No number is 0; `None` stands for "there is nobody of that
/// number".
#[derive(Default)]
pub struct Handles {
    /// What the last call answered.
    pub output: Vec<u8>,
    things: Vec<Option<Thing>>,
}

impl Handles {
    /// A redactor by its options: names and values, a NUL behind each. 0 if it is refused; why is in the output.
    pub fn redactor(&mut self, options: &[u8]) -> usize {
        self.clear();
        match read(options) {
            Ok(redactor) => self.keep(Thing::Redactor(redactor)),
            Err(why) => {
                self.output.extend_from_slice(why.to_string().as_bytes());
                0
            }
        }
    }

    /// Records of one log; 0 if there is no such redactor.
    pub fn records(&mut self, redactor: usize) -> usize {
        let made = self.rules(redactor).map(|redactor| Thing::Records(Records::new(redactor)));
        made.map_or(0, |thing| self.keep(thing))
    }

    /// A stream; 0 if there is no such redactor.
    pub fn stream(&mut self, redactor: usize) -> usize {
        let made = self.rules(redactor).map(|redactor| Thing::Stream(Stream::new(redactor)));
        made.map_or(0, |thing| self.keep(thing))
    }

    /// Masks a text by a redactor, or as the next of some records. If something was masked, the output is what is left.
    pub fn redact(&mut self, number: usize, input: &[u8]) -> Option<bool> {
        self.clear();
        match self.things.get(number.checked_sub(1)?)? {
            Some(Thing::Redactor(redactor)) => Some(redactor.redact_into(input, &mut self.output)),
            Some(Thing::Records(records)) => Some(records.redact_into(input, &mut self.output)),
            _ => None,
        }
    }

    /// The places of the secrets, one a line of the output: where it begins, where it ends, its rule.
    pub fn findings(&mut self, redactor: usize, input: &[u8]) -> Option<()> {
        self.clear();
        let redactor = self.rules(redactor)?;
        let all = redactor.findings(input);
        let lines = all.iter().map(|f| format!("{} {} {}\n", f.start, f.end, redactor.rule(f.rule).id));
        self.output = lines.collect::<String>().into_bytes();
        Some(())
    }

    /// Feeds a stream; what may leave is the output.
    pub fn push(&mut self, stream: usize, input: &[u8]) -> Option<()> {
        self.fed(stream, |stream, output| stream.push(input, output))
    }

    /// Ends a stream; the rest is the output.
    pub fn finish(&mut self, stream: usize) -> Option<()> {
        self.fed(stream, |stream, output| stream.finish(output))
    }

    /// Lets a number go.
    pub fn free(&mut self, number: usize) {
        if let Some(place) = number.checked_sub(1).and_then(|n| self.things.get_mut(n)) {
            *place = None;
        }
    }

    /// Overwrites what the thread remembers of its input.
    pub fn forget(&mut self) {
        overwrite(&mut self.output);
        Redactor::forget();
    }

    fn fed(&mut self, number: usize, f: impl FnOnce(&mut Stream, &mut Vec<u8>)) -> Option<()> {
        self.clear();
        match self.things.get_mut(number.checked_sub(1)?)? {
            Some(Thing::Stream(stream)) => f(stream, &mut self.output),
            _ => return None,
        }
        Some(())
    }

    fn keep(&mut self, thing: Thing) -> usize {
        let free = self.things.iter().position(Option::is_none).unwrap_or_else(|| {
            self.things.push(None);
            self.things.len() - 1
        });
        self.things[free] = Some(thing);
        free + 1
    }

    fn rules(&self, number: usize) -> Option<&Redactor> {
        match self.things.get(number.checked_sub(1)?)? {
            Some(Thing::Redactor(redactor)) => Some(redactor),
            _ => None,
        }
    }

    fn clear(&mut self) {
        if self.output.capacity() > KEPT_BYTES_MAX {
            self.output = Vec::new();
        }
        self.output.clear();
    }
}

/// Zeros in place of all that a buffer has room for, its length as it was.
pub fn overwrite(bytes: &mut Vec<u8>) {
    let len = bytes.len();
    bytes.clear();
    bytes.resize(bytes.capacity(), 0);
    // Somebody looks: the zeros are no store that nobody reads.
    std::hint::black_box(&mut bytes[..]);
    bytes.truncate(len);
}

fn read(options: &[u8]) -> Result<Redactor, Refused> {
    let text = std::str::from_utf8(options).map_err(|_| Refused::new("the options are no UTF-8"))?;
    let parts: Vec<&str> = text.split_terminator('\0').collect();
    if parts.is_empty() {
        return Ok(Redactor::builtin());
    }
    Options::from_pairs(parts.chunks_exact(2).map(|pair| (pair[0], pair[1])))?.build()
}

#[cfg(test)]
mod tests {
    use super::{Handles, overwrite};

    const LINE: &[u8] = b"login password=hunter2 ok";
    const MASKED: &[u8] = b"login password=[REDACTED:password] ok";

    #[test]
    fn a_number_stands_for_what_it_was_given_for() {
        let mut handles = Handles::default();
        let redactor = handles.redactor(b"");
        let (records, stream) = (handles.records(redactor), handles.stream(redactor));
        for number in [redactor, records] {
            assert_eq!(handles.redact(number, LINE), Some(true));
            assert_eq!(handles.output, MASKED);
            assert_eq!(handles.redact(number, b"nothing"), Some(false));
        }
        assert_eq!(handles.findings(redactor, LINE), Some(()));
        assert_eq!(handles.output, b"15 22 password\n");
        assert_eq!(handles.push(stream, LINE), Some(()));
        assert_eq!(handles.finish(stream), Some(()));
        assert_eq!(handles.output, MASKED);
    }

    #[test]
    fn nobody_answers_to_another_number() {
        let mut handles = Handles::default();
        let redactor = handles.redactor(b"");
        let (records, stream) = (handles.records(redactor), handles.stream(redactor));
        for number in [0, stream, 99, usize::MAX] {
            assert_eq!(handles.redact(number, LINE), None);
        }
        for number in [0, records, stream, 99] {
            assert_eq!(handles.findings(number, LINE), None);
            assert_eq!((handles.records(number), handles.stream(number)), (0, 0));
        }
        for number in [0, redactor, records, 99] {
            assert_eq!((handles.push(number, LINE), handles.finish(number)), (None, None));
        }
        handles.free(redactor);
        handles.free(0);
        handles.free(99);
        assert_eq!(handles.redact(redactor, LINE), None);
        assert_eq!(handles.redact(records, LINE), Some(true), "records live on without their redactor");
        assert_eq!(handles.redactor(b""), redactor, "a free number is given again");
    }

    #[test]
    fn what_is_refused_says_why() {
        let mut handles = Handles::default();
        assert_eq!(handles.redactor(b"only\0nobody\0"), 0);
        assert!(String::from_utf8_lossy(&handles.output).contains("nobody"));
        assert_eq!(handles.redactor(b"only\0\xff\0"), 0);
    }

    #[test]
    fn nothing_is_left_of_what_was_forgotten() {
        let mut handles = Handles::default();
        let redactor = handles.redactor(b"");
        handles.redact(redactor, LINE);
        handles.forget();
        assert!(handles.output.iter().all(|&byte| byte == 0));
        let mut bytes = LINE.to_vec();
        bytes.truncate(3);
        overwrite(&mut bytes);
        bytes.resize(bytes.capacity(), 1);
        assert_eq!(bytes[..3], [0; 3]);
    }
}

//! What an instance, which is one thread, holds: two rooms for bytes that go in and come out, and things by number.

use logveil::{Records, Redactor, Stream};
use logveil_options::{Options, Refused};

/// Memory that is kept for the next call.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Something that a number stands for. None of them is 0.
pub enum Thing {
    Redactor(Redactor),
    Records(Records),
    Stream(Stream),
}

#[derive(Default)]
pub struct State {
    pub input: Vec<u8>,
    pub output: Vec<u8>,
    things: Vec<Option<Thing>>,
}

impl State {
    /// Room for `n` bytes that go in.
    pub fn room(&mut self, n: usize) -> *mut u8 {
        if self.input.len() < n || self.input.len() > KEPT_BYTES_MAX && n < KEPT_BYTES_MAX {
            self.input = vec![0; n.max(4096)];
        }
        self.input.as_mut_ptr()
    }

    pub fn keep(&mut self, thing: Thing) -> usize {
        let free = self.things.iter().position(Option::is_none).unwrap_or_else(|| {
            self.things.push(None);
            self.things.len() - 1
        });
        self.things[free] = Some(thing);
        free + 1
    }

    pub fn free(&mut self, number: usize) {
        if let Some(place) = number.checked_sub(1).and_then(|n| self.things.get_mut(n)) {
            *place = None;
        }
    }

    fn redactor(&self, number: usize) -> Option<&Redactor> {
        match self.things.get(number.checked_sub(1)?)? {
            Some(Thing::Redactor(redactor)) => Some(redactor),
            _ => None,
        }
    }

    /// A redactor by what stands in the input: names and values, a NUL behind each. 0 if it is refused; why is in the output.
    pub fn configured(&mut self, n: usize) -> usize {
        self.clear();
        match read(&self.input[..n]) {
            Ok(redactor) => self.keep(Thing::Redactor(redactor)),
            Err(why) => {
                self.output.extend_from_slice(why.to_string().as_bytes());
                0
            }
        }
    }

    /// Records or a stream of a redactor; 0 if there is no such redactor.
    pub fn begin(&mut self, redactor: usize, make: impl FnOnce(&Redactor) -> Thing) -> usize {
        self.redactor(redactor).map(make).map_or(0, |thing| self.keep(thing))
    }

    /// Masks what stands in the input: 1 if something was, 0 if not, -1 if there is nobody of that number.
    pub fn redact(&mut self, number: usize, n: usize) -> i32 {
        self.clear();
        let (input, output) = (&self.input[..n], &mut self.output);
        match number.checked_sub(1).and_then(|place| self.things.get(place)) {
            Some(Some(Thing::Redactor(redactor))) => i32::from(redactor.redact_into(input, output)),
            Some(Some(Thing::Records(records))) => i32::from(records.redact_into(input, output)),
            _ => -1,
        }
    }

    /// Feeds a stream; what may leave is in the output.
    pub fn feed(&mut self, number: usize, f: impl FnOnce(&mut Stream, &[u8], &mut Vec<u8>)) -> i32 {
        self.clear();
        match number.checked_sub(1).and_then(|place| self.things.get_mut(place)) {
            Some(Some(Thing::Stream(stream))) => {
                f(stream, &self.input, &mut self.output);
                0
            }
            _ => -1,
        }
    }

    /// The places of the secrets, one a line: where it begins, where it ends, its rule.
    pub fn findings(&mut self, number: usize, n: usize) -> i32 {
        self.clear();
        let Some(redactor) = self.redactor(number) else { return -1 };
        let all = redactor.findings(&self.input[..n]);
        let lines = all.iter().map(|f| format!("{} {} {}\n", f.start, f.end, redactor.rule(f.rule).id));
        self.output = lines.collect::<String>().into_bytes();
        0
    }

    fn clear(&mut self) {
        if self.output.capacity() > KEPT_BYTES_MAX {
            self.output = Vec::new();
        }
        self.output.clear();
    }
}

fn read(options: &[u8]) -> Result<Redactor, Refused> {
    let text = std::str::from_utf8(options).map_err(|_| Refused::new("the options are no UTF-8"))?;
    let parts: Vec<&str> = text.split_terminator('\0').collect();
    if parts.is_empty() {
        return Ok(Redactor::builtin());
    }
    Options::from_pairs(parts.chunks_exact(2).map(|pair| (pair[0], pair[1])))?.build()
}

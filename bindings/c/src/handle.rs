//! What C's handles point to.

use std::cell::RefCell;
use std::ffi::CString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use engine::{Records, Redactor, Stream};
use logveil_options::{Options, Refused};

use crate::codes::{LOGVEIL_CLEAN, LOGVEIL_EARG, LOGVEIL_EBUSY, LOGVEIL_EPANIC, LOGVEIL_MORE};

/// Memory that a thread keeps for its next call.
const KEPT_BYTES_MAX: usize = 1 << 20;

/// Something that answers until it panics, and never again then: what it would say could be half a truth.
pub struct Guarded<T> {
    what: T,
    poisoned: AtomicBool,
}

impl<T> Guarded<T> {
    pub fn new(what: T) -> Guarded<T> {
        Guarded { what, poisoned: AtomicBool::new(false) }
    }

    /// Calls `f`; nothing that it does unwinds further.
    pub fn call(&self, f: impl FnOnce(&T) -> i32) -> i32 {
        if self.poisoned.load(Ordering::Relaxed) {
            return LOGVEIL_EPANIC;
        }
        caught(|| f(&self.what)).unwrap_or_else(|| {
            self.poisoned.store(true, Ordering::Relaxed);
            LOGVEIL_EPANIC
        })
    }

    /// What it holds, for a handle that is made of it; none once it panicked.
    pub fn get(&self) -> Option<&T> {
        (!self.poisoned.load(Ordering::Relaxed)).then_some(&self.what)
    }
}

/// What `f` says, or nothing if it panics.
pub fn caught<R>(f: impl FnOnce() -> R) -> Option<R> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(said) => Some(said),
        Err(payload) => {
            // What was thrown may panic when it is dropped.
            std::mem::forget(payload);
            None
        }
    }
}

/// A redactor, and its rules' names as C reads them.
pub struct Rules {
    pub redactor: Redactor,
    names: Vec<CString>,
}

impl Rules {
    pub fn builtin() -> Rules {
        Rules::of(Redactor::builtin())
    }

    pub fn from_toml(text: &[u8]) -> Result<Rules, Refused> {
        let text = std::str::from_utf8(text).map_err(|_| Refused::new("the configuration is no UTF-8"))?;
        Options::from_toml(text)?.build().map(Rules::of)
    }

    fn of(redactor: Redactor) -> Rules {
        let names = redactor.rules().iter().map(|rule| CString::new(&rule.id[..]).unwrap_or_default()).collect();
        Rules { redactor, names }
    }

    /// The places of the secrets: where each begins, where it ends, and its rule's name, which lives as long as this.
    pub fn findings(&self, input: &[u8]) -> Vec<(usize, usize, &CString)> {
        let all = self.redactor.findings(input);
        all.iter().map(|f| (f.start, f.end, &self.names[f.rule.index()])).collect()
    }

    pub fn redact(&self, input: &[u8], put: impl FnOnce(&[u8]) -> i32) -> i32 {
        answered(|out| self.redactor.redact_into(input, out), put)
    }
}

/// One record of a log after the other.
pub fn redact_record(records: &Records, input: &[u8], put: impl FnOnce(&[u8]) -> i32) -> i32 {
    answered(|out| records.redact_into(input, out), put)
}

/// What a thread's last call answered.
#[derive(Default)]
struct Answer {
    bytes: Vec<u8>,
    /// There was no room for it.
    waits: bool,
}

impl Answer {
    fn put(&mut self, put: impl FnOnce(&[u8]) -> i32) -> i32 {
        // Should it panic, nothing waits.
        self.waits = false;
        let code = put(&self.bytes);
        self.waits = code == LOGVEIL_MORE;
        if !self.waits && self.bytes.capacity() > KEPT_BYTES_MAX {
            self.bytes = Vec::new();
        }
        code
    }
}

thread_local!(static ANSWER: RefCell<Answer> = RefCell::default());

/// Masks into the thread's memory, then hands over what is there.
fn answered(mask: impl FnOnce(&mut Vec<u8>) -> bool, put: impl FnOnce(&[u8]) -> i32) -> i32 {
    ANSWER.with_borrow_mut(|answer| {
        answer.waits = false;
        answer.bytes.clear();
        if mask(&mut answer.bytes) { answer.put(put) } else { LOGVEIL_CLEAN }
    })
}

/// Hands over what there was no room for.
pub fn again(put: impl FnOnce(&[u8]) -> i32) -> i32 {
    ANSWER.with_borrow_mut(|answer| if answer.waits { answer.put(put) } else { LOGVEIL_EARG })
}

/// A stream and what may leave it. Two threads at a time are refused, not mixed.
pub struct Pipe(Mutex<Ready>);

struct Ready {
    stream: Stream,
    out: Vec<u8>,
    /// Bytes of `out` that were taken.
    taken: usize,
}

impl Pipe {
    pub fn new(redactor: &Redactor) -> Pipe {
        Pipe(Mutex::new(Ready { stream: Stream::new(redactor), out: Vec::new(), taken: 0 }))
    }

    fn locked(&self, f: impl FnOnce(&mut Ready) -> i32) -> i32 {
        self.0.try_lock().map_or(LOGVEIL_EBUSY, |mut ready| f(&mut ready))
    }

    /// Lets `f` feed the stream, then says how many bytes may be taken.
    pub fn fed(&self, f: impl FnOnce(&mut Stream, &mut Vec<u8>), say: impl FnOnce(usize)) -> i32 {
        self.locked(|ready| {
            f(&mut ready.stream, &mut ready.out);
            say(ready.out.len() - ready.taken);
            LOGVEIL_CLEAN
        })
    }

    /// Hands over at most `cap` bytes; LOGVEIL_MORE if some are left.
    pub fn take(&self, cap: usize, put: impl FnOnce(&[u8])) -> i32 {
        self.locked(|ready| {
            let end = ready.taken + cap.min(ready.out.len() - ready.taken);
            put(&ready.out[ready.taken..end]);
            ready.taken = end;
            if end < ready.out.len() {
                return LOGVEIL_MORE;
            }
            ready.taken = 0;
            ready.out.clear();
            if ready.out.capacity() > KEPT_BYTES_MAX {
                ready.out = Vec::new();
            }
            LOGVEIL_CLEAN
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Guarded, Pipe, Rules, caught};
    use crate::codes::{LOGVEIL_CLEAN, LOGVEIL_EBUSY, LOGVEIL_EPANIC, LOGVEIL_MORE};

    #[test]
    fn what_panicked_answers_no_more() {
        let handle = Guarded::new(());
        assert_eq!(handle.call(|()| LOGVEIL_CLEAN), LOGVEIL_CLEAN);
        assert_eq!(handle.call(|()| panic!("on purpose")), LOGVEIL_EPANIC);
        assert_eq!(handle.call(|()| LOGVEIL_CLEAN), LOGVEIL_EPANIC);
        assert!(handle.get().is_none());
        assert_eq!(caught(|| std::panic::panic_any(7)), None::<i32>);
    }

    #[test]
    fn a_panic_while_bytes_are_handed_over_leaves_the_thread_sound() {
        let rules = Guarded::new(Rules::builtin());
        let line = b"password=hunter2";
        assert_eq!(rules.call(|r| r.redact(line, |_| panic!("on purpose"))), LOGVEIL_EPANIC);
        let mut said = Vec::new();
        let other = Guarded::new(Rules::builtin());
        assert_eq!(
            other.call(|r| r.redact(line, |b| {
                said.extend_from_slice(b);
                1
            })),
            1
        );
        assert_eq!(said, b"password=[REDACTED:password]");
    }

    #[test]
    fn a_stream_gives_out_what_is_asked_and_is_no_two_threads() {
        let pipe = Pipe::new(&Rules::builtin().redactor);
        let (mut all, mut count) = (Vec::new(), 0);
        pipe.fed(|stream, out| stream.push(b"a=1\npassword=hunter2\nrest", out), |n| count = n);
        assert_eq!(count, b"a=1\npassword=[REDACTED:password]\n".len());
        while pipe.take(7, |b| all.extend_from_slice(b)) == LOGVEIL_MORE {}
        pipe.fed(|stream, out| stream.finish(out), |n| count = n);
        assert_eq!((count, pipe.take(99, |b| all.extend_from_slice(b))), (4, LOGVEIL_CLEAN));
        assert_eq!(all, b"a=1\npassword=[REDACTED:password]\nrest");
        let mut inner = 0;
        pipe.fed(|_, _| inner = pipe.take(1, |_| ()), |_| ());
        assert_eq!(inner, LOGVEIL_EBUSY);
    }
}

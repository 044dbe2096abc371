//! What a thread keeps, and for how long.

use std::cell::RefCell;
use std::sync::mpsc;
use std::thread;

use crate::engine::redactor::Redactor;
use crate::engine::scan::scratch::Scratch;
use crate::engine::stream::Stream;

const LINE: &[u8] = b"{\"ts\": 1, \"token_type\": \"Bearer\", \"auth_method\": \"oidc\"}\n";

/// A thread keeps working memory, and what it remembers of the input only until it is told to forget, whoever asked.
#[test]
fn an_idle_thread_remembers_nothing() {
    let redactor = Redactor::builtin();
    let mut stream = Stream::new(&redactor);
    Redactor::forget();
    let asks: [&mut dyn FnMut(); 4] = [
        &mut || stream.push(&LINE.repeat(100), &mut Vec::new()),
        &mut || assert!(matches!(redactor.redact(&LINE.repeat(100)), std::borrow::Cow::Borrowed(_))),
        &mut || assert_eq!(redactor.findings(&LINE.repeat(100)), []),
        &mut || drop(redactor.explain(&LINE.repeat(100))),
    ];
    for ask in asks {
        ask();
        assert_eq!(Scratch::remembers(), Some(true));
        Redactor::forget();
        assert_eq!(Scratch::remembers(), Some(false));
    }
}

/// A stream that is done with leaves nothing behind.
#[test]
fn a_dropped_stream_is_forgotten() {
    let mut stream = Stream::new(&Redactor::builtin());
    stream.push(&LINE.repeat(100), &mut Vec::new());
    drop(stream);
    assert_eq!(Scratch::remembers(), Some(false));
}

/// Redacts when its thread ends, behind everything that the thread came to hold later.
struct Last {
    redactor: Redactor,
    _open: Stream,
    answer: mpsc::Sender<Vec<u8>>,
}

impl Drop for Last {
    fn drop(&mut self) {
        let _ = self.answer.send(self.redactor.redact(b"password=hunter2").into_owned());
    }
}

/// A thread's own value may ask, and a stream of it may end, when the working memory has gone before them.
#[test]
fn a_thread_that_ends_is_answered_still() {
    thread_local!(static HELD: RefCell<Option<Last>> = const { RefCell::new(None) });
    let (sender, receiver) = mpsc::channel();
    let thread = thread::spawn(move || {
        HELD.set(None);
        let redactor = Redactor::builtin();
        let mut stream = Stream::new(&redactor);
        stream.push(LINE, &mut Vec::new());
        HELD.set(Some(Last { redactor, _open: stream, answer: sender }));
    });
    assert!(thread.join().is_ok());
    assert_eq!(receiver.recv().as_deref(), Ok(&b"password=[REDACTED:password]"[..]));
}

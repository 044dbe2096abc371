//! What a thread keeps, and for how long.

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

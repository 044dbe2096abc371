//! The module's exports. Nothing here is unsafe but that names are exported as they are.
#![allow(unsafe_code)]

use std::cell::RefCell;

use logveil::{Records, Redactor, Stream};

use crate::state::{State, Thing};

thread_local!(static STATE: RefCell<State> = RefCell::default());

fn with<R>(f: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(f)
}

/// Where `n` bytes may be put for the next call.
#[unsafe(no_mangle)]
pub extern "C" fn room(n: usize) -> *mut u8 {
    with(|state| state.room(n))
}

/// Where the last call's answer stands.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> *const u8 {
    with(|state| state.output.as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn answer_len() -> usize {
    with(|state| state.output.len())
}

/// A redactor by the options in the room.
#[unsafe(no_mangle)]
pub extern "C" fn redactor(n: usize) -> usize {
    with(|state| state.configured(n))
}

/// Records of one log.
#[unsafe(no_mangle)]
pub extern "C" fn records(redactor: usize) -> usize {
    with(|state| state.begin(redactor, |redactor| Thing::Records(Records::new(redactor))))
}

/// A stream.
#[unsafe(no_mangle)]
pub extern "C" fn stream(redactor: usize) -> usize {
    with(|state| state.begin(redactor, |redactor| Thing::Stream(Stream::new(redactor))))
}

/// Masks what is in the room, by a redactor or as the next of some records.
#[unsafe(no_mangle)]
pub extern "C" fn redact(number: usize, n: usize) -> i32 {
    with(|state| state.redact(number, n))
}

/// Where the secrets of what is in the room are.
#[unsafe(no_mangle)]
pub extern "C" fn findings(number: usize, n: usize) -> i32 {
    with(|state| state.findings(number, n))
}

/// Takes what is in the room.
#[unsafe(no_mangle)]
pub extern "C" fn push(number: usize, n: usize) -> i32 {
    with(|state| state.feed(number, |stream, input, out| stream.push(&input[..n], out)))
}

/// Ends the stream.
#[unsafe(no_mangle)]
pub extern "C" fn finish(number: usize) -> i32 {
    with(|state| state.feed(number, |stream, _, out| stream.finish(out)))
}

/// Lets a number go.
#[unsafe(no_mangle)]
pub extern "C" fn free(number: usize) {
    with(|state| state.free(number));
}

/// Overwrites what the instance remembers of its input.
#[unsafe(no_mangle)]
pub extern "C" fn forget() {
    Redactor::forget();
}

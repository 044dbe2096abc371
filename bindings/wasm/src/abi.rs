//! The module's exports. Nothing here is unsafe but that names are exported as they are.
#![allow(unsafe_code)]

use std::cell::RefCell;

use crate::instance::Instance;

thread_local!(static INSTANCE: RefCell<Instance> = RefCell::default());

/// What nobody of that number can answer.
const NOBODY: i32 = -1;

fn with<R>(f: impl FnOnce(&mut Instance) -> R) -> R {
    INSTANCE.with_borrow_mut(f)
}

/// Where `n` bytes may be put for the next call.
#[unsafe(no_mangle)]
pub extern "C" fn room(n: usize) -> *mut u8 {
    with(|here| here.room(n))
}

/// Where the last call's answer stands.
#[unsafe(no_mangle)]
pub extern "C" fn answer() -> *const u8 {
    with(|here| here.handles.output.as_ptr())
}

/// How many bytes it has.
#[unsafe(no_mangle)]
pub extern "C" fn answer_len() -> usize {
    with(|here| here.handles.output.len())
}

/// A redactor by the options in the room; 0 if it is refused.
#[unsafe(no_mangle)]
pub extern "C" fn redactor(n: usize) -> usize {
    with(|here| here.handles.redactor(&here.input[..n]))
}

/// Records of one log.
#[unsafe(no_mangle)]
pub extern "C" fn records(redactor: usize) -> usize {
    with(|here| here.handles.records(redactor))
}

/// A stream.
#[unsafe(no_mangle)]
pub extern "C" fn stream(redactor: usize) -> usize {
    with(|here| here.handles.stream(redactor))
}

/// Masks what is in the room, by a redactor or as the next of some records: 1 if something was, 0 if not.
#[unsafe(no_mangle)]
pub extern "C" fn redact(number: usize, n: usize) -> i32 {
    with(|here| here.handles.redact(number, &here.input[..n]).map_or(NOBODY, i32::from))
}

/// Where the secrets of what is in the room are.
#[unsafe(no_mangle)]
pub extern "C" fn findings(number: usize, n: usize) -> i32 {
    with(|here| here.handles.findings(number, &here.input[..n]).map_or(NOBODY, |()| 0))
}

/// Takes what is in the room.
#[unsafe(no_mangle)]
pub extern "C" fn push(number: usize, n: usize) -> i32 {
    with(|here| here.handles.push(number, &here.input[..n]).map_or(NOBODY, |()| 0))
}

/// Ends the stream.
#[unsafe(no_mangle)]
pub extern "C" fn finish(number: usize) -> i32 {
    with(|here| here.handles.finish(number).map_or(NOBODY, |()| 0))
}

/// Lets a number go.
#[unsafe(no_mangle)]
pub extern "C" fn free(number: usize) {
    with(|here| here.handles.free(number));
}

/// Overwrites what the instance remembers of its input.
#[unsafe(no_mangle)]
pub extern "C" fn forget() {
    with(Instance::forget);
}

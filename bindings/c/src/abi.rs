//! The border: every function that C sees. Pointers become references here, and nowhere else.
//!
//! What a caller promises is the same for all: a handle is NULL or came from this library and was not freed; bytes that go
//! in are as many as the number beside them says; what is written to is NULL or has room for what the comment says. Names
//! are exported without mangling; nothing else begins with `logveil_`.
#![allow(unsafe_code, non_camel_case_types)]
#![allow(clippy::missing_safety_doc, reason = "said once, above: these comments are the header's")]

use std::ffi::{CString, c_char};
use std::ptr;

use engine::{Records, Redactor};

use crate::codes::{LOGVEIL_CLEAN, LOGVEIL_EARG, LOGVEIL_EPANIC, LOGVEIL_MASKED, LOGVEIL_MORE};
use crate::handle::{self, Guarded, Pipe, Rules, caught};

/// Rules and masks. Any number of threads may use one at the same time.
pub struct logveil_redactor(Guarded<Rules>);
/// A log whose records come one by one, from any thread: what a record leaves open (a key block that is logged line by line)
/// is asked in the next.
pub struct logveil_records(Guarded<Records>);
/// Bytes that come in pieces. One thread at a time.
pub struct logveil_stream(Guarded<Pipe>);
/// Why there is no redactor.
pub struct logveil_error(CString);

/// The place of a secret.
#[repr(C)]
pub struct logveil_finding {
    /// Offset of its first byte.
    pub start: usize,
    /// Offset of the first byte behind it.
    pub end: usize,
    /// The name of its rule, which lives as long as the redactor.
    pub rule: *const c_char,
}

/// What a caller's pointer points to; nothing for NULL.
///
/// # Safety
/// NULL, or what a function of this library returned and nobody freed.
unsafe fn shared<'a, T>(handle: *const T) -> Option<&'a T> {
    // SAFETY: by the caller's promise.
    unsafe { handle.as_ref() }
}

/// A caller's bytes; nothing for NULL (unless there are none) and for lengths that no memory has.
///
/// # Safety
/// `bytes` points to `n` bytes that nobody writes meanwhile, or is NULL.
unsafe fn slice<'a>(bytes: *const u8, n: usize) -> Option<&'a [u8]> {
    match (bytes.is_null(), n) {
        (_, 0) => Some(&[]),
        (true, _) => None,
        (false, n) if n > isize::MAX as usize => None,
        // SAFETY: by the caller's promise; not NULL, and of a length that may be.
        (false, n) => Some(unsafe { std::slice::from_raw_parts(bytes, n) }),
    }
}

/// Puts a value where the caller wants it, if it does.
///
/// # Safety
/// `place` is NULL or may be written.
unsafe fn put<T>(place: *mut T, value: T) {
    if !place.is_null() {
        // SAFETY: not NULL, and the caller's to be written.
        unsafe { place.write(value) }
    }
}

/// Copies an answer into the caller's memory, if it fits.
///
/// # Safety
/// `out` is NULL or `cap` bytes that may be written; `need` is NULL or may be written.
unsafe fn answer(bytes: &[u8], out: *mut u8, cap: usize, need: *mut usize) -> i32 {
    // SAFETY: by the caller's promise.
    unsafe { put(need, bytes.len()) };
    if bytes.len() > cap || out.is_null() {
        return LOGVEIL_MORE;
    }
    // SAFETY: `out` has room, and is none of our own memory.
    unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), out, bytes.len()) };
    LOGVEIL_MASKED
}

/// Frees what a function of this library made.
///
/// # Safety
/// NULL, or what came from `Box::into_raw` and nobody freed.
unsafe fn free<T>(handle: *mut T) {
    if !handle.is_null() {
        // SAFETY: it came from a box, once.
        let owned = unsafe { Box::from_raw(handle) };
        caught(|| drop(owned));
    }
}

/// A handle for the caller; NULL if making it panics.
fn made<T>(make: impl FnOnce() -> Option<T>) -> *mut T {
    caught(make).flatten().map_or(ptr::null_mut(), |what| Box::into_raw(Box::new(what)))
}

/// The number of this interface: that of `liblogveil.so.N`. Whoever loads the library by hand asks it first.
#[unsafe(no_mangle)]
pub extern "C" fn logveil_abi_version() -> u32 {
    0
}

/// The version of the library, such as "0.1.0".
#[unsafe(no_mangle)]
pub extern "C" fn logveil_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The built-in rules with their default masks. NULL only if the library is at fault. The first call takes some milliseconds.
#[unsafe(no_mangle)]
pub extern "C" fn logveil_builtin() -> *mut logveil_redactor {
    made(|| Some(logveil_redactor(Guarded::new(Rules::builtin()))))
}

/// Rules and masks as `config` says: the keys of logveil.toml. NULL if it is refused; then `err`, unless it is NULL, says why
/// and is to be freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_from_toml(
    config: *const u8,
    n: usize,
    err: *mut *mut logveil_error,
) -> *mut logveil_redactor {
    // SAFETY: by the caller's promise.
    unsafe { put(err, ptr::null_mut()) };
    // SAFETY: by the caller's promise.
    let rules = match unsafe { slice(config, n) } {
        Some(text) => caught(|| Rules::from_toml(text).map_err(|e| e.to_string())),
        None => Some(Err("the configuration is NULL or too long".to_owned())),
    };
    match rules.unwrap_or_else(|| Err("the library is at fault".to_owned())) {
        Ok(rules) => made(|| Some(logveil_redactor(Guarded::new(rules)))),
        Err(why) => {
            let error = made(|| Some(logveil_error(CString::new(why.replace('\0', "?")).unwrap_or_default())));
            // SAFETY: by the caller's promise; who does not want to know gets nothing to free.
            unsafe { if err.is_null() { free(error) } else { put(err, error) } };
            ptr::null_mut()
        }
    }
}

/// Masks one text. CLEAN: it holds no secret, nothing is written. MASKED: `out` holds `*need` bytes. MORE: `cap` is too small,
/// `*need` says how many bytes there are, nothing is written. `out` may be `in`; `need` may be NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_redact(
    redactor: *const logveil_redactor,
    r#in: *const u8,
    n: usize,
    out: *mut u8,
    cap: usize,
    need: *mut usize,
) -> i32 {
    // SAFETY: by the caller's promise.
    let (Some(handle), Some(input)) = (unsafe { shared(redactor) }, unsafe { slice(r#in, n) }) else {
        return LOGVEIL_EARG;
    };
    // SAFETY: by the caller's promise; the input was read by then, so that it may be overwritten.
    handle.0.call(|rules| rules.redact(input, |bytes| unsafe { answer(bytes, out, cap, need) }))
}

/// The answer that this thread's last logveil_redact or logveil_record had no room for: MASKED, or MORE again. EARG if there
/// is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_again(out: *mut u8, cap: usize, need: *mut usize) -> i32 {
    // SAFETY: by the caller's promise.
    caught(|| handle::again(|bytes| unsafe { answer(bytes, out, cap, need) })).unwrap_or(LOGVEIL_EPANIC)
}

/// Where the secrets of a text are. CLEAN: `*count` is 0. MASKED: `out` holds `*count` of them. MORE: `cap` is too small, and
/// nothing is written but `*count`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_findings(
    redactor: *const logveil_redactor,
    r#in: *const u8,
    n: usize,
    out: *mut logveil_finding,
    cap: usize,
    count: *mut usize,
) -> i32 {
    // SAFETY: by the caller's promise.
    let (Some(handle), Some(input)) = (unsafe { shared(redactor) }, unsafe { slice(r#in, n) }) else {
        return LOGVEIL_EARG;
    };
    handle.0.call(|rules| {
        let all = rules.findings(input);
        // SAFETY: by the caller's promise.
        unsafe { put(count, all.len()) };
        if all.is_empty() {
            return LOGVEIL_CLEAN;
        }
        if all.len() > cap || out.is_null() {
            return LOGVEIL_MORE;
        }
        for (i, (start, end, rule)) in all.into_iter().enumerate() {
            // SAFETY: `out` has room for all of them.
            unsafe { out.add(i).write(logveil_finding { start, end, rule: rule.as_ptr() }) };
        }
        LOGVEIL_MASKED
    })
}

/// A log whose records come one by one. NULL if the redactor is. It may outlive the redactor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_records_new(redactor: *const logveil_redactor) -> *mut logveil_records {
    // SAFETY: by the caller's promise.
    let rules = unsafe { shared(redactor) }.and_then(|handle| handle.0.get());
    made(|| rules.map(|rules| logveil_records(Guarded::new(Records::new(&rules.redactor)))))
}

/// Like logveil_redact for the next record of a log, a whole one; any number of threads at the same time. The record is taken
/// whatever is answered: behind MORE ask logveil_again, not for the same record.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_record(
    records: *const logveil_records,
    r#in: *const u8,
    n: usize,
    out: *mut u8,
    cap: usize,
    need: *mut usize,
) -> i32 {
    // SAFETY: by the caller's promise.
    let (Some(handle), Some(input)) = (unsafe { shared(records) }, unsafe { slice(r#in, n) }) else {
        return LOGVEIL_EARG;
    };
    // SAFETY: by the caller's promise; the input was read by then, so that it may be overwritten.
    handle.0.call(|own| handle::redact_record(own, input, |bytes| unsafe { answer(bytes, out, cap, need) }))
}

/// A stream at its beginning. NULL if the redactor is. It may outlive the redactor.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_stream_new(redactor: *const logveil_redactor) -> *mut logveil_stream {
    // SAFETY: by the caller's promise.
    let rules = unsafe { shared(redactor) }.and_then(|handle| handle.0.get());
    made(|| rules.map(|rules| logveil_stream(Guarded::new(Pipe::new(&rules.redactor)))))
}

/// Takes the next bytes; `*ready`, unless it is NULL, says how many may be taken out by logveil_take.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_push(
    stream: *const logveil_stream,
    r#in: *const u8,
    n: usize,
    ready: *mut usize,
) -> i32 {
    // SAFETY: by the caller's promise.
    let (Some(handle), Some(input)) = (unsafe { shared(stream) }, unsafe { slice(r#in, n) }) else {
        return LOGVEIL_EARG;
    };
    // SAFETY: by the caller's promise.
    handle.0.call(|pipe| pipe.fed(|stream, out| stream.push(input, out), |count| unsafe { put(ready, count) }))
}

/// Ends a record that no newline ends: for records that come as frames.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_end_record(stream: *const logveil_stream, ready: *mut usize) -> i32 {
    // SAFETY: by the caller's promise.
    let Some(handle) = (unsafe { shared(stream) }) else { return LOGVEIL_EARG };
    // SAFETY: by the caller's promise.
    handle.0.call(|pipe| pipe.fed(|stream, out| stream.end_record(out), |count| unsafe { put(ready, count) }))
}

/// Ends the stream, which is at its beginning again: its last line may be taken, newline or not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_finish(stream: *const logveil_stream, ready: *mut usize) -> i32 {
    // SAFETY: by the caller's promise.
    let Some(handle) = (unsafe { shared(stream) }) else { return LOGVEIL_EARG };
    // SAFETY: by the caller's promise.
    handle.0.call(|pipe| pipe.fed(|stream, out| stream.finish(out), |count| unsafe { put(ready, count) }))
}

/// Writes at most `cap` bytes that may leave to `out`, `*wrote` in number. MORE if some are left, else CLEAN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_take(
    stream: *const logveil_stream,
    out: *mut u8,
    cap: usize,
    wrote: *mut usize,
) -> i32 {
    // SAFETY: by the caller's promise.
    let Some(handle) = (unsafe { shared(stream) }) else { return LOGVEIL_EARG };
    if wrote.is_null() || out.is_null() && cap > 0 {
        return LOGVEIL_EARG;
    }
    handle.0.call(|pipe| {
        pipe.take(cap, |bytes| {
            // SAFETY: by the caller's promise; at most `cap` bytes, and none of our own memory.
            unsafe { wrote.write(bytes.len()) };
            if !bytes.is_empty() {
                // SAFETY: as above.
                unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), out, bytes.len()) };
            }
        })
    })
}

/// Overwrites what this thread remembers of its input: for a thread that goes idle for long.
#[unsafe(no_mangle)]
pub extern "C" fn logveil_forget() {
    caught(Redactor::forget);
}

/// Why there is no redactor: a text that lives as long as the error, and holds nothing of a log. "" for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_error_message(err: *const logveil_error) -> *const c_char {
    // SAFETY: by the caller's promise.
    unsafe { shared(err) }.map_or(c"".as_ptr(), |error| error.0.as_ptr())
}

/// Frees a redactor; what was made of it lives on. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_redactor_free(redactor: *mut logveil_redactor) {
    // SAFETY: by the caller's promise.
    unsafe { free(redactor) }
}

/// Frees records. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_records_free(records: *mut logveil_records) {
    // SAFETY: by the caller's promise.
    unsafe { free(records) }
}

/// Frees a stream: bytes that were not taken are lost, what it held is overwritten. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_stream_free(stream: *mut logveil_stream) {
    // SAFETY: by the caller's promise.
    unsafe { free(stream) }
}

/// Frees an error. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn logveil_error_free(err: *mut logveil_error) {
    // SAFETY: by the caller's promise.
    unsafe { free(err) }
}

//! What Node sees: an object of functions. A function answers `null` where it must not be believed: nobody of that number, no
//! text, or the engine is at fault; `native.js` throws then.
#![allow(unsafe_code)]

mod call;

use std::ffi::CStr;
use std::ptr;

use napi_sys as node;

use crate::thread::{Thread, asked};
use call::Call;

type Answer = Option<node::napi_value>;
type Function = unsafe extern "C" fn(node::napi_env, node::napi_callback_info) -> node::napi_value;

/// A function that Node can call, of one that answers a call on this thread.
macro_rules! function {
    ($answer:expr) => {{
        unsafe extern "C" fn called(env: node::napi_env, info: node::napi_callback_info) -> node::napi_value {
            let answer: fn(&Call, &mut Thread) -> Answer = $answer;
            // SAFETY: Node calls, with what is its own.
            let answer = unsafe { Call::new(env, info) }.and_then(|call| asked(|thread| answer(&call, thread)));
            // SAFETY: as above.
            answer.unwrap_or_else(|| unsafe { null(env) })
        }
        called as Function
    }};
}

/// By name: what is exported.
fn functions() -> [(&'static CStr, Function); 9] {
    [
        // A number, or why there is none.
        (
            c"redactor",
            function!(|call, thread| {
                let number = thread.handles.redactor(call.options(&mut thread.room)?);
                if number == 0 { call.a_string(&thread.handles.output) } else { call.a_number(number) }
            }),
        ),
        (c"records", function!(|call, thread| call.a_number(thread.handles.records(call.number()?)))),
        (c"stream", function!(|call, thread| call.a_number(thread.handles.stream(call.number()?)))),
        // The same value if it is clean, or a string or a Buffer.
        (
            c"redact",
            function!(|call, thread| {
                let (input, is_text) = call.bytes(&mut thread.room)?;
                if !thread.handles.redact(call.number()?, input)? {
                    return Some(call.text());
                }
                if is_text { call.a_string(&thread.handles.output) } else { call.a_buffer(&thread.handles.output) }
            }),
        ),
        // A line each.
        (
            c"findings",
            function!(|call, thread| {
                let (input, _) = call.bytes(&mut thread.room)?;
                thread.handles.findings(call.number()?, input)?;
                call.a_string(&thread.handles.output)
            }),
        ),
        (
            c"push",
            function!(|call, thread| {
                let (input, _) = call.bytes(&mut thread.room)?;
                thread.handles.push(call.number()?, input)?;
                call.a_buffer(&thread.handles.output)
            }),
        ),
        (
            c"finish",
            function!(|call, thread| {
                thread.handles.finish(call.number()?)?;
                call.a_buffer(&thread.handles.output)
            }),
        ),
        (
            c"free",
            function!(|call, thread| {
                thread.handles.free(call.number()?);
                None
            }),
        ),
        (
            c"forget",
            function!(|_, thread| {
                thread.forget();
                None
            }),
        ),
    ]
}

/// # Safety
/// `env` is what Node gave to a function that has not returned.
unsafe fn null(env: node::napi_env) -> node::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: by the caller's promise. Should it fail, NULL is `undefined`.
    unsafe { node::napi_get_null(env, &mut value) };
    value
}

/// What Node calls when a thread loads the add-on.
///
/// # Safety
/// Node's to call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn napi_register_module_v1(env: node::napi_env, exports: node::napi_value) -> node::napi_value {
    for (name, function) in functions() {
        let mut value = ptr::null_mut();
        // SAFETY: Node's own values, a name that ends with NUL and lives as long as the program, and a function that does.
        unsafe {
            node::napi_create_function(
                env,
                name.as_ptr(),
                name.count_bytes() as isize,
                Some(function),
                ptr::null_mut(),
                &mut value,
            );
            node::napi_set_named_property(env, exports, name.as_ptr(), value);
        }
    }
    exports
}

/// The version of Node's interface that this keeps to.
#[unsafe(no_mangle)]
pub extern "C" fn node_api_module_get_api_version_v1() -> i32 {
    3
}

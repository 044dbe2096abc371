//! One call of Node's: its arguments, and the values that it may answer.
#![allow(unsafe_code)]

use std::ptr;

use logveil_handles::KEPT_BYTES_MAX;
use napi_sys as node;

/// What is at hand for a text before it is asked how long it is.
const ROOM_BYTES: usize = 16 << 10;
/// A character of UTF-8 that has no room is left out whole, and Node does not say so.
const CHARACTER_BYTES_MAX: usize = 4;

/// A call that Node waits for. Its values live as long.
pub struct Call {
    env: node::napi_env,
    arguments: [node::napi_value; 2],
}

fn done(status: node::napi_status) -> Option<()> {
    (status == node::Status::napi_ok).then_some(())
}

impl Call {
    /// # Safety
    /// Both are what Node gave to the function that calls this, which has not returned.
    pub unsafe fn new(env: node::napi_env, info: node::napi_callback_info) -> Option<Call> {
        let mut arguments = [ptr::null_mut(); 2];
        let mut count = arguments.len();
        // SAFETY: by the caller's promise; `arguments` has room for `count`.
        let status = unsafe {
            node::napi_get_cb_info(env, info, &mut count, arguments.as_mut_ptr(), ptr::null_mut(), ptr::null_mut())
        };
        done(status).map(|()| Call { env, arguments })
    }

    /// The first argument: a number of this thread's handles.
    pub fn number(&self) -> Option<usize> {
        let mut number = 0;
        // SAFETY: a value of this call.
        done(unsafe { node::napi_get_value_uint32(self.env, self.arguments[0], &mut number) })?;
        usize::try_from(number).ok()
    }

    /// The first argument, if it is a text, in UTF-8.
    pub fn options<'r>(&self, room: &'r mut Vec<u8>) -> Option<&'r [u8]> {
        self.string(self.arguments[0], room).map(|n| &room[..n])
    }

    /// The second argument, as it was given.
    pub fn text(&self) -> node::napi_value {
        self.arguments[1]
    }

    /// The second argument: a text in UTF-8, or bytes, and whether it was a text. Both stand in `room` until the next call:
    /// bytes could be memory that threads share.
    pub fn bytes<'r>(&self, room: &'r mut Vec<u8>) -> Option<(&'r [u8], bool)> {
        if let Some(n) = self.string(self.arguments[1], room) {
            return Some((&room[..n], true));
        }
        let (mut data, mut n, mut kind) = (ptr::null_mut(), 0, 0);
        // SAFETY: a value of this call.
        done(unsafe {
            node::napi_get_typedarray_info(
                self.env,
                self.arguments[1],
                &mut kind,
                &mut n,
                &mut data,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        })?;
        if kind != node::TypedarrayType::uint8_array {
            return None;
        }
        reserve(room, n);
        if n > 0 {
            // SAFETY: Node says that `n` bytes are there, and runs nothing meanwhile that could take them away; the room is
            // ours alone and has as many.
            unsafe { ptr::copy_nonoverlapping(data.cast::<u8>(), room.as_mut_ptr(), n) };
        }
        Some((&room[..n], false))
    }

    /// How many bytes of the room a text takes; nothing if it is no text.
    fn string(&self, value: node::napi_value, room: &mut Vec<u8>) -> Option<usize> {
        reserve(room, ROOM_BYTES);
        let mut n = self.copied(value, room)?;
        if n + CHARACTER_BYTES_MAX >= room.len() {
            // SAFETY: a value of this call; where nothing is to be written, Node says how long it is.
            done(unsafe { node::napi_get_value_string_utf8(self.env, value, ptr::null_mut(), 0, &mut n) })?;
            reserve(room, n + 1);
            n = self.copied(value, room)?;
        }
        Some(n)
    }

    fn copied(&self, value: node::napi_value, room: &mut [u8]) -> Option<usize> {
        let mut n = 0;
        // SAFETY: a value of this call; the room has as many bytes as is said, a NUL behind the text among them.
        done(unsafe {
            node::napi_get_value_string_utf8(self.env, value, room.as_mut_ptr().cast(), room.len(), &mut n)
        })?;
        Some(n)
    }

    pub fn a_string(&self, text: &[u8]) -> Option<node::napi_value> {
        let (mut value, n) = (ptr::null_mut(), isize::try_from(text.len()).ok()?);
        // SAFETY: Node copies `n` bytes, and puts U+FFFD where they are no UTF-8.
        done(unsafe { node::napi_create_string_utf8(self.env, text.as_ptr().cast(), n, &mut value) })?;
        Some(value)
    }

    pub fn a_buffer(&self, bytes: &[u8]) -> Option<node::napi_value> {
        let mut value = ptr::null_mut();
        // SAFETY: Node copies as many bytes as there are.
        done(unsafe {
            node::napi_create_buffer_copy(self.env, bytes.len(), bytes.as_ptr().cast(), ptr::null_mut(), &mut value)
        })?;
        Some(value)
    }

    pub fn a_number(&self, number: usize) -> Option<node::napi_value> {
        let mut value = ptr::null_mut();
        // SAFETY: writes a value.
        done(unsafe { node::napi_create_uint32(self.env, u32::try_from(number).ok()?, &mut value) })?;
        Some(value)
    }
}

fn reserve(room: &mut Vec<u8>, n: usize) {
    let fits = n <= room.len() && (room.len() <= KEPT_BYTES_MAX || n > KEPT_BYTES_MAX);
    if !fits {
        *room = vec![0; n.max(ROOM_BYTES)];
    }
}

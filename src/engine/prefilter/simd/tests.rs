//! No kernel reads behind the block.
#![allow(unsafe_code, reason = "pages that may not be read")]

use std::ffi::{c_int, c_void};

use super::super::lines::Lines;
use super::super::{Prefilter, Variant};
use crate::rules::plan::{Literal, Plan};
use crate::rules::sample;

const PAGE: usize = 1 << 16; // a multiple of what any processor has

// Of the C library, which the standard library links. The numbers are those of Linux.
unsafe extern "C" {
    fn mmap(at: *mut c_void, len: usize, protection: c_int, flags: c_int, file: c_int, offset: i64) -> *mut c_void;
    fn mprotect(at: *mut c_void, len: usize, protection: c_int) -> c_int;
}

/// Bytes that end where memory may not be read.
fn guarded() -> &'static mut [u8] {
    const READ_WRITE: c_int = 3;
    const PRIVATE_ANONYMOUS: c_int = 0x22;
    // SAFETY: new memory at a place of the kernel's choice, which is never given back.
    let begin = unsafe { mmap(std::ptr::null_mut(), 2 * PAGE, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0) }.cast::<u8>();
    assert_ne!(begin as isize, -1, "no memory");
    // SAFETY: the second half of what was mapped, to which there is no reference.
    let refused = unsafe { mprotect(begin.add(PAGE).cast(), PAGE, 0) };
    assert_eq!(refused, 0, "no guard");
    // SAFETY: the first half, zeroed and readable, and nobody else's.
    unsafe { std::slice::from_raw_parts_mut(begin, PAGE) }
}

#[test]
fn nothing_behind_the_block_is_read() {
    let literals: Vec<Literal> =
        [("password", true, false), ("key", true, false), ("ghp_", false, true), ("AKIA", false, true)]
            .map(|(bytes, fold, begins)| Literal { bytes: bytes.as_bytes().into(), fold, begins })
            .into();
    let plan = Plan::choose(&literals);
    let gates = Variant::available().into_iter().map(|v| (v, Prefilter::new(literals.clone(), &plan, v)));
    let gates: Vec<_> = gates.collect();
    let memory = guarded();
    let text = sample::text(PAGE, 5);
    memory.copy_from_slice(&text.as_bytes()[..PAGE]);
    for ending in [&b""[..], b"key", b"ghp_", b" AKI", b"@", b"4111111111111111", b"passwor"] {
        memory[PAGE - ending.len()..].copy_from_slice(ending);
        for length in
            (0..700).chain([1023, 1024, 1025, 2047, 2048, 2049, 2111, 2112, 4096, 4097, 8191, 8192, 8255, PAGE])
        {
            let block = &memory[PAGE - length..];
            let find = |gate: &Prefilter| {
                let (mut candidates, mut lines) = (Vec::new(), Lines::default());
                gate.find_literals(block, &mut Vec::new(), &mut candidates, &mut lines);
                (candidates, lines.count())
            };
            let expected = find(&gates[0].1);
            for (variant, gate) in &gates[1..] {
                assert!(find(gate) == expected, "{variant:?} at {length}");
            }
        }
    }
}

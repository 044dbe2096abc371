//! The engine behind a C interface. `abi` is the border and the only place with `unsafe`; `handle` is what stands behind
//! it: no panic crosses the border, and what panicked once answers nothing any more.

#[cfg(not(panic = "unwind"))]
compile_error!("a panic must not end the program that calls: build it with panic = \"unwind\"");

mod abi;
mod codes;
mod handle;

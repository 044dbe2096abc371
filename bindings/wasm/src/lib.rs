//! The engine as a WebAssembly module. A panic is a trap, which ends the instance: whoever calls must never ask it again.

mod abi;
mod instance;

//! The engine as an add-on of Node. `bindings/js/src/native.js` is the only one that calls it.

mod abi;
mod thread;

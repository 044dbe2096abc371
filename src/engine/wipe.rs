//! Buffers that held input.

/// Empties a buffer that held input and overwrites what it held.
pub(crate) fn wipe(buffer: &mut Vec<u8>) {
    buffer.fill(0);
    std::hint::black_box(&buffer[..]);
    buffer.clear();
}

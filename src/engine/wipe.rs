//! Buffers that held input.

/// Empties a buffer that held input and overwrites what it held.
pub(crate) fn wipe(buffer: &mut Vec<u8>) {
    // Filling nothing takes as long as judging a short line.
    if buffer.is_empty() {
        return;
    }
    buffer.fill(0);
    std::hint::black_box(&buffer[..]);
    buffer.clear();
}

/// Overwrites what pieces of input are remembered in, and gives the memory back.
pub(crate) fn forget<T: Clone + Default>(remembered: &mut Vec<T>) {
    remembered.fill(T::default());
    std::hint::black_box(&remembered[..]);
    *remembered = Vec::new();
}

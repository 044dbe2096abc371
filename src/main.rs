//! The command.
use std::io::{Read, Write};
fn main() {
    let r = logveil::Redactor::builtin();
    let mut s = logveil::Stream::new(&r);
    let mut i = std::io::stdin().lock();
    let mut o = std::io::stdout().lock();
    let mut buf = vec![0u8; 256 << 10];
    let mut out = Vec::new();
    loop {
        let n = i.read(&mut buf).unwrap();
        if n == 0 {
            break;
        }
        s.push(&buf[..n], &mut out);
        o.write_all(&out).unwrap();
        out.clear();
    }
    s.finish(&mut out);
    o.write_all(&out).unwrap();
}

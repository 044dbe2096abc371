//! However the bytes are cut, the output is the same. The first bytes say where to cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logveil::{Redactor, Stream};

fuzz_target!(|input: (Vec<u8>, &[u8])| {
    let (cuts, data) = input;
    let redactor = Redactor::builtin();
    let mut stream = Stream::new(&redactor);
    let mut whole = Vec::new();
    stream.push(data, &mut whole);
    stream.finish(&mut whole);

    let mut stream = Stream::new(&redactor);
    let (mut out, mut rest) = (Vec::new(), data);
    for cut in cuts {
        let (now, later) = rest.split_at(usize::from(cut).min(rest.len()));
        stream.push(now, &mut out);
        rest = later;
    }
    stream.push(rest, &mut out);
    stream.finish(&mut out);
    assert!(out == whole);
    assert_eq!(stream.tally().bytes_out, out.len() as u64);
});

//! Known values of any bytes in a text that has them somewhere: none is left, however the text is cut.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use logveil::{Redactor, Stream, Tally, Values, Verdict};

static BARE: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::builder().without_builtin().build().expect("no rule is wrong"));

fuzz_target!(|input: (Vec<Vec<u8>>, Vec<(u8, Vec<u8>)>, u8)| {
    let (all, pieces, cut) = input;
    let mut builder = Values::builder();
    let taken: Vec<&Vec<u8>> = all.iter().take(20).filter(|value| builder.add(&value[..]) == Verdict::Taken).collect();
    let redactor = BARE.with_values(builder.build());
    let mut text = Vec::new();
    for (pick, between) in &pieces {
        if let Some(value) = taken.get(usize::from(*pick) % taken.len().max(1)) {
            text.extend_from_slice(value);
        }
        text.extend_from_slice(between);
    }
    let mut tally = Tally::default();
    let whole = redactor.redact_counted(&text, &mut tally).into_owned();
    let mut stream = Stream::new(&redactor);
    let mut out = Vec::new();
    text.chunks(usize::from(cut).max(1)).for_each(|piece| stream.push(piece, &mut out));
    stream.finish(&mut out);
    // What a budget ended is masked, whatever else would have been found there.
    assert!(out == whole || tally.unjudged + stream.tally().unjudged > 0);
    for value in taken.iter().filter(|value| value.len() >= 8 && !value.contains(&b'\n') && !value.ends_with(b"\r")) {
        // What a label is made of is no leak.
        let label = b"[REDACTED:known-value]".windows(4).any(|part| value.windows(4).any(|own| own == part));
        let shown = |masked: &[u8]| masked.windows(value.len()).any(|part| part == &value[..]);
        assert!(label || !shown(&whole) && !shown(&out));
    }
});

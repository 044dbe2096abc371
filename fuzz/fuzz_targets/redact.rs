//! Any bytes: masking twice changes nothing unless a budget ended, the counts add up, and no gate finds other things.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use logveil::{Redactor, Tally};

static PORTABLE: LazyLock<Redactor> =
    LazyLock::new(|| Redactor::builder().gate("portable").build().expect("every processor has it"));

fuzz_target!(|data: &[u8]| {
    let redactor = Redactor::builtin();
    let mut tally = Tally::default();
    let once = redactor.redact_counted(data, &mut tally);
    assert_eq!(tally.bytes_in, data.len() as u64);
    assert_eq!(tally.bytes_out, once.len() as u64);
    assert_eq!(tally.findings() == 0, *once == *data, "a finding is masked, and nothing else changes");
    assert!(tally.unjudged > 0 || redactor.redact(&once) == once, "masking twice");
    assert!(PORTABLE.redact(data) == once, "another gate, another answer");
    let mut end = 0;
    for finding in redactor.findings(data) {
        assert!(end <= finding.start && finding.start < finding.end && finding.end <= data.len());
        end = finding.end;
    }
});

//! Any bytes as a pack of rules: an error or working rules, never a panic. The same for rules as text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use logveil::Redactor;

fuzz_target!(|data: &[u8]| {
    let builder = Redactor::builder().without_builtin().pack("fuzz", data.to_vec());
    if let Ok(redactor) = builder.build() {
        redactor.redact(data);
    }
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(builder) = Redactor::builder().without_builtin().rules_toml("fuzz", text)
        && let Ok(redactor) = builder.build()
    {
        redactor.redact(data);
    }
});

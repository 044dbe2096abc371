//! A pack that was altered, cut short or made elsewhere is an error: never a panic, never a wrong
//! answer.

use std::panic::catch_unwind;

use bytes::Bytes;
use logveil::{Redactor, RuleError, compile};

use crate::kit::report;

/// A rule of each kind, their automata small.
const RULES: [&str; 3] = [
    r#"
family = "token"
max = 64
[[rule]]
id = "acme-token"
about = "A token of a company that does not exist"
link = "https://acme.example/tokens"
literals = ["acme_"]
pattern = 'acme_[a-z0-9]{12}'
check = ["digit"]
finds = ["x acme_a1b2c3d4e5f6 y", "k=acme_9z8y7x6w5v4u"]
spares = ["acme_short", "xacme_a1b2c3d4e5f6"]
"#,
    r#"
family = "key"
max = 64
modifiers = ["old"]
[[rule]]
id = "acme-word"
about = "A word behind its key"
link = "https://acme.example/words"
literals = ["acmeword"]
keys = ["acmeword"]
value = "any"
finds = ["acmeword=hunter2", "old_acmeword: hunter2"]
spares = ["acmeword=", "acmewords were said"]
"#,
    r#"
family = "block"
max = 4096
[[rule]]
id = "acme-block"
about = "A block"
link = "https://acme.example/blocks"
literals = ["ACME BEGIN"]
pattern = 'ACME \x20 BEGIN'
until = "ACME END"
finds = ["ACME BEGIN\naGVsbG8gd29ybGQh\nACME END", "> ACME BEGIN\n> aGVsbG8gd29ybGQh\n> ACME END"]
spares = ["ACME START\naGVsbG8gd29ybGQh", "ACME"]
"#,
];

const LINE: &[u8] = b"x acme_a1b2c3d4e5f6 y acmeword=hunter2 z";
const MASKED: &[u8] = b"x [REDACTED:acme-token] y acmeword=[REDACTED:acme-word] z";
/// Magic, version, checksum.
const HEAD: usize = 8 + 2 + 32;

fn pack() -> Vec<u8> {
    let rules: Vec<_> = RULES.iter().flat_map(|text| compile::file("acme.toml", text).unwrap()).collect();
    compile::to_pack(&rules)
}

fn load(bytes: &[u8]) -> Result<Redactor, RuleError> {
    Redactor::builder().without_builtin().pack("acme.pack", Bytes::copy_from_slice(bytes)).build()
}

#[test]
fn a_whole_pack_gives_the_same_answers_as_its_text() {
    let from_pack = load(&pack()).unwrap();
    assert_eq!(&from_pack.redact(LINE)[..], MASKED);
    let from_text = RULES.iter().try_fold(Redactor::builder().without_builtin(), |b, t| b.rules_toml("acme.toml", t));
    assert_eq!(&from_text.unwrap().build().unwrap().redact(LINE)[..], MASKED);
    let beside = Redactor::builder().pack("acme.pack", pack()).build().unwrap();
    assert_eq!(&beside.redact(LINE)[..], MASKED);
    assert_eq!(&beside.redact(b"password=hunter2")[..], b"password=[REDACTED:password]");
    for rule in from_pack.rules() {
        from_pack.examples_of(&rule.id).unwrap();
    }
}

#[test]
fn the_same_rules_give_the_same_pack() {
    assert_eq!(pack(), pack());
}

#[test]
fn a_pack_cut_anywhere_is_an_error() {
    let whole = pack();
    for length in 0..whole.len() {
        assert!(load(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
    }
    let mut longer = whole.clone();
    longer.push(0);
    assert!(load(&longer).is_err(), "a byte too many");
    assert!(load(&[whole.clone(), whole].concat()).is_err(), "twice");
}

#[test]
fn every_single_bit_flipped_is_an_error() {
    let mut bytes = pack();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            assert!(load(&bytes).is_err(), "bit {bit} of byte {at}");
            bytes[at] ^= 1 << bit;
        }
    }
    assert!(load(&bytes).is_ok());
}

#[test]
fn foreign_packs_are_named() {
    let says = |bytes: &[u8], what: &str| {
        let error = load(bytes).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains("acme.pack"), "{error}");
    };
    let mut bytes = pack();
    bytes[8] ^= 0x40;
    says(&bytes, "version");
    let mut bytes = pack();
    bytes[HEAD + 20] ^= 1;
    says(&bytes, "checksum");
    says(b"not a pack at all, but long enough to be one, who knows", "no logveil pack");
}

/// With its checksum made right again, a changed pack may load; it must not panic, when it is
/// loaded or when it is used.
#[test]
fn a_forged_pack_never_panics() {
    let whole = pack();
    let forged = |at: usize, value: u8| {
        let mut bytes = whole.clone();
        bytes[at] = value;
        let sum = *blake3::hash(&bytes[HEAD..]).as_bytes();
        bytes[HEAD - 32..HEAD].copy_from_slice(&sum);
        bytes
    };
    let mut failures = Vec::new();
    for at in (HEAD..whole.len()).step_by(37) {
        for value in [0xFF, whole[at] ^ 0x10] {
            let bytes = forged(at, value);
            let used = catch_unwind(|| {
                if let Ok(r) = load(&bytes) {
                    r.redact(LINE);
                    r.redact(b"ACME BEGIN\naGVsbG8gd29ybGQh\nACME END\n");
                }
            });
            if used.is_err() {
                failures.push(format!("byte {at} of {} set to {value}", whole.len()));
            }
        }
    }
    failures.truncate(20);
    report("panics", &failures);
}

#[test]
fn rules_that_are_no_good_are_refused_with_file_and_line() {
    let good = RULES[0];
    let refused = |text: &str, why: &str| {
        let error = compile::file("acme.toml", text).unwrap_err().to_string();
        assert!(error.contains("acme.toml:") && error.contains(why), "{error}");
    };
    let without =
        |field: &str| -> String { good.lines().filter(|l| !l.starts_with(field)).map(|l| format!("{l}\n")).collect() };
    refused(&without("finds"), "`finds`");
    refused(&without("spares"), "`spares`");
    refused(&without("max"), "`max`");
    refused(&without("literals"), "`literals`");
    refused(&without("pattern"), "`pattern`");
    refused(&without("link"), "`link`");
    refused(&good.replace("'acme_[a-z0-9]{12}'", "'[a-z]+acme_[a-z0-9]{12}'"), "beginning with");
    refused(&good.replace("{12}", "{12,6000}"), "automaton");
    refused(&good.replace("\"digit\"", "\"vibes\""), "vibes");
    refused(&good.replace("max = 64", "max = 64\nmix = 3"), "mix");
    refused(&format!("{good}{}", good.split_once("max = 64").unwrap().1), "another rule");
    refused(&good.replace("max = 64", "max = 65537"), "max");
    refused(&good.replace("'acme_[a-z0-9]{12}'", "'acme_[a-z0-9'"), "acme-token");
    // Keys that are one word each need no literals, as long as each can be one.
    let alone = RULES[1].replace("literals = [\"acmeword\"]\n", "");
    assert!(compile::file("acme.toml", &alone).is_ok());
    refused(&alone.replace("keys = [\"acmeword\"]", "keys = [\"acmeword\", \"aw\"]"), "`aw` has 2 bytes");
    refused(&alone.replace("keys = [\"acmeword\"]", "keys = [\"acme word\"]"), "`literals`");
}

#[test]
fn a_rule_whose_examples_do_not_hold_is_refused_by_the_builder() {
    for text in
        [RULES[0].replace("x acme_a1b2c3d4e5f6 y", "nothing here"), RULES[0].replace("acme_short", "acme_a1b2c3d4e5f6")]
    {
        let builder = Redactor::builder().rules_toml("acme.toml", &text).unwrap();
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains("acme-token") && error.contains("example 1"), "{error}");
    }
    let twice = Redactor::builder().rules_toml("a.toml", RULES[0]).unwrap().rules_toml("b.toml", RULES[0]).unwrap();
    assert!(twice.build().is_err(), "one id in two files");
}

//! What the tests share: templates, redactors, and every way to push bytes through.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::OnceLock;

use logveil::{Allow, Builder, HashKey, Mask, Records, RedactWriter, Redactor, Stream};

const ALNUM: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

fn alphabet(class: &str) -> String {
    let (lower, upper, digit) = (&ALNUM[..26], &ALNUM[26..52], &ALNUM[52..]);
    match class {
        "alnum" => ALNUM.to_owned(),
        "lower" => lower.to_owned(),
        "upper" => upper.to_owned(),
        "digit" => digit.to_owned(),
        "hex" => "0123456789abcdef".to_owned(),
        "HEX" => "0123456789ABCDEF".to_owned(),
        "lowalnum" => format!("{lower}{digit}"),
        "upalnum" => format!("{upper}{digit}"),
        "b64" => format!("{ALNUM}+/"),
        "b64url" => format!("{ALNUM}_-"),
        "angle" => "<".to_owned(),
        "base32" => format!("{upper}234567"),
        _ => panic!("no class {class}"),
    }
}

fn seed_of(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01B3))
}

fn fill(template: &str, seed: &mut u64) -> String {
    let (class, count) = template.split_once(' ').expect("<<CLASS N>>");
    let letters = alphabet(class);
    let mut next = || {
        *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (*seed ^ (*seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        char::from(letters.as_bytes()[((z ^ (z >> 31)) % letters.len() as u64) as usize])
    };
    (0..count.parse::<usize>().expect("a count")).map(|_| next()).collect()
}

fn templates(text: &str, mut filled: impl FnMut(&str) -> String) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<<") {
        let (template, tail) = after.split_once(">>").expect("`<<` without `>>`");
        out.push_str(before);
        if !template.is_empty() {
            out.push_str(&filled(template));
        }
        rest = tail;
    }
    out + rest
}

/// A rule's example with its templates filled in, as the library does it: one seed for the line.
pub fn example(text: &str) -> String {
    let mut seed = seed_of(text);
    templates(text, |t| fill(t, &mut seed))
}

/// A line of the tests: the same template always stands for the same text.
pub fn line(text: &str) -> String {
    templates(text, |t| fill(t, &mut seed_of(t)))
}

/// The key of the tests' hash masks.
pub fn hash_key() -> HashKey {
    HashKey::new(b"only for tests, 32 bytes or more").unwrap()
}

/// Every mask, by name.
pub fn masks() -> Vec<(&'static str, Mask)> {
    Mask::FORMS.iter().map(|form| (form.name(), Mask::parse(form.example).unwrap())).collect()
}

/// A redactor for every mask, and one that writes numbers as 0; built once.
pub fn masked() -> &'static BTreeMap<&'static str, Redactor> {
    static ALL: OnceLock<BTreeMap<&'static str, Redactor>> = OnceLock::new();
    ALL.get_or_init(|| {
        let one = |b: Builder| b.hash_key(hash_key()).build().unwrap();
        let mut all: BTreeMap<_, _> =
            masks().into_iter().map(|(name, mask)| (name, one(Redactor::builder().mask(mask)))).collect();
        all.insert("number-zero", one(Redactor::builder().number_zero(true)));
        all
    })
}

/// A redactor with allow-lists of every kind, made for the texts of the properties.
pub fn allowing() -> &'static Redactor {
    static ALLOWING: OnceLock<Redactor> = OnceLock::new();
    ALLOWING.get_or_init(|| {
        let regex = |name: &str, regex: &str| Allow::new(name).regex(regex).unwrap();
        Redactor::builder()
            .allow(Allow::new("values").value("hunter2").value("4711").value(line("gh<<>>p_<<alnum 36>>")))
            .allow(regex("cards", "4111[ 1]*").rules(["card"]))
            .allow(regex("half", ".*[a-m]").rules(["key", "token"]))
            .allow(Allow::new("keys").key("sessionId").key("client secret").rules(["key"]))
            .build()
            .unwrap()
    })
}

/// Without and with allow-lists.
pub fn both() -> [&'static Redactor; 2] {
    static PLAIN: OnceLock<Redactor> = OnceLock::new();
    [PLAIN.get_or_init(Redactor::builtin), allowing()]
}

/// A stream over the parts, whatever they are.
pub fn streamed<'a>(r: &Redactor, parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut stream = Stream::new(r);
    for part in parts {
        stream.push(part, &mut out);
    }
    stream.finish(&mut out);
    out
}

/// A writer over parts of `size` bytes.
pub fn written(r: &Redactor, input: &[u8], size: usize) -> Vec<u8> {
    let mut writer = RedactWriter::new(Vec::new(), r);
    for part in input.chunks(size) {
        writer.write_all(part).unwrap();
    }
    writer.finish().unwrap()
}

/// Each line with a call of its own, with its line feed or without it.
pub fn recorded(r: &Redactor, input: &[u8], line_feeds: bool) -> Vec<u8> {
    let (records, mut out, mut all) = (Records::new(r), Vec::new(), Vec::new());
    for line in input.split_inclusive(|b| *b == b'\n') {
        let end = line.len() - usize::from(!line_feeds && line.ends_with(b"\n"));
        all.extend_from_slice(records.redact(&line[..end], &mut out));
        all.extend_from_slice(&line[end..]);
    }
    all
}

/// For messages: bytes as a reader sees them.
pub fn shown(bytes: &[u8]) -> String {
    let text: String = bytes.escape_ascii().to_string();
    if text.len() > 600 { format!("{}... ({} bytes)", &text[..600], text.len()) } else { text }
}

/// Runs the input whole, cut in two everywhere, byte by byte, through a writer, record by record, and over its
/// own output.
pub fn every_way(r: &Redactor, input: &[u8], expected: &[u8]) -> Result<(), String> {
    let differs = |how: &str, got: &[u8]| {
        Err(format!("{how}\n   input: {}\nexpected: {}\n     got: {}", shown(input), shown(expected), shown(got)))
    };
    let whole = r.redact(input);
    if *whole != *expected {
        return differs("whole", &whole);
    }
    for cut in 0..=input.len() {
        let got = streamed(r, [&input[..cut], &input[cut..]]);
        if got != expected {
            return differs(&format!("cut at {cut}"), &got);
        }
    }
    let got = streamed(r, input.chunks(1));
    if got != expected {
        return differs("byte by byte", &got);
    }
    for size in [1, 7, input.len().max(1)] {
        let got = written(r, input, size);
        if got != expected {
            return differs(&format!("a writer, {size} bytes at a time"), &got);
        }
    }
    for line_feeds in [false, true] {
        let got = recorded(r, input, line_feeds);
        if got != expected {
            return differs("record by record", &got);
        }
    }
    let again = r.redact(expected);
    if *again != *expected {
        return differs("over its own output", &again);
    }
    Ok(())
}

/// Fails with every message at once.
pub fn report(what: &str, failures: &[String]) {
    assert!(failures.is_empty(), "{what}: {} fail\n\n{}", failures.len(), failures.join("\n\n"));
}

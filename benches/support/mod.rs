//! Made-up logs for benches: the same bytes for the same arguments on every machine, together with
//! what must come out, so that no bench times a wrong answer.
//!
//! Clean text is that of the sample the prefilter is planned with (`src/rules/sample.rs`). Secrets are
//! built from pieces at run time: none stands in this file.

pub mod hostile;
pub mod templates;

#[path = "../../src/rules"]
mod rules {
    pub mod sample;
}

use std::fmt::Write as _;

/// An input and what the built-in rules with their default masks must make of it.
pub struct Input {
    pub name: &'static str,
    pub text: Vec<u8>,
    pub expected: Vec<u8>,
    pub findings: u64,
}

/// Xorshift: all the randomness a bench needs.
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Rng {
        Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub fn below(&mut self, bound: usize) -> usize {
        ((self.next() >> 11) % bound as u64) as usize
    }

    /// `count` signs, of which the second is always a lower-case letter and the third a digit, as
    /// a password policy would have it; so no secret reads like a plain word.
    fn signs(&mut self, count: usize) -> String {
        const ALNUM: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
        let of = |i: usize| match i {
            1 => &ALNUM[26..52],
            2 => &ALNUM[52..],
            _ => ALNUM,
        };
        (0..count).map(|i| char::from(of(i)[self.below(of(i).len())])).collect()
    }

    /// Each sign at most once, so that no entropy check takes bad luck for a placeholder.
    fn upper(&mut self, count: usize) -> String {
        let mut left = b"BCDFGHIJKLMNOPQRSTUVWXYZ234567".to_vec();
        (0..count).map(|_| char::from(left.swap_remove(self.below(left.len())))).collect()
    }

    fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|i| char::from(b'0' + self.below(if i == 0 { 9 } else { 10 }) as u8 + u8::from(i == 0)))
            .collect()
    }
}

/// A Visa number of sixteen digits in groups of four that passes the Luhn check.
fn card(r: &mut Rng) -> String {
    let mut digits: Vec<u8> = std::iter::once(4).chain((0..14).map(|_| r.below(10) as u8)).collect();
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(i, d)| u32::from(*d) * if i % 2 == 0 { 2 } else { 1 })
        .map(|d| d / 10 + d % 10)
        .sum();
    digits.push(((10 - sum % 10) % 10) as u8);
    let groups: Vec<String> = digits.chunks(4).map(|g| g.iter().map(|d| char::from(b'0' + d)).collect()).collect();
    groups.join(" ")
}

/// What stands before a secret, the secret, its mask, and what stands behind it.
type Planted = (&'static str, String, &'static str, &'static str);

/// One secret in one of ten kinds: by key in several notations, by place, by shape, a card.
fn planted(r: &mut Rng) -> Planted {
    const PASSWORD: &str = "[REDACTED:password]";
    match r.below(10) {
        0 => ("login user=alice password=", r.signs(12), PASSWORD, " from 203.0.113.9"),
        1 => ("config {\"user\":\"app\",\"dbPassword\":\"", r.signs(14), PASSWORD, "\",\"pool\":5}"),
        2 => ("env DB_PASSWORD='", r.signs(16), PASSWORD, "' HOME=/root"),
        3 => ("connect postgres://app:", r.signs(14), "REDACTED-url-password", "@db.internal:5432/orders"),
        4 => ("upstream Authorization: Bearer ", r.signs(40), "[REDACTED:authorization]", ""),
        5 => ("signed by ", ["AK", "IA", &r.upper(16)].concat(), "[REDACTED:aws-access-key-id]", " in eu-west-1"),
        6 => ("api call by ", ["gl", "pat-", &r.signs(24)].concat(), "[REDACTED:gitlab-pat]", " took 31ms"),
        7 => (
            "posted with ",
            ["xo", "xb-", &r.digits(12), "-", &r.digits(12), "-", &r.signs(24)].concat(),
            "[REDACTED:slack-bot-token]",
            " ok",
        ),
        8 => ("oauth client_secret=", r.signs(32), "[REDACTED:secret]", "&grant_type=client_credentials"),
        _ => ("charge card ", card(r), "[REDACTED:card-number]", " amount 12.50 EUR"),
    }
}

impl Input {
    fn empty(name: &'static str, length: usize) -> Input {
        let room = length + (64 << 10);
        Input { name, text: Vec::with_capacity(room), expected: Vec::with_capacity(room), findings: 0 }
    }

    fn both(&mut self, text: &str) {
        self.text.extend_from_slice(text.as_bytes());
        self.expected.extend_from_slice(text.as_bytes());
    }

    fn plant(&mut self, (before, secret, mask, behind): Planted) {
        self.both(before);
        self.text.extend_from_slice(secret.as_bytes());
        self.expected.extend_from_slice(mask.as_bytes());
        self.both(behind);
        self.findings += 1;
    }

    fn line_with_secret(&mut self, r: &mut Rng) {
        let head = format!(
            "2024-03-{:02}T{:02}:{:02}:{:02}Z web-01 app[{}]: ",
            1 + r.below(28),
            r.below(24),
            r.below(60),
            r.below(60),
            r.below(30_000)
        );
        self.both(&head);
        self.plant(planted(r));
        self.both("\n");
    }
}

/// Logs of ten kinds without a secret.
pub fn clean(length: usize) -> Input {
    let text = rules::sample::text(length, 7).into_bytes();
    Input { name: "clean", expected: text.clone(), text, findings: 0 }
}

/// The same with a secret in every hundredth line.
pub fn realistic(length: usize) -> Input {
    let text = rules::sample::text(length, 7);
    let mut rng = Rng::new(11);
    let mut input = Input::empty("realistic", length);
    for (n, line) in text.split_inclusive('\n').enumerate() {
        if n % 100 == 50 {
            input.line_with_secret(&mut rng);
        } else {
            input.both(line);
        }
    }
    input
}

/// A secret in every line.
pub fn dense(length: usize) -> Input {
    let mut rng = Rng::new(13);
    let mut input = Input::empty("dense", length);
    while input.text.len() < length {
        input.line_with_secret(&mut rng);
    }
    input
}

/// Application logs as JSON lines: key words in every record, a secret in every hundredth.
pub fn json_lines(length: usize) -> Input {
    let mut rng = Rng::new(17);
    let mut input = Input::empty("json", length);
    let mut line = String::new();
    for n in 0.. {
        if input.text.len() >= length {
            break;
        }
        line.clear();
        json_line(&mut rng, &mut line);
        input.both(&line);
        if n % 100 == 50 {
            input.plant((",\"clientSecret\":\"", rng.signs(32), "[REDACTED:secret]", "\""));
        }
        input.both("}\n");
    }
    input
}

/// A record without its last brace.
fn json_line(r: &mut Rng, out: &mut String) {
    let _ = write!(
        out,
        "{{\"ts\":\"2024-03-{:02}T{:02}:{:02}:{:02}.{:03}Z\",\"level\":\"info\",\"logger\":\"auth.session\",\
         \"msg\":\"request completed\",\"user\":\"u{}\",\"auth_method\":\"oidc\",\"token_type\":\"Bearer\",\
         \"token_expires_in\":{},\"session\":{{\"renewed\":{},\"age_s\":{}}},\"max_tokens\":4096,\
         \"path\":\"/api/v1/orders/{}\",\"status\":200,\"trace_id\":\"{:016x}{:016x}\",\"duration_ms\":{}",
        1 + r.below(28),
        r.below(24),
        r.below(60),
        r.below(60),
        r.below(1000),
        r.below(10_000),
        r.below(3600),
        r.below(2) == 0,
        r.below(86_400),
        r.below(1_000_000),
        r.next(),
        r.next(),
        r.below(900)
    );
}

/// The input in blocks of whole lines, each at most `size` bytes unless a line is longer.
pub fn blocks(text: &[u8], size: usize) -> Vec<&[u8]> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let window = &rest[..rest.len().min(size)];
        let end = match window.iter().rposition(|b| *b == b'\n') {
            _ if window.len() == rest.len() => rest.len(),
            Some(i) => i + 1,
            None => rest.iter().position(|b| *b == b'\n').map_or(rest.len(), |i| i + 1),
        };
        let (block, after) = rest.split_at(end);
        blocks.push(block);
        rest = after;
    }
    blocks
}

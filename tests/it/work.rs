//! Linear time: what automata and parsers look at, and the bytes themselves for the prefilter, stay
//! under [`K`] times the input, on hostile lines and on every rule's own finds.

use logveil::{Redactor, Tally};

use crate::kit::{example, line, report, shown};

/// The published bound.
const K: u64 = 16;
/// What any record may cost besides, in bytes.
const FREE: u64 = 4096;
const SIZE: usize = 96 << 10;

fn work_of(r: &Redactor, input: &[u8]) -> u64 {
    let mut tally = Tally::default();
    r.redact_counted(input, &mut tally);
    tally.work + input.len() as u64
}

/// Over the bound, by name; tiny inputs may cost a constant more.
fn over(r: &Redactor, name: &str, input: &[u8]) -> Option<String> {
    let (work, allowed) = (work_of(r, input), K * input.len() as u64 + FREE);
    (work > allowed).then(|| format!("{name}: {:.1} times the input", work as f64 / input.len() as f64))
}

fn repeated(unit: &str) -> Vec<u8> {
    unit.bytes().cycle().take(SIZE.max(unit.len())).collect()
}

/// A unit as one endless line, behind an opening, and as many lines.
fn forms(name: &str, unit: &str) -> Vec<(String, Vec<u8>)> {
    let mut forms = vec![(format!("{name}, one line"), repeated(unit))];
    forms.push((format!("{name}, a line each"), repeated(&format!("{unit}\n"))));
    let lines = format!("{}\n", unit.repeat(1 + 4000 / unit.len()));
    forms.push((format!("{name}, lines of 4 KB"), repeated(&lines)));
    forms
}

const HOSTILE: &[(&str, &str)] = &[
    ("nested quotes", r#"{"password":"{\"password\":\"{\\\"password\\\":\\\"x"#),
    ("open quotes", r#"password=""#),
    ("open quotes in lists", r#""password":[""#),
    ("escaped quotes", r#"\""#),
    ("quotes alone", "\""),
    ("quotes of two kinds", "'\""),
    ("spelled quotes", "%22password%22%3A%22"),
    ("unclosed entities", "&quot;password&quot;:&quot;"),
    ("backslashes", "\\"),
    ("backslashes behind a key", "password=\\\\\\\\\\\\\\\\"),
    ("unclosed blocks", "-----BEGIN RSA PRIVATE<<>> KEY-----"),
    ("unclosed blocks with a line end", "-----BEGIN PRIVATE<<>> KEY-----\\n"),
    ("unclosed blocks with a body", "-----BEGIN PRIVATE<<>> KEY-----\\n<<b64 64>>"),
    ("endless key words", "password"),
    ("key words with signs", "password."),
    ("key words with dashes", "token-"),
    ("key words with blanks", "password "),
    ("keys of many words", "db_password_token_key_secret_"),
    ("chains", "password="),
    ("chains of colons", "password:"),
    ("chains of columns", "key|"),
    ("chains of signs", "sig%3"),
    ("chains of a code's sign", "token%"),
    ("chains of brackets", "pwd%5B"),
    ("chains with blanks", "password = "),
    ("chains of keys", "a.password=b.token=c.secret="),
    ("elements", "<password>"),
    ("open elements", "<password"),
    ("elements with attributes", "<password a=\"b\" "),
    ("names", "name=\"password\" "),
    ("lists", "password=[a,"),
    ("lists of lists", "password=[["),
    ("long lists", "a1,"),
    ("a list behind a key", "password=[x1, x1, x1, x1, x1, x1, x1, x1, "),
    ("wrappers", "password=Some(Some(Some(Some("),
    ("cookies", "Cookie: a=b1; c=d1; "),
    ("cookies of one header", "a=b1; "),
    ("cookie keys", "Set-Cookie: "),
    ("authorization", "Authorization: Bearer "),
    ("authorization parameters", "Authorization: Digest a=\"b\", c=\"d\", "),
    ("digits", "4"),
    ("digits of a card", "4111111111111111"),
    ("groups", "4111 1111 1111 1111 "),
    ("short groups", "41 "),
    ("groups of four", "4111 "),
    ("groups with dashes", "4111-"),
    ("groups behind a card's word", "card 4111 "),
    ("tracks", "%B4111111111111111^"),
    ("tracks of digits", "4111111111111111=2912"),
    ("at signs", "@"),
    ("at signs with letters", "a@"),
    ("authorities", "https://a:b@"),
    ("authorities without an end", "https://a:b"),
    ("authorities of signs", "://@"),
    ("slashes", "//@"),
    ("flags", "--password "),
    ("flags of curl", "curl -u a "),
    ("flags of mysql", "mysql -u a "),
    ("long flags of users", "--user a"),
    ("sql", "identified by "),
    ("logins", "login a password "),
    ("machines", "machine a login "),
    ("bearers", "bearer "),
    ("bearers without a blank", "bearer%20"),
    ("colours", "\x1b[0m"),
    ("colours behind a key", "password\x1b[0m"),
    ("colour starts", "\x1b["),
    ("spelled colours", "password=\\u001b[0m"),
    ("blanks behind a key", "password                                                                   "),
    ("templates", "password=${a "),
    ("masks", "password=[REDACTED:"),
    ("zeros", "\0"),
    ("escapes of JSON", "\\u0022password\\u0022:\\u0022"),
    ("token starts", "eyJ"),
    ("a token's start with dots", "eyJhbGciOiJIUzI1NiJ9."),
    ("base64", "<<b64 64>>"),
    ("hex", "<<hex 64>>"),
    ("short values", "pwd=a "),
    ("second looks", "password=a@b://c "),
    ("signs in percent", "sig%3d"),
    ("tokens", "token=1 "),
    ("passwords", "password=x9Kq2 "),
    ("flags", "--password hunter2 "),
    ("wrapped values", r#"{"name":"password","value":"x9"},"#),
];

/// What opens a text that all units are in, and what stands between them there.
const OPENED: &[(&str, &str)] = &[("{\"log\":\"", "\\\" "), ("{\"log\":\"", ""), ("{\"a\":\"\",", ""), ("msg=\"", "")];

/// A unit over and over in a text that something opened: what asks for the text's end must not seek it anew each time.
fn opened(name: &str, unit: &str) -> Vec<(String, Vec<u8>)> {
    let text = |(open, between): &(&str, &str)| {
        let again = repeated(&format!("{unit}{between}"));
        (format!("{name} behind {open}, {between:?} between"), [open.as_bytes(), &again].concat())
    };
    OPENED.iter().map(text).collect()
}

fn hostile() -> Vec<(String, Vec<u8>)> {
    HOSTILE.iter().flat_map(|(name, unit)| forms(name, &line(unit))).collect()
}

#[test]
fn hostile_lines_cost_linear_time() {
    let r = Redactor::builtin();
    let opened = HOSTILE.iter().flat_map(|(name, unit)| opened(name, &line(unit)));
    let all = hostile().into_iter().chain(opened);
    report("over the bound", &all.filter_map(|(n, i)| over(&r, &n, &i)).collect::<Vec<_>>());
}

/// One opening, then very much of what it could go on with.
#[test]
fn endless_tails_cost_linear_time() {
    let r = Redactor::builtin();
    let heads = [
        "password=",
        "password=\"",
        "{\"password\":\"",
        "password=[",
        "\"password\":[\"",
        "<password>",
        "Cookie: ",
        "Authorization: Digest ",
        "https://a:",
        "-----BEGIN PRIVATE<<>> KEY-----\\n",
        "curl ",
        "mysql ",
        "4111",
        "gh<<>>p_",
        "eyJhbGciOiJIUzI1NiJ9.",
        "-----BEGIN PRIVATE<<>> KEY-----\n",
        "{\"name\":\"password\",\"value\":\"",
    ];
    let tails = [
        "a",
        "a1",
        "\\",
        "\\\"",
        "\"",
        "'",
        "a=b1; ",
        "a1, ",
        "\"a1\", ",
        "4",
        "1111 ",
        "@",
        "a@",
        ".",
        "%22",
        "<",
        ">",
        " ",
        "=",
        ":",
        "&",
        "token=x1 ",
        "[",
        "{",
        "(",
        "-u ",
        "\\n",
        "<<b64 64>>\n",
        "x=\"y\", ",
        "\x1b[0m",
    ];
    let mut failures = Vec::new();
    for head in heads {
        for tail in tails {
            let input = [line(head).into_bytes(), repeated(&line(tail))].concat();
            failures.extend(over(&r, &format!("{} then {}", head.escape_debug(), tail.escape_debug()), &input));
        }
    }
    report("over the bound", &failures);
}

#[test]
fn every_rules_own_finds_cost_linear_time() {
    let r = Redactor::builtin();
    let mut failures = Vec::new();
    for rule in r.rules() {
        for (n, text) in rule.finds.iter().chain(&rule.spares).enumerate() {
            let text = example(text);
            for (how, between) in [("a line each", "\n"), ("with blanks", " "), ("without", "")] {
                let unit = format!("{text}{between}");
                let input = unit.repeat(1 + (12 << 10) / unit.len());
                failures.extend(over(&r, &format!("{} {} {how}", rule.id, n + 1), input.as_bytes()));
            }
        }
    }
    report("over the bound", &failures);
}

#[test]
fn every_rules_literals_cost_linear_time() {
    let r = Redactor::builtin();
    let mut failures = Vec::new();
    for rule in r.rules() {
        for literal in rule.literals().0 {
            let front = |most: usize| &literal[..(0..=most).rev().find(|n| literal.is_char_boundary(*n)).unwrap_or(0)];
            let (half, most) = (front(literal.len().div_ceil(2)), front(literal.len() - 1));
            for unit in [half, most, literal, &format!("{literal} "), &format!("{literal}aB3-"), &format!("{literal}=")]
            {
                let input = unit.repeat(1 + (8 << 10) / unit.len());
                failures.extend(over(&r, &format!("{}: {unit}", rule.id), input.as_bytes()));
            }
            let before = "aB3x".repeat(500);
            let input = format!("{before}{literal}").repeat(8);
            failures.extend(over(&r, &format!("{}: {literal} behind much", rule.id), input.as_bytes()));
        }
    }
    report("over the bound", &failures);
}

/// Twice the bytes are at most a little more than twice the work.
#[test]
fn work_grows_with_the_input() {
    let r = Redactor::builtin();
    let mut failures = Vec::new();
    for (name, input) in hostile() {
        let (half, whole) = (work_of(&r, &input[..input.len() / 2]), work_of(&r, &input));
        if whole > half * 5 / 2 + 4096 {
            failures.push(format!("{name}: {half} for half, {whole} for the whole"));
        }
    }
    report("more than linear", &failures);
}

/// A record whose masks keep uncovering more than its budget lets be looked at: from where that is, all of it goes.
#[test]
fn what_no_budget_is_left_for_is_masked() {
    let r = Redactor::builtin();
    let input = br#"{"pw:{""""pw":{L:[":{"pw":{"L":"S"a":{"L"a"S":{"d":"L":"S"a"#;
    let once = r.redact(input).into_owned();
    assert!(once.ends_with(b"[REDACTED:password]"), "{}", shown(&once));
    assert_eq!(shown(&r.redact(&once)), shown(&once));
}

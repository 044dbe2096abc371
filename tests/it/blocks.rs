//! Key blocks over several lines: nothing of the key is shown, and nothing behind it is lost.

use logveil::Redactor;

use crate::kit::{every_way, line, streamed};

const BODY: &str = "<<b64 64>>";
const LAST: &str = "<<b64 22>>==";
const MASK: &str = "[REDACTED:private-key]";

fn begin() -> String {
    ["-----BEGIN RSA PRIVATE", " KEY-----"].concat()
}

fn end() -> String {
    ["-----END RSA PRIVATE", " KEY-----"].concat()
}

/// A key of two body lines behind `prefix`, its lines ended by `eol`; and what becomes of it.
fn key(prefix: &str, eol: &str) -> (String, String) {
    let put = |a: &str, b: &str| [&begin(), a, b, &end()].map(|l| format!("{prefix}{l}{eol}")).concat();
    (put(&line(BODY), &line(LAST)), put(MASK, MASK))
}

fn holds(input: &str, expected: &str) {
    if let Err(why) = every_way(&Redactor::builtin(), input.as_bytes(), expected.as_bytes()) {
        panic!("{why}");
    }
}

/// Runs a block and asserts that none of its body lines is shown and that `behind` stays.
fn hides(input: &str, bodies: &[&str], behind: &str) {
    let r = Redactor::builtin();
    let whole = r.redact_str(input);
    for body in bodies {
        assert!(!whole.contains(body), "a body line is shown in\n{whole}");
    }
    assert!(whole.contains(behind), "`{behind}` is lost in\n{whole}");
    holds(input, &whole);
}

#[test]
fn line_ends_and_prefixes() {
    for eol in ["\n", "\r\n"] {
        for prefix in [
            "",
            "    ",
            "2026-11-22T05:25:33Z stdout F ",
            "2026-11-22T05:25:33.123456789Z stderr F ",
            "Nov 22 05:25:33 web-01 app[123]: ",
            "INFO [main] com.example.App - ",
            "web_1  | ",
            "> ",
            "# ",
        ] {
            let (input, expected) = key(prefix, eol);
            let behind = format!("{prefix}user alice logged in from 203.0.113.9{eol}");
            holds(&format!("{behind}{input}{behind}"), &format!("{behind}{expected}{behind}"));
        }
    }
}

#[test]
fn prefixes_that_change_from_line_to_line() {
    let (body, last) = (line(BODY), line(LAST));
    let at = |n: usize| format!("2026-11-22T05:25:{:02}.{}Z stdout F ", 9 + n, 7 * n * n * n);
    let lines = |a: &str, b: &str| {
        let texts = [&begin(), a, b, &end(), "done"];
        texts.iter().enumerate().map(|(n, l)| format!("{}{l}\n", at(n))).collect::<String>()
    };
    holds(&lines(&body, &last), &lines(MASK, MASK));
}

#[test]
fn one_line_with_written_line_ends() {
    let (body, last) = (line(BODY), line(LAST));
    for eol in ["\\n", "\\r\\n", "\\\\n"] {
        let put = |inner: &str| format!("key={}{eol}{inner}{eol}{} n=1\n", begin(), end());
        let input = put(&format!("{body}{eol}{last}"));
        holds(&input, &put(MASK));
    }
}

#[test]
fn a_json_string() {
    let (body, last) = (line(BODY), line(LAST));
    let text = format!("{}\n{body}\n{last}\n{}\n", begin(), end());
    let mut input = serde_json::json!({"key": text, "n": 1}).to_string();
    for _ in 0..3 {
        let out = Redactor::builtin().redact_str(&input).into_owned();
        assert!(!out.contains(&body[..16]) && !out.contains(&last[..16]), "shown: {out}");
        let value: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(value["n"], 1);
        holds(&input, &out);
        input = serde_json::json!({"key": input, "n": 1}).to_string();
    }
}

#[test]
fn without_an_end_up_to_the_first_line_that_is_no_key() {
    let (body, last) = (line(BODY), line(LAST));
    let audit = "Failed password for root from 203.0.113.9 port 22 ssh2\n".repeat(5);
    let put = |a: &str, b: &str| format!("{}\n{a}\n{b}\n{audit}", begin());
    holds(&put(&body, &last), &put(MASK, MASK));
    // The line that ends it is judged as usual.
    let put = |a: &str, p: &str| format!("{}\n{a}\nlogin password={p} ok\n{audit}", begin());
    holds(&put(&body, "hunter2"), &put(MASK, "[REDACTED:password]"));
}

#[test]
fn without_an_end_at_the_end_of_the_stream() {
    let (body, last) = (line(BODY), line(LAST));
    hides(&format!("{}\n{body}\n{last}", begin()), &[&body, &last], "BEGIN");
    hides(&format!("x {}\n{body}", begin()), &[&body], "BEGIN");
}

#[test]
fn an_end_after_the_cap() {
    let body = line(BODY);
    // The rule's cap is 64 KiB: more body lines than that, then the end.
    let count = 64 * 1024 / 65 + 40;
    let input = format!("{}\n{}{}\naudit line\n", begin(), format!("{body}\n").repeat(count), end());
    let r = Redactor::builtin();
    let out = r.redact_str(&input);
    let shown = out.matches(&body).count();
    assert!(out.ends_with("audit line\n"));
    assert_eq!(shown, 0, "{shown} of {count} body lines are shown");
    assert_eq!(streamed(&r, input.as_bytes().chunks(1000)), out.as_bytes());
}

#[test]
fn a_header_in_prose_keeps_the_audit_trail() {
    let audit: String =
        (0..100).map(|n| format!("{n} audit: user=u{n} from 203.0.113.{n} action=login result=ok\n")).collect();
    for header in ["PRIVATE", "RSA PRIVATE", "OPENSSH PRIVATE"] {
        for tail in ["", "\n", " x\n", "\"\n", "\r\n", "\\n\n"] {
            let tail = if tail.ends_with('\n') { tail.to_owned() } else { format!("{tail}\n") };
            let input = format!("User-Agent: -----BEGIN {header} KEY-----{tail}{audit}");
            holds_long(&input);
        }
    }
}

/// Unchanged, however it is cut (too long for every cut).
fn holds_long(input: &str) {
    let r = Redactor::builtin();
    assert_eq!(r.redact_str(input), input);
    for size in [1, 61, 1000] {
        assert_eq!(streamed(&r, input.as_bytes().chunks(size)), input.as_bytes());
    }
}

#[test]
fn audit_lines_of_one_word_behind_a_header_in_prose() {
    let input = format!("User-Agent: {}\nGET /index.html 200\nok then\n", begin());
    holds_long(&input);
}

#[test]
fn header_lines_of_the_key_stay() {
    let (body, last) = (line(BODY), line(LAST));
    let put = |a: &str, b: &str| {
        format!("{}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,0A1B\n\n{a}\n{b}\n{}\nnext\n", begin(), end())
    };
    holds(&put(&body, &last), &put(MASK, MASK));
}

#[test]
fn other_key_files() {
    let (body, last) = (line(BODY), line("<<b64 40>>"));
    let label = |id: &str| format!("[REDACTED:{id}]");
    let putty = |a: &str, b: &str| format!("Private-Lines: 2\n{a}\n{b}\nPrivate-MAC: 0a1b\nnext\n");
    let p = label("putty-private-key");
    holds(&putty(&body, &last), &putty(&p, &p));
    let head = ["---- BEGIN SSH2 ENCRYPTED PRIVATE", " KEY ----"].concat();
    let ssh2 = |a: &str, b: &str| format!("{head}\n{a}\n{b}\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\nnext\n");
    let s = label("ssh2-private-key");
    holds(&ssh2(&body, &last), &ssh2(&s, &s));
    let head = ["-----BEGIN PGP PRIVATE", " KEY BLOCK-----"].concat();
    let pgp =
        |a: &str, b: &str| format!("{head}\nVersion: 1\n\n{a}\n{b}\n=aB3d\n-----END PGP PRIVATE KEY BLOCK-----\nx\n");
    hides(&pgp(&body, &last), &[&body, &last], "-----END PGP");
}

#[test]
fn a_secret_right_behind_a_block() {
    let (input, expected) = key("", "\n");
    let tail = "password=hunter2\n4111111111111111\n";
    let masked = "password=[REDACTED:password]\n[REDACTED:card-number]\n";
    holds(&format!("{input}{tail}"), &format!("{expected}{masked}"));
}

#[test]
fn two_blocks_in_a_row() {
    let (input, expected) = key("", "\n");
    holds(&format!("{input}{input}"), &format!("{expected}{expected}"));
    // The second begins where the first has no end.
    let open = format!("{}\n{}\n", begin(), line(BODY));
    holds(&format!("{open}{input}"), &format!("{}\n{MASK}\n{expected}", begin()));
}

#[test]
fn an_element_whose_value_stands_on_the_next_line() {
    let put = |p: &str| format!("<password>\n  {p}\n</password>\n");
    holds(&put("hunter2"), &put("[REDACTED:password]"));
    let put = |p: &str| format!("env:\n- name: DB_PASSWORD\n  value: {p}\n- name: PORT\n  value: 80\n");
    holds(&put("hunter2"), &put("[REDACTED:password]"));
}

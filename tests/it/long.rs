//! Records over the limit: bounded memory, the same output however they are cut, and no secret
//! shown at a window's edge.

use logveil::{Redactor, Stream};

use crate::kit::{example, line, masked, shown, streamed};

/// The limit that the library documents.
const RECORD: usize = 1 << 20;
/// What one push may add before a window leaves.
const CHUNK: usize = 64 << 10;

fn filler(size: usize) -> Vec<u8> {
    b"lorem ipsum dolor 12 sit amet, ".iter().copied().cycle().take(size).collect()
}

/// A line of `size` bytes with `secret` at `at`, between blanks.
fn with_secret(size: usize, at: usize, secret: &str) -> Vec<u8> {
    let mut text = filler(size);
    text[at - 1] = b' ';
    text[at..at + secret.len()].copy_from_slice(secret.as_bytes());
    text[at + secret.len()] = b' ';
    text
}

/// Where a window may begin, end, or look again: offsets near every multiple of 64 KiB around the
/// limit and twice the limit.
fn edges() -> Vec<usize> {
    let unit = 64 << 10;
    [
        RECORD - 2 * unit,
        RECORD - unit,
        RECORD,
        2 * RECORD - 4 * unit,
        2 * RECORD - 3 * unit,
        2 * RECORD - unit,
        2 * RECORD,
    ]
    .into_iter()
    .flat_map(|e| [e - 41, e - 20, e - 1, e, e + 1, e + 20])
    .chain([1, 5000, RECORD / 2, 3 * RECORD - 100])
    .collect()
}

#[test]
fn a_secret_before_on_across_and_behind_an_edge() {
    let r = Redactor::builtin();
    let secrets = [
        (line("gh<<>>p_<<alnum 36>>"), "[REDACTED:github-pat]"),
        (line("password=<<alnum 20>>"), "password=[REDACTED:password]"),
        ("4111111111111111".into(), "[REDACTED:card-number]"),
    ];
    for (secret, mask) in &secrets {
        for at in edges() {
            let input = with_secret(3 * RECORD, at, secret);
            let expected = [&input[..at], mask.as_bytes(), &input[at + secret.len()..]].concat();
            let out = streamed(&r, input.chunks(CHUNK));
            assert!(out == expected, "{mask} at {at}: {}", difference(&expected, &out));
        }
    }
}

/// For messages: where two outputs part.
fn difference(expected: &[u8], got: &[u8]) -> String {
    let at = expected.iter().zip(got).position(|(a, b)| a != b).unwrap_or(expected.len().min(got.len()));
    let part = |b: &[u8]| shown(&b[at.saturating_sub(60)..(at + 80).min(b.len())]);
    let (a, b) = (expected.len(), got.len());
    format!("lengths {a} and {b}, at {at}\nexpected {}\n     got {}", part(expected), part(got))
}

#[test]
fn the_same_output_however_a_long_record_is_cut() {
    let r = Redactor::builtin();
    let mut input = filler(2 * RECORD + 777_777);
    for (n, at) in edges().into_iter().enumerate().filter(|(_, at)| *at + 100 < 2 * RECORD + 777_777) {
        let secret =
            [line("gh<<>>p_<<alnum 36>>"), line("password=\"<<alnum 9>> <<alnum 8>>\""), "4111111111111111".into()];
        let secret = &secret[n % 3];
        input[at..at + secret.len()].copy_from_slice(secret.as_bytes());
    }
    let mut text = b"password=hunter2\n".to_vec();
    text.extend_from_slice(&input);
    text.extend_from_slice(b"\r\npassword=hunter2\nend");
    let whole = r.redact(&text).into_owned();
    for size in [4093, CHUNK, RECORD - 1, RECORD, RECORD + 1, text.len()] {
        let out = streamed(&r, text.chunks(size));
        assert!(out == whole, "{size} bytes at a time: {}", difference(&whole, &out));
    }
    let out = streamed(&r, text.chunks(1).take(RECORD + 300_000).chain([&text[RECORD + 300_000..]]));
    assert!(out == whole, "byte by byte: {}", difference(&whole, &out));
}

#[test]
fn a_record_around_the_limit() {
    let r = Redactor::builtin();
    for size in [RECORD - 1, RECORD, RECORD + 1, RECORD + 2] {
        for end in ["", "\n", "\r\n"] {
            let mut input = with_secret(size, size - 40, "password=hunter2");
            input.extend_from_slice(end.as_bytes());
            input.extend_from_slice(b"password=hunter2");
            let whole = r.redact(&input).into_owned();
            assert_eq!(whole.windows(7).filter(|w| w == b"hunter2").count(), 0);
            for chunk in [1000, CHUNK, size, size + 1, input.len()] {
                let out = streamed(&r, input.chunks(chunk));
                assert!(out == whole, "{size} {end:?} by {chunk}: {}", difference(&whole, &out));
            }
        }
    }
}

#[test]
fn a_line_of_twelve_megabytes() {
    let r = Redactor::builtin();
    let mut input = filler(12_000_000);
    let every = 499_979;
    for at in (1000..input.len() - 100).step_by(every) {
        input[at..at + 18].copy_from_slice(b" password=hunter2 ");
    }
    let mut stream = Stream::new(&r);
    let mut out = Vec::new();
    let mut most = 0;
    for part in input.chunks(CHUNK) {
        stream.push(part, &mut out);
        most = most.max(stream.held());
    }
    stream.push(b"\nnext password=hunter2\n", &mut out);
    let text = String::from_utf8(out).unwrap();
    let count = (1000..input.len() - 100).step_by(every).count() + 1;
    assert_eq!(text.matches("password=[REDACTED:password] ").count(), count - 1);
    assert!(text.ends_with("\nnext password=[REDACTED:password]\n"));
    assert!(!text.contains("hunter2"));
    assert!(most <= RECORD + CHUNK, "{most} bytes were held");
    assert_eq!(stream.tally().records_over_limit, 1);
}

/// A line that never ends: memory is bounded and bytes leave as they come.
#[test]
fn a_line_that_never_ends() {
    let r = Redactor::builtin();
    let mut stream = Stream::new(&r);
    let (mut sent, mut left, mut most) = (0u64, 0u64, 0);
    let part = filler(CHUNK);
    for _ in 0..160 {
        stream.push_with(&part, &mut |b| left += b.len() as u64);
        sent += part.len() as u64;
        most = most.max(stream.held());
        assert!(sent - left <= (RECORD + CHUNK) as u64, "the stream stands");
    }
    assert!(most <= RECORD + CHUNK, "{most} bytes were held");
}

#[test]
fn a_quoted_value_of_three_megabytes() {
    let r = Redactor::builtin();
    let value: String = (0..3 * RECORD).map(|n| char::from(b'a' + (n / 7 % 26) as u8)).collect();
    let spaced: String = value.chars().enumerate().map(|(n, c)| if n % 11 == 5 { ' ' } else { c }).collect();
    for (open, close) in
        [("{\"password\":\"", "\",\"n\":1}"), ("password='", "' n=1"), ("{\\\"password\\\":\\\"", "\\\"}")]
    {
        let input = format!("{open}{spaced}{close}\n");
        let out = streamed(&r, input.as_bytes().chunks(CHUNK));
        let text = String::from_utf8_lossy(&out);
        assert_eq!(
            shown(&out),
            shown(format!("{open}[REDACTED:password]{close}\n").as_bytes()),
            "{} bytes",
            text.len()
        );
        assert_eq!(*r.redact(input.as_bytes()), out);
    }
}

#[test]
fn a_bare_value_of_three_megabytes() {
    let r = Redactor::builtin();
    let value = line("<<alnum 64>>").repeat(3 * RECORD / 64);
    for (before, after) in [("password=", " n=1\n"), ("x password=", "&n=1"), ("token=", "")] {
        let input = format!("{before}{value}{after}");
        let out = streamed(&r, input.as_bytes().chunks(CHUNK));
        let id = if before.contains("token") { "access-token" } else { "password" };
        assert_eq!(shown(&out), shown(format!("{before}[REDACTED:{id}]{after}").as_bytes()));
    }
}

#[test]
fn a_token_longer_than_any_window() {
    let r = Redactor::builtin();
    let value = line("gh<<>>p_<<alnum 60>>") + &line("<<alnum 64>>").repeat(2 * RECORD / 64);
    let input = format!("x {value} tail\n");
    let out = streamed(&r, input.as_bytes().chunks(CHUNK));
    let body = line("<<alnum 64>>");
    assert!(!out.windows(64).any(|w| w == body.as_bytes()), "shown: {}", shown(&out));
    assert!(out.ends_with(b" tail\n"));
    assert_eq!(*r.redact(input.as_bytes()), out);
}

/// A value that an edge cuts, at every place around the edge.
#[test]
fn a_value_across_an_edge_is_masked_whole() {
    let r = Redactor::builtin();
    let secret = line("<<alnum 30>>");
    for edge in [RECORD - (128 << 10), RECORD - (64 << 10), RECORD] {
        for back in (0..45).step_by(3) {
            let at = edge - back;
            let mut input = filler(RECORD + 200_000);
            let text = format!(" password=\"{secret} x\" ");
            input[at..at + text.len()].copy_from_slice(text.as_bytes());
            let out = streamed(&r, input.chunks(CHUNK));
            let expected = [&input[..at], b" password=\"[REDACTED:password]\" ", &input[at + text.len()..]].concat();
            assert!(out == expected, "edge {edge} - {back}: {}", difference(&expected, &out));
        }
    }
}

/// What a long record leaves open at its end is masked in the lines behind it, however they come.
#[test]
fn a_key_block_behind_a_long_record_is_masked() {
    let r = Redactor::builtin();
    let bodies = [(); 3].map(|()| line("<<b64 64>>"));
    let (begin, end) = (["-----BEGIN PRIVATE", " KEY-----"].concat(), ["-----END PRIVATE", " KEY-----"].concat());
    for eol in ["\n", "\r\n"] {
        for size in [RECORD - 30, RECORD - 27, RECORD, RECORD + 1, RECORD + 300_000, 2 * RECORD + 7] {
            let key = [&begin[..], &bodies[0], &bodies[1], &bodies[2], &end, "behind"].join(eol);
            let input = [&filler(size), key.as_bytes(), eol.as_bytes()].concat();
            let whole = r.redact(&input).into_owned();
            let tail = String::from_utf8_lossy(&whole[size..]).into_owned();
            assert!(bodies.iter().all(|body| !tail.contains(&body[..24])), "{size}: {tail}");
            assert!(tail.starts_with(&begin) && tail.ends_with(&format!("{end}{eol}behind{eol}")), "{size}: {tail}");
            for cut in [CHUNK, 7919] {
                let out = streamed(&r, input.chunks(cut));
                assert!(out == whole, "{size} cut by {cut}: {}", difference(&whole, &out));
            }
        }
    }
}

#[test]
fn masking_a_long_record_twice_changes_nothing() {
    let input = with_secret(RECORD + 300_000, RECORD - 5, &line("password=<<alnum 30>>"));
    for (name, r) in masked() {
        let once = r.redact(&input).into_owned();
        let twice = r.redact(&once).into_owned();
        assert!(once == twice, "{name}: {}", difference(&once, &twice));
    }
}

/// What a form's value has behind it is looked for in its first bytes only: a longer one goes all the same.
#[test]
fn long_values_of_forms_are_masked() {
    let secret = example("<<alnum 5000>>");
    for (form, len) in [
        ("{password, <<\"X\">>}", 5000),
        ("<name>db_password</name><value>X</value>", 5000),
        ("(\"password\", \"X\")", 5000),
        ("password   X x", 700),
    ] {
        let masked = Redactor::builtin().redact(form.replace('X', &secret[..len]).as_bytes()).into_owned();
        assert!(!String::from_utf8_lossy(&masked).contains(&secret[100..120]), "{form}");
    }
}

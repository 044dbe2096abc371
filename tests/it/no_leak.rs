//! No secret anywhere but in the output's absence of it: not in `Debug`, not in errors; and a clean
//! line costs no memory.

#![allow(unsafe_code, reason = "an allocator that counts")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt::Debug;
use std::io::Write;

use logveil::{HashKey, Mask, RedactWriter, Redactor, Stream, Tally};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: hands everything on to the system's allocator and counts in a cell without a destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|c| c.set(c.get() + 1));
        // SAFETY: the caller's promise is handed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(at, layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.with(|c| c.set(c.get() + 1));
        // SAFETY: as above.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(f: impl FnOnce()) -> u64 {
    let before = COUNT.with(Cell::get);
    f();
    COUNT.with(Cell::get) - before
}

const CLEAN: &[u8] = b"2026-11-22T05:25:33Z INFO Failed password for root from 203.0.113.9 port 22 ssh2 token expired \
    id=550e8400-e29b-41d4-a716-446655440000 at=1548138160707 user=bob@example.com key=user:42 ratio 0.4111111111111111\n";

#[test]
fn a_clean_line_allocates_nothing() {
    let r = Redactor::builtin();
    assert!(r.findings(CLEAN).is_empty());
    r.redact(CLEAN);
    let mut tally = Tally::default();
    assert_eq!(allocations(|| drop(r.redact(CLEAN))), 0, "redact");
    assert_eq!(allocations(|| drop(r.redact_counted(CLEAN, &mut tally))), 0, "redact_counted");
    let shared = bytes::Bytes::from_static(CLEAN);
    let same = r.redact_bytes(shared.clone());
    assert_eq!(same.as_ptr(), shared.as_ptr(), "shared when clean");
    let mut stream = Stream::new(&r);
    let mut sent = 0;
    stream.push_with(CLEAN, &mut |b| sent += b.len());
    let count = allocations(|| (0..100).for_each(|_| stream.push_with(CLEAN, &mut |b| sent += b.len())));
    assert_eq!(count, 0, "a stream of whole lines");
    assert_eq!(sent, 101 * CLEAN.len());
}

#[test]
fn a_clone_shares_everything() {
    let r = Redactor::builtin();
    assert_eq!(allocations(|| drop(r.clone())), 0);
    fn everywhere<T: Send + Sync>() {}
    everywhere::<Redactor>();
    everywhere::<Tally>();
    fn movable<T: Send>() {}
    movable::<Stream>();
    movable::<RedactWriter<Vec<u8>>>();
}

const SECRET: &str = "hunter2zzq";

/// As text, as a list of numbers in both styles, and as escapes.
fn spellings() -> Vec<String> {
    let numbers = |by: &str| SECRET.bytes().map(|b| b.to_string()).collect::<Vec<_>>().join(by);
    let hex = |by: &str| SECRET.bytes().map(|b| format!("{b:x}")).collect::<Vec<_>>().join(by);
    vec![SECRET.into(), numbers(", "), hex(", "), hex("")]
}

fn shows(value: &impl Debug) -> bool {
    let lists = format!("{value:#?}").split_whitespace().collect::<Vec<_>>().join(" ");
    spellings().iter().any(|s| format!("{value:?}").contains(s) || lists.contains(s))
}

fn input() -> String {
    format!("user=alice password={SECRET} card 4111111111111111")
}

#[test]
fn debug_of_answers_shows_no_input() {
    let r = Redactor::builtin();
    let seen = r.explain(input().as_bytes());
    assert!(!seen.all.is_empty());
    assert!(!shows(&seen) && !shows(&seen.findings) && !shows(&seen.refused));
    let mut tally = Tally::default();
    r.redact_counted(input().as_bytes(), &mut tally);
    assert!(!shows(&tally) && !shows(&r) && !shows(&Redactor::builder()));
}

#[test]
fn debug_of_a_stream_shows_no_input() {
    let r = Redactor::builtin();
    let mut stream = Stream::new(&r);
    stream.push(input().as_bytes(), &mut Vec::new());
    assert!(!shows(&stream), "the held record");
    // What a block's header leaves behind, too.
    let mut stream = Stream::new(&r);
    let header = ["-----BEGIN PRIVATE", " KEY-----\n"].concat();
    stream.push(format!("{SECRET} {header}").as_bytes(), &mut Vec::new());
    assert!(!shows(&stream), "the prefix of a block");
}

#[test]
fn debug_of_a_writer_shows_no_input() {
    struct Nowhere;
    impl Write for Nowhere {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    impl Debug for Nowhere {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Nowhere")
        }
    }
    let mut writer = RedactWriter::new(Nowhere, &Redactor::builtin());
    let error = writer.write_all(format!("{}\n{}", input(), input()).as_bytes()).unwrap_err();
    assert!(!shows(&error) && !spellings().iter().any(|s| error.to_string().contains(s)));
    assert!(!shows(&writer));
}

#[test]
fn debug_of_a_hash_key_shows_no_key() {
    let key = HashKey::new(format!("{SECRET}{SECRET}").as_bytes()).unwrap();
    assert!(!shows(&key));
    let builder = Redactor::builder().hash_key(key).mask(Mask::Hash);
    assert!(!shows(&builder));
    assert!(!HashKey::new(SECRET.as_bytes()).unwrap_err().contains(SECRET));
    assert!(!shows(&builder.build().unwrap()));
}

#[test]
fn a_hash_mask_and_a_short_keep_show_nothing_of_the_secret() {
    for mask in [Mask::Hash, Mask::Keep { first: 9, last: 9 }, Mask::Keep { first: 3, last: 0 }] {
        let key = HashKey::new(&[7; 32]).unwrap();
        let r = Redactor::builder().hash_key(key).mask(mask.clone()).build().unwrap();
        let out = r.redact_str("password=hunter2zzq").into_owned();
        assert!(!out.contains("hun") && !out.contains("zzq"), "{mask:?}: {out}");
    }
}

#[test]
fn what_a_list_or_a_cookie_holds_is_masked_whatever_stands_beside_it() {
    let r = Redactor::builtin();
    let many: Vec<String> = (0..5000).map(|i| format!("\"hunter{i}x\"")).collect();
    for (text, secret) in [
        (r#"{"password":["hunter2",{"a":1}]}"#.to_owned(), "hunter2"),
        (r#"Cookie: sid="abc123def"; t="q9w8e7""#.to_owned(), "q9w8e7"),
        (r#"Cookie: sid="abc123def""#.to_owned(), "abc123def"),
        (r#"{"cookie":"sid=\"abc123def\"; u=1"}"#.to_owned(), "abc123def"),
        (format!("{{\"password\":[{}]}}", many.join(",")), "hunter4999x"),
    ] {
        let out = r.redact_str(&text);
        assert!(!out.contains(secret), "a secret is left behind a {}", &text[..12]);
        assert_eq!(r.redact_str(&out), out);
    }
}

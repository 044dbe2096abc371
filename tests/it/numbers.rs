//! Logs of identifiers, drawn by the hundred thousand: those that a key or a neighbour names stay, and so do long
//! bare numbers, but for very few.

use logveil::Redactor;

/// What is drawn: lines with `#N` for N digits, `#t` for a time in nanoseconds, `#h` for four hexadecimal digits.
const NAMED: [&str; 24] = [
    "INFO [dd.trace_id=#19 dd.span_id=#18] done",
    "trace_id=#16 span_id=#16 GET /x",
    "{\"traceId\":\"#16\",\"spanId\":\"#16\"}",
    "{\"event_type\":\"dns\",\"flow_id\":#16}",
    "LOG:  [queryid=#19] postgres@db",
    "order #16 shipped",
    "order number #16 shipped",
    "{\"order_id\":\"#16\",\"n\":1}",
    "consumer at offset=#17 lsn=#16",
    "{\"id\":#18,\"guild_id\":\"#18\",\"parent_id\":\"#19\"}",
    "tweet #19 indexed",
    "snowflake: #18",
    "scanned ean=#13 at till 4",
    "{\"gtin\": \"#13\"}",
    "tracking number #15 left the depot",
    "parcel tracking=#12",
    "start=#t end=#t",
    "{\"timestamp\":#t}",
    "serial #16 replaced",
    "imei: #15",
    "memory: #16 free: #13",
    "build #14 checksum #16",
    "\t0x0010:  #h #h #h #h #h #h #h #h",
    "00000020: #4 #4 #4 #4 #4 #4 #4 #4  text",
];
const BARE: [&str; 4] = ["got #17 back", "#18", "x=[#19]", "#19,#19,#18"];

/// Numbers one behind the other (SplitMix64), the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % most
    }
}

/// How many of so many lines of a kind are changed.
fn changed(templates: &[&str], lines: usize, seed: u64) -> (usize, usize) {
    let redactor = Redactor::builtin();
    let mut draw = Draw(seed);
    let (mut wrong, mut numbers) = (0, 0);
    for n in 0..lines {
        let mut line = String::new();
        let mut rest = templates[n % templates.len()];
        while let Some((text, tail)) = rest.split_once('#') {
            line.push_str(text);
            let end = tail.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(tail.len());
            let what = &tail[..end];
            match what {
                "h" => line.push_str(&format!("{:04x}", draw.below(1 << 16))),
                "t" => line.push_str(&format!("17{:017}", draw.below(100_000_000_000_000_000))),
                digits => (0..digits.parse().unwrap()).for_each(|i| {
                    let digit = if i == 0 { 1 + draw.below(9) } else { draw.below(10) };
                    line.push(char::from(b'0' + digit as u8));
                }),
            }
            numbers += 1;
            rest = &tail[end..];
        }
        line.push_str(rest);
        wrong += usize::from(redactor.redact_str(&line) != line);
    }
    (wrong, numbers)
}

#[test]
fn identifiers_that_are_named_stay() {
    let (wrong, numbers) = changed(&NAMED, 120_000, 1);
    assert!(wrong * 100_000 <= numbers, "{wrong} of {numbers}");
}

#[test]
fn long_bare_numbers_stay() {
    let (wrong, numbers) = changed(&BARE, 60_000, 2);
    assert!(wrong * 5_000 <= numbers, "{wrong} of {numbers}");
}

#[test]
#[ignore = "millions of numbers: minutes; .ci/long runs it"]
fn millions_of_identifiers_stay() {
    let (wrong, numbers) = changed(&NAMED, 4_000_000, 3);
    assert!(wrong * 100_000 <= numbers, "{wrong} of {numbers}");
    let (wrong, numbers) = changed(&BARE, 2_000_000, 4);
    assert!(wrong * 5_000 <= numbers, "{wrong} of {numbers}");
}

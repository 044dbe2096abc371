//! A small, fixed sample of what logs look like.
//!
//! The prefilter's windows are the rarest four bytes of each word, and its buckets are filled so that
//! few positions of an ordinary log pass. Both need statistics of ordinary logs, and this is where
//! they come from: text made by a deterministic generator, the same on every machine, so a build
//! is reproducible and nobody's real log is shipped. Only its byte statistics matter.

mod lines;
mod vocabulary;

use std::fmt::Write as _;

use vocabulary::{AGENTS, CLASSES, FIELDS, HOSTS, LEVELS, MESSAGES, MONTHS, PACKAGES, PATHS, USERS, WORDS};

/// Xorshift: all the randomness a sample needs, without a dependency.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 11) % bound
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

fn ip(r: &mut Rng, out: &mut String) {
    let _ = write!(out, "{}.{}.{}.{}", 10 + r.below(200), r.below(256), r.below(256), r.below(256));
}

fn iso(r: &mut Rng, out: &mut String, joint: char) {
    let _ = write!(
        out,
        "20{:02}-{:02}-{:02}{joint}{:02}:{:02}:{:02}",
        15 + r.below(12),
        1 + r.below(12),
        1 + r.below(28),
        r.below(24),
        r.below(60),
        r.below(60)
    );
}

fn syslog_time(r: &mut Rng, out: &mut String) {
    let _ = write!(
        out,
        "{} {:2} {:02}:{:02}:{:02}",
        r.pick(MONTHS),
        1 + r.below(28),
        r.below(24),
        r.below(60),
        r.below(60)
    );
}

fn syslog_head(r: &mut Rng, out: &mut String) {
    syslog_time(r, out);
    let _ = write!(out, " {} ", r.pick(HOSTS));
}

fn access_time(r: &mut Rng, out: &mut String) {
    let _ = write!(
        out,
        "{:02}/{}/20{:02}:{:02}:{:02}:{:02} +0000",
        1 + r.below(28),
        r.pick(MONTHS),
        15 + r.below(12),
        r.below(24),
        r.below(60),
        r.below(60)
    );
}

fn hex(r: &mut Rng, out: &mut String, digits: usize) {
    for _ in 0..digits.div_ceil(16) {
        let text = format!("{:016x}", r.next());
        out.push_str(&text[..digits.min(16)]);
    }
}

fn base64(r: &mut Rng, out: &mut String) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for _ in 0..20 {
        out.push(char::from(DIGITS[r.below(64) as usize]));
    }
}

fn uuid(r: &mut Rng, out: &mut String) {
    for (at, digits) in [8, 4, 4, 4, 12].into_iter().enumerate() {
        if at > 0 {
            out.push('-');
        }
        hex(r, out, digits);
    }
}

fn access(r: &mut Rng, out: &mut String) {
    ip(r, out);
    let _ = write!(out, " - {} [", if r.below(5) == 0 { r.pick(USERS) } else { "-" });
    access_time(r, out);
    let _ = write!(
        out,
        "] \"{} {} HTTP/1.1\" {} {} \"https://www.example.com{}\" \"{}\"",
        r.pick(&["GET", "GET", "GET", "POST", "HEAD", "PUT"]),
        r.pick(PATHS),
        r.pick(&["200", "200", "304", "404", "500", "301"]),
        r.below(90_000),
        r.pick(PATHS),
        r.pick(AGENTS)
    );
}

fn json(r: &mut Rng, out: &mut String) {
    out.push_str("{\"timestamp\":\"");
    iso(r, out, 'T');
    let _ = write!(out, ".{:03}Z\",\"level\":\"{}\"", r.below(1000), r.pick(LEVELS));
    for _ in 0..3 + r.below(5) {
        let _ = write!(out, ",\"{}\":", r.pick(FIELDS));
        match r.below(6) {
            0 => drop(write!(out, "{}", r.below(100_000))),
            1 => {
                out.push('"');
                uuid(r, out);
                out.push('"');
            }
            2 => {
                out.push('"');
                ip(r, out);
                out.push('"');
            }
            3 => drop(write!(out, "\"{}\"", r.pick(PATHS))),
            4 => drop(write!(out, "\"{}\"", r.pick(&["true", "us-east-1", "GET", "AssumedRole", "null"]))),
            _ => drop(write!(out, "\"{}\"", r.pick(MESSAGES))),
        }
    }
    out.push('}');
}

fn sshd(r: &mut Rng, out: &mut String) {
    syslog_head(r, out);
    let _ = write!(out, "sshd[{}]: ", 1000 + r.below(30_000));
    out.push_str(r.pick(&[
        "Failed password for invalid user ",
        "Accepted password for ",
        "Accepted publickey for ",
        "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost= user=",
        "Received disconnect from peer: 11: Bye Bye [preauth] ",
        "reverse mapping checking getaddrinfo failed - POSSIBLE BREAK-IN ATTEMPT! ",
        "pam_unix(sshd:session): session opened for user ",
        "Connection closed by authenticating user ",
    ]));
    out.push_str(r.pick(USERS));
    out.push_str(" from ");
    ip(r, out);
    let _ = write!(out, " port {} ssh2", r.below(65_536));
}

fn syslog(r: &mut Rng, out: &mut String) {
    syslog_head(r, out);
    let _ = write!(
        out,
        "{}[{}]: {}",
        r.pick(&["systemd", "CRON", "kernel", "dockerd", "kubelet", "cron", "su", "ntpd", "ftpd"]),
        r.below(40_000),
        r.pick(MESSAGES)
    );
}

fn java(r: &mut Rng, out: &mut String) {
    iso(r, out, ' ');
    let _ = write!(
        out,
        ",{:03} - {:5} [{}-{}:{}@{}] - {} /",
        r.below(1000),
        r.pick(LEVELS),
        r.pick(&["main", "http-nio-8080-exec", "NIOServerCxn.Factory", "pool-2-thread", "SendWorker"]),
        r.below(50),
        r.pick(CLASSES),
        r.below(2000),
        r.pick(MESSAGES)
    );
    ip(r, out);
    let _ = write!(out, ":{}", r.below(65_536));
    if r.below(4) == 0 {
        for _ in 0..3 {
            let class = r.pick(CLASSES);
            let _ = write!(
                out,
                "\n\tat {}.{class}.{}({class}.java:{})",
                r.pick(PACKAGES),
                r.pick(&["run", "process", "invoke", "doFilter", "handleRequest", "accept"]),
                r.below(900)
            );
        }
    }
}

fn klog(r: &mut Rng, out: &mut String) {
    let _ = write!(
        out,
        "{}{:02}{:02} {:02}:{:02}:{:02}.{:06}       1 {}.go:{}] \"{}\" pod=\"kube-system/coredns-",
        r.pick(&["I", "W", "E"]),
        1 + r.below(12),
        1 + r.below(28),
        r.below(24),
        r.below(60),
        r.below(60),
        r.below(1_000_000),
        r.pick(&["reconciler", "controller", "kubelet", "scheduler", "reflector", "leaderelection"]),
        r.below(2000),
        r.pick(MESSAGES)
    );
    hex(r, out, 9);
    out.push_str("\" err=\"context deadline exceeded\"");
}

fn hdfs(r: &mut Rng, out: &mut String) {
    let _ = write!(
        out,
        "08{:04} {:06} {} {} dfs.{}: {} blk_-{} src: /",
        r.below(1231),
        r.below(240_000),
        r.below(3000),
        r.pick(LEVELS),
        r.pick(CLASSES),
        r.pick(MESSAGES),
        r.next() >> 1
    );
    ip(r, out);
    out.push_str(":50010 dest: /");
    ip(r, out);
}

fn key_values(r: &mut Rng, out: &mut String) {
    out.push_str("time=\"");
    iso(r, out, 'T');
    let _ = write!(out, "Z\" level={} msg=\"{}\"", r.pick(LEVELS), r.pick(MESSAGES));
    for _ in 0..2 + r.below(5) {
        let _ = write!(out, " {}=", r.pick(FIELDS));
        match r.below(4) {
            0 => hex(r, out, 16),
            1 => ip(r, out),
            2 => drop(write!(out, "{}.{:03}ms", r.below(900), r.below(1000))),
            _ => out.push_str(r.pick(HOSTS)),
        }
    }
}

/// A line as it is written in [`lines`], with something in each of its places.
fn fill(r: &mut Rng, out: &mut String, line: &str) {
    let mut parts = line.split('$');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let mut rest = part.chars();
        match rest.next() {
            Some('n') => drop(write!(out, "{}", r.next() >> (34 + r.below(20)))),
            Some('d') => drop(write!(out, "{}", r.below(60))),
            Some('x') => hex(r, out, 8),
            Some('u') => uuid(r, out),
            Some('b') => base64(r, out),
            Some('i') => ip(r, out),
            Some('t') => iso(r, out, 'T'),
            Some('a') => access_time(r, out),
            Some('z') => syslog_time(r, out),
            Some('p') => out.push_str(r.pick(PATHS)),
            Some('w') => out.push_str(r.pick(USERS)),
            Some('h') => out.push_str(r.pick(HOSTS)),
            _ => out.push_str(r.pick(MESSAGES)),
        }
        out.push_str(rest.as_str());
    }
}

fn web(r: &mut Rng, out: &mut String) {
    let line = r.pick(lines::WEB);
    fill(r, out, line);
}

fn cloud(r: &mut Rng, out: &mut String) {
    let line = r.pick(lines::CLOUD);
    fill(r, out, line);
}

fn system(r: &mut Rng, out: &mut String) {
    let line = r.pick(lines::SYSTEMS);
    fill(r, out, line);
}

fn program(r: &mut Rng, out: &mut String) {
    let line = r.pick(lines::PROGRAMS);
    fill(r, out, line);
}

/// Words as programs put them together; the commonest words come most often, as they do in any text. None has a value:
/// benches hold that nothing is found in a sample.
fn words(r: &mut Rng, out: &mut String) {
    let words: Vec<&str> = WORDS.split(' ').collect();
    for _ in 0..6 + r.below(14) {
        let most = 1 + r.below(words.len() as u64);
        let word = words[r.below(most) as usize];
        let (first, rest) = word.split_at(1);
        match r.below(8) {
            0 => drop(write!(out, "{}{rest}", first.to_ascii_uppercase())),
            1 if r.below(3) == 0 => out.push_str(&word.to_ascii_uppercase()),
            _ => out.push_str(word),
        }
        out.push_str(r.pick(&[" ", " ", " ", " ", " ", "_", ".", "-", "/", "\",\"", "", ", ", "[", "] ", "s "]));
    }
}

/// At least `length` bytes of made-up logs, the same for the same `seed` everywhere.
pub fn text(length: usize, seed: u64) -> String {
    const KINDS: [fn(&mut Rng, &mut String); 24] = [
        access, json, sshd, syslog, java, klog, hdfs, key_values, json, access, web, cloud, system, program, web,
        cloud, system, program, words, words, words, words, words, words,
    ];
    // A xorshift that starts at zero stays there.
    let mut rng = Rng(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    let mut out = String::with_capacity(length + 1024);
    while out.len() < length {
        KINDS[rng.below(KINDS.len() as u64) as usize](&mut rng, &mut out);
        out.push('\n');
    }
    out
}

//! Key blocks: a header, a body over several lines or in one, an end.

use crate::engine::detect::context::RecordContext;
use crate::engine::detect::continuation::{Armor, Continuation};
use crate::engine::found::finding::{Finding, Refusal};
use crate::engine::notation::Record;
use crate::engine::notation::escape::word_begins;
use crate::rules::mask::Notation;
use crate::rules::rule::{Block, Kind, RuleId};
use crate::rules::words::words;
use memchr::memmem;

/// The longest line prefix that is compared, in bytes.
const PREFIX_BYTES_MAX: usize = 1024;
/// The shortest run of base64 that is a body without a line end behind it.
const RUN_BYTES_MIN: usize = 16;

/// The most bytes between two lines of a body that are quoted one by one: `', '`, `\\n" +`.
const BETWEEN_BYTES_MAX: usize = 24;
/// The most lines of others that may stand between those of a body.
const FOREIGN_MAX: u8 = 8;

/// A block's header was candidate: masks the body in this record, or leaves the block open.
pub(crate) fn open_block(s: &mut RecordContext<'_>, id: RuleId, at: usize) {
    let rule = s.set.rule(id);
    let Kind::Block(block) = &rule.kind else {
        return;
    };
    let limit = s.rec.end.min(at + rule.max as usize);
    let Ok(Some(body)) = s.rec.longest(&block.header, at, limit, s.work) else {
        return s.refuse(at, Some(id), Refusal::Shape);
    };
    if quoted_lines(s, id, block, body) {
        return;
    }
    let (end, closed, looked) = body_in_record(&s.rec, block, body, limit);
    *s.work += looked as u64;
    let (start, stop) = trim_escapes(&s.rec, body, end);
    if start < stop {
        if s.set.masks.spares(s.rec.slice(start..stop)) {
            return s.refuse(at, Some(id), Refusal::Placeholder);
        }
        body_found(s, id, start, stop);
    }
    let reaches_end = only_line_end(&s.rec, body) || end == s.rec.end;
    if !closed && reaches_end {
        let low = s.rec.start.max(at.saturating_sub(PREFIX_BYTES_MAX));
        let prefix = if low == s.rec.start { s.rec.slice(low..at).to_vec() } else { Vec::new() };
        let begun = start < stop;
        let suffix = s.rec.get(body).filter(|b| matches!(b, b'\\' | b'"' | b'\'' | b','));
        s.continuation = Some(Continuation::Block(Box::new(Armor {
            rule: id,
            prefix,
            suffix,
            begun,
            foreign: FOREIGN_MAX,
            left: rule.max as usize,
        })));
    }
}

/// Masks the lines of a body that are quoted one by one in this record: `['-----BEGIN ...', 'MII...', ...]`. Whether
/// there is one.
fn quoted_lines(s: &mut RecordContext<'_>, id: RuleId, block: &Block, body: usize) -> bool {
    let mut p = body;
    let mut found = false;
    loop {
        let rest = s.rec.from(p);
        let between =
            |b: &&u8| matches!(**b, b'"' | b'\'' | b',' | b' ' | b'\t' | b'+' | b'\\' | b'.' | b'`' | b'(' | b')');
        let mut gap = 0;
        while gap < BETWEEN_BYTES_MAX {
            gap += rest[gap..].iter().take(BETWEEN_BYTES_MAX).take_while(between).count();
            // A written-out line end, before the mark that ends the line.
            match rest.get(gap..) {
                Some([b'n' | b'r', next, ..]) if gap > 0 && rest[gap - 1] == b'\\' && between(&next) => gap += 1,
                _ => break,
            }
        }
        let mark = rest[..gap].iter().rposition(|b| matches!(b, b'"' | b'\'' | b'`'));
        let Some(mark) = mark.filter(|mark| mark + 1 == gap && rest[..*mark].iter().any(|b| b"\"'`".contains(b)))
        else {
            return found;
        };
        if rest[gap..].starts_with(block.until.as_bytes()) {
            return found;
        }
        let run = rest[gap..].iter().take_while(|b| base64(**b)).count();
        *s.work += (gap + run) as u64;
        let closed = matches!(rest.get(gap + run), Some(b) if *b == rest[mark] || *b == b'\\');
        let start = p + gap;
        if run < if found { 1 } else { RUN_BYTES_MIN } || !closed || s.is_other_name(p, start) {
            return found;
        }
        if !s.set.masks.spares(&s.rec.from(start)[..run]) {
            body_found(s, id, start, start + run);
        }
        found = true;
        p = start + run;
    }
}

/// Masks a piece of a body, in which nothing is looked for by its own shape: it is the block's.
fn body_found(s: &mut RecordContext<'_>, id: RuleId, start: usize, end: usize) {
    let before = s.findings.len();
    s.found(Finding::new(start, end, id, Notation::Quoted));
    // Only what is masked: a text may end before it, and an allow-list may spare it.
    s.body = s.findings[before..].last().map_or(0..0, |found| found.start..found.end);
}

/// Whether what stands behind the header is nothing, or how the log ends its lines: `\n","stream"`.
fn only_line_end(rec: &Record<'_>, at: usize) -> bool {
    is_joined(rec.from(at))
        || matches!(rec.up_to(at, 2), [] | [b'\\', b'n' | b'r', ..] | [b'"' | b'\'' | b',' | b' ' | b'\t', ..])
            && rec.get(at) != Some(b' ')
}

/// Whether a backslash joins the next line to this one, and nothing else stands there: `-----BEGIN X----- \`.
fn is_joined(rest: &[u8]) -> bool {
    rest.strip_suffix(b"\\").is_some_and(|blanks| blanks.iter().all(|b| matches!(b, b' ' | b'\t')))
}

/// Where the body ends that follows a header inside its record, whether its end was seen, and how
/// many bytes were looked at.
fn body_in_record(rec: &Record<'_>, block: &Block, body: usize, limit: usize) -> (usize, bool, usize) {
    let until = block.until.as_bytes();
    let text = rec.slice(body..limit);
    let cannot = |b: &u8| matches!(b, b'"' | b'\'' | b'<' | b'>' | b'{' | b'}' | b'[' | b']' | b'|' | b'`');
    let room = text.iter().position(cannot).unwrap_or(text.len());
    if let Some(i) = memmem::find(&text[..room.saturating_add(until.len()).min(text.len())], until) {
        return (body + i, true, room);
    }
    // No end in sight: as far as it looks like base64, line ends written out between.
    let mut p = body;
    loop {
        let gap = escapes_len(rec, p).min(limit - p);
        let run = rec.run(p + gap, limit - p - gap, base64);
        let next = p + gap + run;
        // A short run is the body's last line, which its written-out end follows.
        let short = run < RUN_BYTES_MIN && next < rec.end && !matches!(rec.up_to(next, 2), [b'\\', ..] | [b'%', b'0']);
        // A word behind a blank is prose.
        let prose = run < RUN_BYTES_MIN && gap > 0 && rec.slice(p..p + gap).iter().all(|b| matches!(b, b' ' | b'\t'));
        if run == 0 || short || prose {
            return (p, false, room + p - body);
        }
        p = next;
    }
}

fn base64(b: u8) -> bool {
    b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=')
}

/// Length of the written-out line ends and blanks at `at`: `\n`, `\\r\\n`, `%0A`.
fn escapes_len(rec: &Record<'_>, at: usize) -> usize {
    let mut p = at;
    loop {
        let slashes = rec.run(p, rec.end, |b| b == b'\\');
        p += match rec.get(p + slashes) {
            Some(b'n' | b'r' | b't') if slashes > 0 => slashes + 1,
            Some(b' ' | b'\t') if slashes == 0 => 1,
            Some(b'%') if slashes == 0 && matches!(rec.up_to(p + 1, 2), [b'0', b'A' | b'D'] | [b'2', b'0']) => 3,
            _ => return p - at,
        };
    }
}

/// The span without the line ends at its edges, which stay.
fn trim_escapes(rec: &Record<'_>, start: usize, end: usize) -> (usize, usize) {
    let start = (start + escapes_len(rec, start)).min(end);
    let mut stop = end;
    loop {
        let text = rec.slice(start..stop);
        let cut = match text {
            [.., b'\\', b'n' | b'r' | b't'] => 2,
            [.., b'%', b'0', b'A' | b'D'] => 3,
            [.., b' ' | b'\t' | b'\\'] => 1,
            _ => return (start, stop),
        };
        stop -= cut;
    }
}

/// One line inside a block: body, header, end, or none of them, which closes the block.
pub(crate) fn block_line(s: &mut RecordContext<'_>, mut armor: Box<Armor>) {
    let Kind::Block(block) = &s.set.rule(armor.rule).kind else {
        return;
    };
    let at = behind_prefix(&s.rec, &armor.prefix);
    let at = if armor.suffix.is_some() { behind_mark(&s.rec, at) } else { at };
    *s.work += (at - s.rec.start) as u64;
    let rest = s.rec.from(at);
    if rest.starts_with(block.until.as_bytes()) {
        return;
    }
    armor.left = armor.left.saturating_sub(rest.len());
    let run = rest.iter().take_while(|b| base64(**b)).count();
    *s.work += run as u64;
    let ends = match rest.get(run) {
        None => true,
        Some(b) => {
            armor.suffix == Some(*b) || rest[run..].iter().all(u8::is_ascii_whitespace) || is_joined(&rest[run..])
        }
    };
    // Behind the cap only what can hardly be anything else is still the key's body.
    let interrupted = armor.foreign < FOREIGN_MAX;
    let shortest = if armor.left > 0 && !interrupted { 1 } else { RUN_BYTES_MIN };
    let drawn = || {
        [u8::is_ascii_digit, u8::is_ascii_uppercase, u8::is_ascii_lowercase].iter().all(|is| rest[..run].iter().any(is))
    };
    if run >= shortest && ends && (!interrupted || drawn()) {
        armor.begun = true;
        if !s.set.masks.spares(&rest[..run]) {
            body_found(s, armor.rule, at, at + run);
        }
    } else if armor.left == 0 {
        return;
    } else if !rest.is_empty() && s.set.masks.spares(rest) {
        armor.begun = true; // a mask stands for a line
    } else if !is_header(rest) {
        // What other threads write stands between, but before the body begins it is a header in prose.
        if !armor.begun || armor.foreign == 0 {
            return;
        }
        armor.foreign -= 1;
    }
    s.continuation = Some(Continuation::Block(armor));
}

/// Behind the line's own mark, and behind what joins it to the line above: `+ "MII...`.
fn behind_mark(rec: &Record<'_>, at: usize) -> usize {
    let signs = rec.run(at, BETWEEN_BYTES_MAX, |b| matches!(b, b'+' | b'.' | b'&' | b' ' | b'\t'));
    if matches!(rec.get(at + signs), Some(b'"' | b'\'')) { at + signs + 1 } else { at }
}

/// A key block's own header lines (RFC 1421, RFC 4880): they stay.
fn is_header(rest: &[u8]) -> bool {
    const HEADERS: &[&str] = words!("block-headers");
    rest.iter().all(u8::is_ascii_whitespace) || HEADERS.iter().any(|h| rest.starts_with(h.as_bytes()))
}

/// Where the line's own text begins, given what stood before the header: the same signs, any
/// letters and digits in their places (time stamps differ). Without such a prefix, behind the
/// blanks at the line's start.
fn behind_prefix(rec: &Record<'_>, prefix: &[u8]) -> usize {
    let mut p = rec.start;
    let mut i = 0;
    while i < prefix.len() {
        if prefix[i].is_ascii_alphanumeric() {
            let here = rec.run(p, PREFIX_BYTES_MAX, |b| b.is_ascii_alphanumeric());
            let there = prefix[i..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
            if here == 0 {
                break;
            }
            p += here;
            i += there;
        } else if rec.get(p) == Some(prefix[i]) {
            p += 1;
            i += 1;
        } else {
            break;
        }
    }
    if i == prefix.len() && word_begins(rec, p) {
        return p;
    }
    rec.start + rec.run(rec.start, rec.end, |b| b.is_ascii_whitespace())
}

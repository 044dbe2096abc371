//! Where a value without quotes ends.

use memchr::memmem;

use super::Record;
use super::escape::colour_len;
use super::signs::ends_value;
use crate::rules::byteset::ByteSet;

/// How a byte may end a bare value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    /// It does not.
    Never,
    Always,
    /// A backslash, where it begins an escape or a colour code.
    Escape,
    /// `#`, where it begins a colour code.
    Colour,
    /// `%`, where the notation is percent-encoded.
    Percent,
    /// The first byte of a no-break space.
    NoBreakSpace,
    /// The first byte of a sign beyond ASCII: `，`, `。`, `”`.
    Sign,
    /// `|` and `^`, where the next name and its sign follow: `token=x|action=y`.
    Separator,
}

/// The bytes that may end a bare value: an entry here is all that a new one takes.
const ENDS: [Ends; 256] = {
    let mut ends = [Ends::Never; 256];
    let always = b" \t\r\n,;&)]}<>\"'`\0\x1b";
    let mut n = 0;
    while n < always.len() {
        ends[always[n] as usize] = Ends::Always;
        n += 1;
    }
    ends[b'\\' as usize] = Ends::Escape;
    ends[b'#' as usize] = Ends::Colour;
    ends[b'%' as usize] = Ends::Percent;
    ends[0xC2] = Ends::NoBreakSpace;
    ends[0xE2] = Ends::Sign;
    ends[0xE3] = Ends::Sign;
    ends[0xEF] = Ends::Sign;
    ends[b'|' as usize] = Ends::Separator;
    ends[b'^' as usize] = Ends::Separator;
    // Control bytes separate the fields of FIX and others.
    let mut control = 1;
    while control < b' ' {
        ends[control as usize] = Ends::Always;
        control += 1;
    }
    ends
};

/// Bytes that may end a bare value.
pub(crate) const MAY_END: ByteSet = {
    let (mut bytes, mut count, mut byte) = ([0; 256], 0, 0);
    while byte < ENDS.len() {
        if !matches!(ENDS[byte], Ends::Never) {
            bytes[count] = byte as u8;
            count += 1;
        }
        byte += 1;
    }
    ByteSet::of(bytes.split_at(count).0)
};

/// Where from `at` on a bare value ends, `limit` if it does not before.
pub(crate) fn bare_end(rec: &Record<'_>, at: usize, limit: usize, percent: bool) -> usize {
    let mut p = at;
    while p < limit {
        p = rec.find_byteset(p, limit, &MAY_END);
        if p < limit && ends_bare(rec, p, percent) {
            break;
        }
        p += usize::from(p < limit);
    }
    p
}

/// Whether a bare value ends at `p`.
pub(crate) fn ends_bare(rec: &Record<'_>, p: usize, percent: bool) -> bool {
    match ENDS[usize::from(rec.byte(p))] {
        Ends::Never => false,
        Ends::Always => true,
        Ends::Escape => {
            matches!(rec.get(p + 1), Some(b'n' | b'r' | b't' | b'"' | b'\'' | b'\\' | b'u' | b'`'))
                || colour_len(rec, p) > 0
        }
        Ends::Colour => colour_len(rec, p) > 0 || is_octal(rec.from(p)),
        Ends::Separator => begins_field(rec.from(p + 1)),
        Ends::Percent => percent && ends_percent(rec.from(p)),
        Ends::NoBreakSpace => rec.get(p + 1) == Some(0xA0),
        Ends::Sign => rec.chunk(p).is_some_and(ends_value),
    }
}

/// `#012`, `#011`, `#015`: how rsyslog writes a line end, a tab and a carriage return.
fn is_octal(rest: &[u8]) -> bool {
    matches!(rest, [b'#', b'0', b'1', b'1' | b'2' | b'5', ..])
}

/// The longest name of a field that is looked for behind a separator, in bytes.
const FIELD_BYTES_MAX: usize = 32;

/// Whether a field's name and its sign begin the text: `action=`.
fn begins_field(rest: &[u8]) -> bool {
    let name =
        rest.iter().take(FIELD_BYTES_MAX).take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'-'));
    let name = name.count();
    rest.first().is_some_and(u8::is_ascii_alphabetic) && rest.get(name) == Some(&b'=')
}

/// `%26`, `%22`, `%2C`, `%7D`, `%0A`, `%20`: encoded once or twice.
fn ends_percent(rest: &[u8]) -> bool {
    let code = rest.strip_prefix(b"%25").unwrap_or_else(|| &rest[1..]);
    let Some(code) = code.get(..2) else {
        return false;
    };
    matches!(
        &[code[0], code[1].to_ascii_uppercase()],
        b"26" | b"22" | b"2C" | b"7D" | b"5D" | b"0A" | b"0D" | b"20" | b"3B" | b"27"
    )
}

/// The longest template that is one value, in bytes, and the longest command whose output is.
const TEMPLATE_BYTES_MAX: usize = 128;
const COMMAND_BYTES_MAX: usize = 512;

/// End of a `${...}`, `{{...}}`, `<%...%>`, `<name>` or `[name]` at `at`, or `at`.
pub(crate) fn template_end(rec: &Record<'_>, at: usize) -> usize {
    const PAIRS: [(&[u8], &[u8]); 9] = [
        (b"%(", b")s"),
        (b"${{", b"}}"),
        (b"{{", b"}}"),
        (b"$(", b")"),
        (b"${", b"}"),
        (b"$$", b"}"),
        (b"<%", b"%>"),
        (b"#{", b"}"),
        (b"%{", b"}"),
    ];
    // Most values begin with none of its signs.
    if !matches!(rec.get(at), Some(b'%' | b'$' | b'{' | b'<' | b'#' | b'[' | b'(')) {
        return at;
    }
    let longest = if rec.starts_with(at, b"$(") { COMMAND_BYTES_MAX } else { TEMPLATE_BYTES_MAX };
    let rest = rec.up_to(at, longest);
    for &(open, close) in &PAIRS {
        if rest.starts_with(open) && (open != b"$$" || rest.get(2) == Some(&b'{')) {
            return memmem::find(rest, close).map_or(at, |i| at + i + close.len());
        }
    }
    let inner = rest
        .iter()
        .skip(1)
        .take(48)
        .take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b' '))
        .count();
    match (rest.first(), rest.get(1 + inner)) {
        (Some(b'<'), Some(b'>')) | (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')) | (Some(b'('), Some(b')')) => {
            at + inner + 2
        }
        _ => at,
    }
}

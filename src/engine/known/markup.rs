//! Percent-encoding, and references of XML and HTML.

use super::escapes::hex;
use super::form::Tell;
use super::secret::Bytes;

/// Signs that stay besides letters and digits, and whether a blank is `+`.
const PERCENT: [(&[u8], bool); 7] = [
    // RFC 3986; Python's `quote` with nothing safe
    (b"-_.~", false),
    // Python's `quote`
    (b"-_.~/", false),
    // `encodeURIComponent`
    (b"-_.!~*'()", false),
    // `encodeURI`
    (b"-_.!~*'();/?:@&=+$,#", false),
    // the userinfo of a URL, as browsers write it
    (b"-_.!~*'()$&+,%", false),
    // forms: Python's `quote_plus`, browsers' and Java's
    (b"-_.~", true),
    (b"-_.*", true),
];

/// Every way of percent-encoding.
pub(super) fn percents(value: &[u8], out: &mut Bytes, tell: &mut Tell<'_>) {
    for (keep, plus) in PERCENT {
        for upper in [true, false] {
            out.clear();
            for b in value {
                match b {
                    b' ' if plus => out.put(b"+"),
                    b if b.is_ascii_alphanumeric() || keep.contains(b) => out.put(&[*b]),
                    b => {
                        out.put(b"%");
                        hex(u32::from(*b), 2, upper, out);
                    }
                }
            }
            tell(out.as_slice(), false);
        }
    }
}

/// What each writer of markup writes for `&`, `<`, `>`, `"` and `'`; nothing is the sign itself.
const MARKUP: [[&[u8]; 5]; 7] = [
    [b"&amp;", b"&lt;", b"&gt;", b"", b""],
    [b"&amp;", b"&lt;", b"&gt;", b"&quot;", b""],
    [b"&amp;", b"&lt;", b"&gt;", b"&quot;", b"&apos;"],
    // Python, JavaScript's templates
    [b"&amp;", b"&lt;", b"&gt;", b"&quot;", b"&#x27;"],
    [b"&amp;", b"&lt;", b"&gt;", b"&quot;", b"&#39;"],
    // PHP
    [b"&amp;", b"&lt;", b"&gt;", b"&quot;", b"&#039;"],
    // Go, Jinja
    [b"&amp;", b"&lt;", b"&gt;", b"&#34;", b"&#39;"],
];

/// Every way of markup.
pub(super) fn markups(value: &[u8], out: &mut Bytes, tell: &mut Tell<'_>) {
    for signs in &MARKUP {
        out.clear();
        for b in value {
            let sign = b"&<>\"'".iter().position(|sign| sign == b).map(|n| signs[n]).filter(|text| !text.is_empty());
            out.put(sign.unwrap_or(&[*b]));
        }
        tell(out.as_slice(), false);
    }
}

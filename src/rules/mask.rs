//! What replaces a finding.

use super::check::placeholder;
use super::family::Family;
use super::hash_key::HashKey;

/// The fewest bytes a partly shown secret must hide.
pub const KEEP_HIDDEN_MIN: usize = 8;
/// PCI DSS, FAQ 1091: at most the first six and the last four digits of a card number.
/// <https://www.pcisecuritystandards.org/faq/articles/Frequently_Asked_Question/What-are-acceptable-formats-for-truncation-of-primary-account-numbers/>
const CARD_KEEP: (usize, usize) = (6, 4);

/// What replaces a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mask {
    /// `[REDACTED:rule-id]`.
    Label,
    /// The same text for every secret.
    Text(String),
    /// As many stars as the secret had bytes.
    Stars,
    /// The first and last bytes, stars between; the label where too little would be hidden.
    Keep {
        /// Bytes shown at the front.
        first: u8,
        /// Bytes shown at the end.
        last: u8,
    },
    /// The label with a keyed hash: the same secret has the same tag.
    Hash,
    /// Nothing, or `""` where the notation needs a value.
    Remove,
}

/// How the secret stands in its text, which decides how a mask must be written to keep it valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notation {
    /// In running text.
    Text,
    /// A bare value behind a separator.
    Bare,
    /// A bare value inside JSON, where a `"` would end a string.
    BareInJson,
    /// Inside quotes, an element or a parameter: may be empty.
    Quoted,
    /// A bare JSON value: becomes a string. With the number of backslashes before its key's quotes.
    Number(u8),
    /// In a URL's authority, where brackets mean something else.
    Authority,
}

impl Mask {
    /// The mask written so: `label`, `stars`, `keep:2,4`, `hash`, `remove`, `text:GONE`.
    pub fn parse(written: &str) -> Result<Mask, String> {
        let (name, argument) = match written.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (written, None),
        };
        match (Self::FORMS.iter().find(|form| form.name() == name).map(|form| &form.reads), argument) {
            (Some(Reads::Name(mask)), None) => Ok(mask.clone()),
            (Some(Reads::Argument(read)), Some(argument)) => read(argument),
            _ => {
                let forms = Self::FORMS.each_ref().map(|form| form.written);
                let (last, others) = forms.split_last().expect("there are masks");
                Err(format!("`{written}` is no mask; choose {} or {last}", others.join(", ")))
            }
        }
    }

    /// Each mask as it is written.
    #[doc(hidden)]
    pub const FORMS: [MaskForm; 6] = [
        form("label", "label", "`[REDACTED:rule]`", Reads::Name(Mask::Label)),
        form("stars", "stars", "one for each byte", Reads::Name(Mask::Stars)),
        form("keep:FIRST,LAST", "keep:2,3", KEEP_HELP, Reads::Argument(kept_bytes)),
        form("hash", "hash", HASH_HELP, Reads::Name(Mask::Hash)),
        form("remove", "remove", "nothing", Reads::Name(Mask::Remove)),
        form("text:TEXT", "text:GONE", "a text of your own", Reads::Argument(fixed_text)),
    ];

    /// As written in a rule file or an option.
    pub fn name(&self) -> String {
        match self {
            Mask::Label => "label".into(),
            Mask::Text(t) => format!("text:{t}"),
            Mask::Stars => "stars".into(),
            Mask::Keep { first, last } => format!("keep:{first},{last}"),
            Mask::Hash => "hash".into(),
            Mask::Remove => "remove".into(),
        }
    }

    /// Appends what stands in place of `secret`. Without a `key` a hash mask is the label.
    pub fn render(
        &self,
        id: &str,
        family: Family,
        secret: &[u8],
        place: Notation,
        key: Option<&HashKey>,
        out: &mut Vec<u8>,
    ) {
        let quote = match place {
            Notation::Number(slashes) => Some(slashes),
            Notation::Bare if *self == Mask::Remove => Some(0),
            _ => None,
        };
        if (self, place) == (&Mask::Remove, Notation::BareInJson) {
            out.extend_from_slice(b"''");
        }
        put_quote(quote, out);
        match self {
            Mask::Label => put_label(id, None, place, out),
            Mask::Hash => put_label(id, key.map(|k| (k, secret)), place, out),
            Mask::Text(text) => out.extend_from_slice(text.as_bytes()),
            Mask::Stars => out.resize(out.len() + secret.len(), b'*'),
            Mask::Keep { first, last } => {
                let (first, last) = (usize::from(*first), usize::from(*last));
                let kept = match family {
                    Family::Card => put_card(first, last, secret, out),
                    _ => put_kept(first, last, secret, out),
                };
                if !kept {
                    put_label(id, None, place, out);
                }
            }
            Mask::Remove => {}
        }
        put_quote(quote, out);
    }

    /// Whether the whole value is what this mask leaves behind, so that masking twice changes
    /// nothing.
    pub fn left(&self, value: &[u8]) -> bool {
        match self {
            Mask::Text(text) => value == text.as_bytes(),
            Mask::Keep { first, last } => {
                let head = value.iter().position(|b| *b == b'*').unwrap_or(value.len());
                let stars = value[head..].iter().take_while(|b| **b == b'*').count();
                let tail = value.len() - head - stars;
                let hidden = stars >= KEEP_HIDDEN_MIN && stars * 2 >= value.len();
                let digits = value.iter().all(|b| b.is_ascii_digit() || *b == b'*');
                let card = digits && stars >= 5 && head <= CARD_KEEP.0 && tail <= CARD_KEEP.1;
                (hidden || card) && head <= usize::from(*first) && tail <= usize::from(*last)
            }
            Mask::Label | Mask::Stars | Mask::Hash => placeholder::is_mask(value),
            Mask::Remove => value.is_empty() || placeholder::is_mask(value),
        }
    }

    /// The same of a value that is no placeholder: labels and stars are some.
    pub fn left_besides(&self, value: &[u8]) -> bool {
        match self {
            Mask::Label | Mask::Stars | Mask::Hash | Mask::Remove => placeholder::is_other_mask(value),
            Mask::Text(_) | Mask::Keep { .. } => self.left(value),
        }
    }
}

/// A mask as users write it, what the option's help says of it, and how it is read.
pub struct MaskForm {
    /// Its name; behind a colon what it takes.
    pub written: &'static str,
    /// One that is accepted.
    pub example: &'static str,
    /// What it leaves.
    pub help: &'static str,
    reads: Reads,
}

const KEEP_HELP: &str = "so many of the first and last bytes stay, where that hides at least half and at least 8 \
                         bytes (of a card at most 6 and 4 digits)";
const HASH_HELP: &str = "the label with a keyed hash of 80 bits, the same for the same secret";

const fn form(written: &'static str, example: &'static str, help: &'static str, reads: Reads) -> MaskForm {
    MaskForm { written, example, help, reads }
}

enum Reads {
    /// It is its name.
    Name(Mask),
    /// It takes what stands behind the colon.
    Argument(fn(&str) -> Result<Mask, String>),
}

impl MaskForm {
    /// What stands before the colon.
    pub fn name(&self) -> &'static str {
        self.written.split(':').next().unwrap_or(self.written)
    }
}

fn kept_bytes(argument: &str) -> Result<Mask, String> {
    let number = |text: &str| text.trim().parse::<u8>().ok();
    let both = argument.split_once(',').and_then(|(first, last)| Some((number(first)?, number(last)?)));
    match both {
        Some((first, last)) => Ok(Mask::Keep { first, last }),
        None => Err(format!("`keep:{argument}`: write keep:FIRST,LAST, such as keep:0,4")),
    }
}

fn fixed_text(text: &str) -> Result<Mask, String> {
    let sign = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'*' | b'.' | b'#' | b'-');
    let ends = |b: Option<u8>| b.is_some_and(|b| !b.is_ascii_digit());
    let (first, last) = (text.bytes().next(), text.bytes().last());
    if text.len() > 64 || !text.bytes().all(sign) || !ends(first) || !ends(last) || first == Some(b'-') {
        return Err(format!(
            "`text:{text}`: a fixed text has 1 to 64 letters, digits or . _ * # -, begins and ends without \
             a digit; anything else could be read as a second value"
        ));
    }
    Ok(Mask::Text(text.to_owned()))
}

fn put_quote(slashes: Option<u8>, out: &mut Vec<u8>) {
    if let Some(n) = slashes {
        out.resize(out.len() + usize::from(n), b'\\');
        out.push(b'"');
    }
}

fn put_label(id: &str, hash: Option<(&HashKey, &[u8])>, place: Notation, out: &mut Vec<u8>) {
    let (open, colon, close): (&[u8], u8, &[u8]) = match place {
        Notation::Authority => (b"REDACTED", b'-', b""),
        _ => (b"[REDACTED", b':', b"]"),
    };
    out.extend_from_slice(open);
    out.push(colon);
    out.extend_from_slice(id.as_bytes());
    if let Some((key, secret)) = hash {
        out.push(colon);
        out.extend_from_slice(key.id().as_bytes());
        out.push(colon);
        out.extend_from_slice(key.tag(secret).as_bytes());
    }
    out.extend_from_slice(close);
}

fn put_kept(first: usize, last: usize, secret: &[u8], out: &mut Vec<u8>) -> bool {
    let Some(hidden) = secret.len().checked_sub(first + last) else {
        return false;
    };
    let shown = |bytes: &[u8]| {
        bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'+' | b'/' | b'!' | b'~'))
    };
    let (head, rest) = secret.split_at(first);
    let (_, tail) = rest.split_at(hidden);
    // A shown byte that means something to the notation could change where the value ends.
    if hidden < KEEP_HIDDEN_MIN || hidden * 2 < secret.len() || !shown(head) || !shown(tail) {
        return false;
    }
    out.extend_from_slice(head);
    out.resize(out.len() + hidden, b'*');
    out.extend_from_slice(tail);
    true
}

/// Digits only: the groups' separators go, so that the result is one run.
fn put_card(first: usize, last: usize, secret: &[u8], out: &mut Vec<u8>) -> bool {
    let digits: Vec<u8> = secret.iter().copied().filter(u8::is_ascii_digit).collect();
    let last = last.min(CARD_KEEP.1);
    // Shorter numbers hide too little behind six and four.
    let first = if digits.len() < 15 { 0 } else { first.min(CARD_KEEP.0) };
    if digits.len() < 12 {
        return false;
    }
    out.extend_from_slice(&digits[..first]);
    out.resize(out.len() + digits.len() - first - last, b'*');
    out.extend_from_slice(&digits[digits.len() - last..]);
    true
}

#[cfg(test)]
mod tests {
    use super::{HashKey, Mask, Notation};
    use crate::rules::family::Family;

    /// What a mask leaves is known as such, and nothing that is only like it: else masking twice would change more, or a
    /// value would stay that begins as a mask does.
    #[test]
    fn each_mask_knows_what_it_leaves_and_no_more() {
        let secret = "kT9xQQ7rW2mmB4zz";
        for form in Mask::FORMS {
            let mask = Mask::parse(form.example).unwrap();
            for place in [Notation::Text, Notation::Quoted, Notation::Authority] {
                let left = put(&mask, Family::Key, secret, place);
                assert!(mask.left(left.as_bytes()), "{}: {left}", form.written);
                for near in [format!("{left}Z9q"), format!("Z9q{left}"), format!("{left}Z9q{left}"), secret.to_owned()]
                {
                    assert!(!mask.left(near.as_bytes()), "{}: {near}", form.written);
                }
            }
        }
    }

    fn put(mask: &Mask, family: Family, secret: &str, place: Notation) -> String {
        let key = HashKey::new(b"0123456789abcdef").unwrap();
        let mut out = Vec::new();
        mask.render("id", family, secret.as_bytes(), place, Some(&key), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_mask_in_each_notation() {
        let t = Family::Token;
        assert_eq!(put(&Mask::Label, t, "s", Notation::Text), "[REDACTED:id]");
        assert_eq!(put(&Mask::Label, t, "s", Notation::Authority), "REDACTED-id");
        assert_eq!(put(&Mask::Label, t, "1", Notation::Number(1)), "\\\"[REDACTED:id]\\\"");
        assert_eq!(put(&Mask::Stars, t, "abc", Notation::Bare), "***");
        assert_eq!(put(&Mask::Remove, t, "abc", Notation::Bare), "\"\"");
        assert_eq!(put(&Mask::Remove, t, "abc", Notation::Quoted), "");
    }

    #[test]
    fn keep_hides_half_and_eight_or_is_the_label() {
        let keep = Mask::Keep { first: 4, last: 4 };
        assert_eq!(put(&keep, Family::Token, "abcdefghijklmnop", Notation::Text), "abcd********mnop");
        assert_eq!(put(&keep, Family::Token, "abcdefghijklmno", Notation::Text), "[REDACTED:id]");
        assert_eq!(put(&keep, Family::Token, "abc", Notation::Text), "[REDACTED:id]");
        assert!(keep.left(b"abcd********mnop"));
        assert!(!keep.left(b"********realsecret"));
        assert!(!keep.left(b"abcdefghijklmnop"));
    }

    #[test]
    fn cards_show_at_most_six_and_four() {
        let keep = Mask::Keep { first: 12, last: 12 };
        assert_eq!(put(&keep, Family::Card, "4111 1111 1111 1111", Notation::Text), "411111******1111");
        assert_eq!(put(&keep, Family::Card, "3056 930902 5904", Notation::Text), "**********5904");
        assert!(keep.left(b"411111******1111"));
    }

    #[test]
    fn the_same_secret_has_the_same_tag_and_another_key_another() {
        let (a, b) = (HashKey::new(b"0123456789abcdef").unwrap(), HashKey::new(b"0123456789abcdeg").unwrap());
        assert_eq!(a.tag(b"s"), a.tag(b"s"));
        assert_ne!(a.tag(b"s"), a.tag(b"t"));
        assert_ne!(a.tag(b"s"), b.tag(b"s"));
        assert_ne!(a.id(), b.id());
        assert_eq!(a.tag(b"s").len(), 20);
        assert!(!format!("{a:?}").contains("0123"));
        assert!(HashKey::new(b"short").is_err());
    }

    #[test]
    fn fixed_texts_that_could_end_a_value_are_refused() {
        for bad in ["text:a b", "text:", "text:\"", "text:a,b", "text:1", "text:--x", "keep:1", "blur"] {
            assert!(Mask::parse(bad).is_err(), "{bad}");
        }
        for good in ["label", "stars", "keep:0,4", "hash", "remove", "text:GONE"] {
            assert_eq!(Mask::parse(good).unwrap().name(), good);
        }
    }
}

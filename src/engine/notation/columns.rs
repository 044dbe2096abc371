//! A key that is a column of a table, its values in rows apart: `INSERT INTO t (user, password) VALUES ('bob', 'x')`.

use super::Record;
use super::escape::{GAP_BYTES_MAX, skip_gap};
use super::key::KeySite;
use super::text::{self, Value, bare, quoted};
use super::wrapper::unwrap;
use crate::rules::mask::Notation;
use crate::rules::words::words;

/// The longest list of columns before or behind the key, in bytes.
const LIST_BYTES_MAX: usize = 1024;
/// The longest row, in bytes.
const ROW_BYTES_MAX: usize = 16 << 10;
/// What stands between the columns and the first row.
const ROWS: &[&str] = words!("row-words");

/// Where the key stands among its columns, and where the first row begins.
pub(crate) struct Columns {
    /// How many stand before it.
    index: usize,
    /// Behind the first row's bracket.
    first: usize,
}

impl Columns {
    /// The columns that the key is one of, if rows stand behind them. `work` grows by the bytes looked at.
    pub(crate) fn of(rec: &Record<'_>, site: &KeySite, work: &mut u64) -> Option<Columns> {
        let (open, end) = with_marks(rec, site);
        if !matches!(rec.get(skip_gap(rec, end, GAP_BYTES_MAX)), Some(b',' | b')')) || site.dashes > 0 {
            return None;
        }
        let behind = rec.run(end, LIST_BYTES_MAX, is_column);
        *work += behind as u64;
        if rec.get(end + behind) != Some(b')') {
            return None;
        }
        let word = skip_gap(rec, end + behind + 1, GAP_BYTES_MAX);
        let is = |row: &&&str| rec.up_to(word, row.len()).eq_ignore_ascii_case(row.as_bytes());
        let row = ROWS.iter().find(is)?;
        let bracket = skip_gap(rec, word + row.len(), GAP_BYTES_MAX);
        let before = rec.run_back(open, LIST_BYTES_MAX, is_column);
        *work += before as u64;
        if rec.get(bracket) != Some(b'(') || rec.before(open - before) != Some(b'(') {
            return None;
        }
        let index = rec.slice(open - before..open).iter().filter(|b| **b == b',').count();
        Some(Columns { index, first: bracket + 1 })
    }

    /// Where the key's value begins in the first row.
    pub(crate) fn value(&self, rec: &Record<'_>) -> Option<usize> {
        self.in_row(rec, self.first)
    }

    /// The key's value in the row behind the one that has this value.
    pub(crate) fn beside(&self, rec: &Record<'_>, last: &Value) -> Option<Value> {
        let comma = skip_gap(rec, row_end(rec, text::behind(rec, last))? + 1, GAP_BYTES_MAX);
        let next = skip_gap(rec, comma + 1, GAP_BYTES_MAX);
        if rec.get(comma) != Some(b',') || rec.get(next) != Some(b'(') {
            return None;
        }
        let value = element(rec, self.in_row(rec, next + 1)?);
        (!value.open).then_some(value)
    }

    fn in_row(&self, rec: &Record<'_>, row: usize) -> Option<usize> {
        let mut at = skip_gap(rec, row, GAP_BYTES_MAX);
        for _ in 0..self.index {
            let end = element_end(rec, at, row + ROW_BYTES_MAX)?;
            if rec.get(end) != Some(b',') {
                return None;
            }
            at = skip_gap(rec, end + 1, GAP_BYTES_MAX);
        }
        Some(at)
    }
}

/// The key with the marks around its name: `"password"`, `[password]`.
fn with_marks(rec: &Record<'_>, site: &KeySite) -> (usize, usize) {
    if let Some(quote) = site.quote.filter(|quote| rec.quote_at(site.end, rec.end) == Some(*quote)) {
        return (site.open, site.end + quote.width());
    }
    let brackets = rec.get(site.end) == Some(b']') && rec.before(site.start) == Some(b'[');
    (site.start - usize::from(brackets), site.end + usize::from(brackets))
}

/// What names of columns are written with, their marks and what is between them.
fn is_column(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 0x80 || b"_$., \t`\"\\[]".contains(&b)
}

/// The element at `at`.
fn element(rec: &Record<'_>, at: usize) -> Value {
    let inside = unwrap(rec, at).at;
    match rec.quote_at(inside, rec.end) {
        Some(quote) => quoted(rec, inside, quote),
        None => bare(rec, inside, false, Notation::Bare),
    }
}

/// The comma or bracket before `limit` behind the element at `at`, which may be a call's.
fn element_end(rec: &Record<'_>, at: usize, limit: usize) -> Option<usize> {
    let (mut p, mut depth) = (at, 0);
    while p < limit {
        match rec.get(p)? {
            b',' | b')' if depth == 0 => return Some(p),
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {
                if let Some(quote) = rec.quote_at(p, rec.end) {
                    let value = quoted(rec, p, quote);
                    if value.open {
                        return None;
                    }
                    p = text::behind(rec, &value).max(p + 1);
                    continue;
                }
            }
        }
        p += 1;
    }
    None
}

/// The bracket that ends the row around `at`.
fn row_end(rec: &Record<'_>, at: usize) -> Option<usize> {
    let limit = at + ROW_BYTES_MAX;
    let mut end = element_end(rec, at, limit)?;
    while rec.get(end) == Some(b',') {
        end = element_end(rec, end + 1, limit)?;
    }
    Some(end)
}

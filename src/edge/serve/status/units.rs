//! Numbers as people read them.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// A count: `12,345,678`.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Bytes: `12.3 MB`, by thousands.
pub fn bytes(n: f64) -> String {
    const UNITS: [&str; 6] = ["B", "kB", "MB", "GB", "TB", "PB"];
    let (mut value, mut unit) = (n, 0);
    while value >= 999.5 && unit + 1 < UNITS.len() {
        (value, unit) = (value / 1000.0, unit + 1);
    }
    match unit {
        0 => format!("{value:.0} B"),
        _ => format!("{} {}", three(value), UNITS[unit]),
    }
}

/// Something a second: `3.2`, `1,234`.
pub fn rate(n: f64) -> String {
    match n {
        n if n >= 100.0 => count(n.round() as u64),
        0.0 => "0".into(),
        n => three(n),
    }
}

/// At least two digits, and at most as many as say something.
fn three(n: f64) -> String {
    match n {
        n if n >= 99.95 => format!("{n:.0}"),
        n if n >= 9.995 || n == 0.0 => format!("{n:.1}"),
        n => format!("{n:.2}"),
    }
}

/// How long: `3 h 12 min`.
pub fn span(seconds: f64) -> String {
    let s = seconds.max(0.0) as u64;
    match (s / 86_400, s / 3600 % 24, s / 60 % 60) {
        (0, 0, 0) => format!("{s} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

/// A moment, given in seconds since 1970: for people and for machines.
pub fn moment(seconds: f64) -> (String, String) {
    let at = OffsetDateTime::from_unix_timestamp(seconds as i64).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let machines = at.format(&Rfc3339).unwrap_or_default();
    (machines.replace('T', " ").replace('Z', " UTC"), machines)
}

/// The least of 1, 2, 5, 10, 20 ... that is not less.
pub fn round_up(n: f64) -> f64 {
    if n <= 0.0 {
        return 1.0;
    }
    let ten = 10f64.powf(n.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * ten).find(|m| *m >= n * 0.999_999).unwrap_or(n)
}

#[cfg(test)]
mod tests {
    use super::{bytes, count, moment, rate, round_up, span};

    #[test]
    fn numbers_are_short_and_have_units() {
        assert_eq!([0, 12, 1234, 1_234_567].map(count), ["0", "12", "1,234", "1,234,567"]);
        let shown = [0.0, 999.0, 999.6, 12_340.0, 999_999.0, 3.21e9].map(bytes);
        assert_eq!(shown, ["0 B", "999 B", "1.00 kB", "12.3 kB", "1.00 MB", "3.21 GB"]);
        assert_eq!([0.0, 0.5, 12.34, 99.99, 12_345.6].map(rate), ["0", "0.50", "12.3", "100", "12,346"]);
        assert_eq!([5.0, 65.0, 3_700.0, 90_000.0].map(span), ["5 s", "1 min", "1 h 1 min", "1 d 1 h"]);
        assert_eq!([0.0, 0.3, 1.0, 1.1, 37.0, 5e6].map(round_up), [1.0, 0.5, 1.0, 2.0, 50.0, 5e6]);
        assert_eq!(moment(1_000_000_000.5).0, "2001-09-09 01:46:40 UTC");
        assert_eq!(moment(1_000_000_000.5).1, "2001-09-09T01:46:40Z");
    }
}

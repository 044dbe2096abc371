//! What the learned judge lets go and takes, asked of the engine as a whole.

use crate::engine::redactor::Redactor;
use crate::rules::judge::likelihood::Likelihood;
use proptest::prelude::*;

#[test]
fn what_no_list_names_stays() {
    for line in [
        "pam_unix(chpasswd:chauthtok): user \"al\" does not exist",
        r#"{"session_id":"6383b290.21d","session_line_num":"4"}"#,
        r#"{"hashAlgorithm":"sha1","issuerKeyHash":"0F80611C823161D52F28E78D4638B42CE1C6D9E2","serialNumber":"03"}"#,
        "--- PASS: TestLogin (0.00s)",
        "proposal auth: name=AES_XCBC_96 keylen=0",
        "token: expired",
        "INFO [dd.trace_id=7505247948404374144 dd.span_id=4531840506291292191] done",
        "LOG:  [queryid=4759120518853662057] postgres@db",
    ] {
        assert_eq!(Redactor::builtin().redact_str(line), line);
    }
}

/// Program text that hands a variable on, as a line of its own; the same beside anything else may be a value.
#[test]
fn variables_that_are_handed_on_stay() {
    for line in ["        self.password = password", "            password=password,", "this.token = token"] {
        assert_eq!(Redactor::builtin().redact_str(line), line);
    }
    for line in ["self.password = hunter2", "user=al, password=password, host=h", "password=hunter2,"] {
        assert!(Redactor::builtin().redact_str(line).contains("[REDACTED:password]"), "{line}");
    }
}

#[test]
fn what_no_rule_reads_goes() {
    for (line, value) in [
        ("linkpreview SECRET 9f86d081884c7d659a2feaa0c55ad015", "9f86d081884c7d659a2feaa0c55ad015"),
        ("your owlbot API key is 8a5de3a89b7e4f29bf728b45adcdea6ea3410c78", "8a5de3a89b7e4f29bf728b45adcdea6ea3410c78"),
        ("plivo token - 'YGIQ7PGZS9VGVGOREM4E'", "YGIQ7PGZS9VGVGOREM4E"),
        ("acme token = 'YGIQ7PGZS9VGVGOREM4E' | 'BGIQ7PGZS9VGVGOREM4E'", "GIQ7PGZS9VGVGOREM4E"),
        ("const accountKey = process.env.ACCOUNT_KEY || \"4dVwl0W8MyFwuZ08dWXngHxc\"", "4dVwl0W8MyFwuZ08dWXngHxc"),
        ("client_secret=hunter2", "hunter2"),
        ("token=correcthorsebattery", "correcthorsebattery"),
    ] {
        let masked = Redactor::builtin().redact_str(line).into_owned();
        assert!(!masked.contains(value), "{masked}");
    }
}

#[test]
fn what_only_a_token_looks_like_is_masked_whatever_stands_around() {
    for line in [
        "{\"session_id\":\"Zk3vQ9xT1mB7rL5pW8sD2h\"}",
        "no 17 session_id=Zk3vQ9xT1mB7rL5pW8sD2h trace",
        "GET /a;jsessionid=0F80611C823161D52F28E78D4638B42C?x=1",
        "PHPSESSID: 9f86d081884c7d659a2feaa0c55ad015",
        "visa 4911830000000 x",
        "pay with 4111111111111111 now",
        "flow 4111 1111 1111 1111 id",
    ] {
        assert_ne!(Redactor::builtin().redact_str(line), line);
    }
}

#[test]
fn how_likely_a_secret_must_be_is_the_users_say() {
    let masks = |least, name: Option<&str>, text: &str| {
        let builder = Redactor::builder();
        let builder = match name {
            Some(name) => builder.min_likelihood_for(name, least),
            None => builder.min_likelihood(least),
        };
        builder.build().unwrap().redact_str(text) != text
    };
    use Likelihood::{Likely, Possible, VeryLikely};
    // What only weighing tells, and what nothing is ever weighed against.
    let (prose, sure) = ("plivo token - 'YGIQ7PGZS9VGVGOREM4E'", "password=hunter2");
    assert!(masks(Likely, None, prose) && masks(Possible, None, prose));
    let weakly: Vec<&str> =
        ["session_id=17.4a.b2c", "pwd: swordfish now", "token=correcthorsebattery", "api key is 8a5de3a89b7e4f29b"]
            .into_iter()
            .filter(|text| masks(Possible, None, text) != masks(VeryLikely, None, text))
            .collect();
    assert!(!weakly.is_empty());
    for text in weakly {
        assert!(masks(Possible, None, text) && !masks(VeryLikely, None, text), "{text}");
    }
    for least in Likelihood::ALL {
        assert!(masks(least, None, sure));
        assert!(masks(least, Some("card"), prose) && masks(least, Some("session-id"), prose));
    }
    assert!(Redactor::builder().min_likelihood_for("no-such-rule", Likely).build().is_err());
}

#[test]
fn a_password_behind_its_own_key_is_not_weighed() {
    for line in [
        "password=on",
        "old_password: hunter2",
        "{\"password\":\"enabled\"}",
        "db_password = \"name\"",
        "--password true1",
    ] {
        assert_ne!(Redactor::builtin().redact_str(line), line);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(3000) })]

    /// What was let go because of what stands before it, stays when that is masked.
    #[test]
    fn masking_twice_changes_nothing(
        pieces in prop::collection::vec(prop::sample::select(&[
            "token", "session_id", "SECRET", "api key", "pwd", "key", "auth", "=", ": ", " ", " is ", " - ", "\"", "'", ",", "\":\"", "{\"",
            "9f86d081884c7d659a2feaa0c55ad015", "6383b290.21d", "hunter2", "expired", "Qz7mTr4xL9Qz7mTr4xL9", "correcthorse", "123e4567-e89b-12d3-a456-426614174abc",
        ][..]), 0..14)
    ) {
        let text = pieces.concat();
        let once = Redactor::builtin().redact_str(&text).into_owned();
        prop_assert_eq!(Redactor::builtin().redact_str(&once), once.as_str(), "{}", text);
    }
}

//! The worst inputs known: made to cause as much looking as possible for each byte.

/// Each at least `length` bytes, most of them without a line end.
pub fn all(length: usize) -> Vec<(&'static str, Vec<u8>)> {
    let again = |piece: &str| piece.repeat(length / piece.len() + 1).into_bytes();
    vec![
        ("nested-quotes", nested(length)),
        ("open-quotes", again("password=\"\\\"")),
        ("escaped-quotes", again("\\\"password\\\":\\\"a\\\\")),
        ("key-words", again("password")),
        ("key-chain", again("password=token=secret=")),
        ("key-prose", again("password token secret auth ")),
        ("key-snake", again("token_password_secret_")),
        ("key-lines", again("password\n")),
        ("empty-keys", again("\"password\":\"\",")),
        ("digits", again("4111111111111112")),
        ("digit-groups", again("4111 1111 1111 1112 ")),
        ("digit-lines", again("4111111111111112\n")),
        ("ats", again("@")),
        ("authorities", again("://a@")),
        ("half-tokens", again(&["AK", "IA"].concat())),
        ("half-pats", again(&["gl", "pat-"].concat())),
        ("half-mails", again(&["S", "G."].concat())),
        ("half-jwts", again("eyJ")),
        ("jwt-dots", again("eyJhbGciOi.")),
        ("open-blocks", again("-----BEGIN PRIVATE KEY-----")),
        ("block-lines", again("-----BEGIN PRIVATE KEY-----\n")),
        ("flags", again("curl -u ")),
        ("mysql", again("mysql -")),
        ("mysql-users", again("mysql -u a ")),
        ("cookies", again("Cookie: a=b; ")),
        ("cookies-of-one", [b"Cookie: ".to_vec(), again("a=b1; ")].concat()),
        ("short-key", again("pwd=a ")),
        ("second-looks", again("password=a@b://c ")),
        ("percent-begun", again("sid%3")),
        ("percent-signs", again("sig%3d")),
        ("signs-to-nowhere", again("key|")),
        ("cut-percent-signs", again("sig%3")),
        ("element", again("<password>")),
        ("colours", again("password\x1b[36m")),
        ("percent", again("%22password%22%3A")),
        ("text-of-tokens", [b"{\"log\":\"".to_vec(), again("token=1 \\\" ")].concat()),
        ("text-of-passwords", [b"{\"log\":\"".to_vec(), again("password=x9Kq \\\" ")].concat()),
        ("password-flags", again("--password hunter2 ")),
    ]
}

/// Objects in strings in objects, to a depth of ten and again.
fn nested(length: usize) -> Vec<u8> {
    let mut text = String::new();
    while text.len() < length {
        for depth in 0..10 {
            text.push_str(&"\\".repeat((1 << depth.min(6)) - 1));
            text.push_str("\"password");
            text.push_str(&"\\".repeat((1 << depth.min(6)) - 1));
            text.push_str("\":");
        }
    }
    text.into_bytes()
}

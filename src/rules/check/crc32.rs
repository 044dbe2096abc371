//! The checksum that ends GitHub's and npm's tokens: CRC-32 in base 62, six characters.
//!
//! Source: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Whether the last six characters are the checksum of those before.
pub fn holds(token: &[u8]) -> bool {
    let Some(split) = token.len().checked_sub(6) else {
        return false;
    };
    let (body, sum) = token.split_at(split);
    sum == in_base62(crc32(body))
}

fn in_base62(mut n: u32) -> [u8; 6] {
    let mut out = [b'0'; 6];
    for place in out.iter_mut().rev() {
        *place = DIGITS[(n % 62) as usize];
        n /= 62;
    }
    out
}

fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::{crc32, holds, in_base62};

    #[test]
    fn crc_of_the_standard_check_string() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_token_with_its_own_sum_holds_and_a_changed_one_does_not() {
        let body = b"abcdefghijklmnopqrstuvwxyz0123";
        let mut token = body.to_vec();
        token.extend_from_slice(&in_base62(crc32(body)));
        assert!(holds(&token));
        token[0] = b'b';
        assert!(!holds(&token));
        assert!(!holds(b"short"));
    }
}

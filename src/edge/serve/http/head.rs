//! Headers: which of them leave, which say what is in the body, and whether somebody has signed it. Their values are the
//! sender's and the upstream's business: they are neither masked nor logged.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, EXPECT, HeaderName, TE, TRANSFER_ENCODING, UPGRADE};

use super::coding::Coding;
use super::kind::Said;
use super::refusal::Refusal;

/// What concerns one connection only, besides what `Connection` names.
const HOP: [HeaderName; 3] = [CONNECTION, TRANSFER_ENCODING, UPGRADE];
const HOP_BY_NAME: [&str; 2] = ["keep-alive", "proxy-connection"];
/// Checksums of the body, wrong once it has changed.
const CHECKSUMS: [&str; 5] = ["content-md5", "digest", "content-digest", "repr-digest", "x-amz-content-sha256"];
/// What a checksum's name begins with.
const CHECKSUM: &str = "x-amz-checksum-";
/// Signatures over the body alone.
const SIGNATURES: [&str; 3] = ["x-hub-signature", "x-hub-signature-256", "x-slack-signature"];

/// Takes out what concerns the connection it came over.
pub fn end_hop(headers: &mut HeaderMap, trailers: bool) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .filter_map(|n| n.trim().parse().ok())
        .collect();
    for name in named.iter().filter(|n| **n != TE) {
        headers.remove(name);
    }
    for name in HOP {
        headers.remove(name);
    }
    for name in HOP_BY_NAME {
        headers.remove(name);
    }
    headers.remove(EXPECT);
    headers.remove(TE);
    if trailers {
        headers.insert(TE, hyper::header::HeaderValue::from_static("trailers"));
    }
}

/// How the body is compressed.
///
/// # Errors
/// When it is in a way that is not known, or in two.
pub fn coding(headers: &HeaderMap, name: &str) -> Result<Coding, Refusal> {
    let unknown = Refusal::Unsupported("the body is compressed in a way that is not known here; nothing of it left");
    let mut values = headers.get_all(name).iter();
    let first = values.next().map_or(Some(Coding::Identity), |v| Coding::from_name(v.to_str().ok()?));
    match (first, values.next()) {
        (Some(coding), None) => Ok(coding),
        _ => Err(unknown),
    }
}

/// What the body is said to be.
///
/// # Errors
/// When it is text of which nothing could be found.
pub fn said(headers: &HeaderMap) -> Result<Said, Refusal> {
    let mut values = headers.get_all(hyper::header::CONTENT_TYPE).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(Said::Nothing),
        (Some(value), None) => Said::of(value.to_str().unwrap_or_default()),
        _ => Ok(Said::No),
    }
}

/// Whether the body is a call of gRPC.
pub fn is_grpc(headers: &HeaderMap) -> bool {
    let value = headers.get(hyper::header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    value
        .strip_prefix("application/grpc")
        .is_some_and(|rest| matches!(rest.as_bytes().first(), None | Some(b'+' | b';')))
}

/// Makes headers fit a body that has changed.
///
/// # Errors
/// When somebody has signed the body that came.
pub fn changed(headers: &mut HeaderMap) -> Result<(), Refusal> {
    if is_signed(headers) {
        return Err(Refusal::Signed);
    }
    for name in CHECKSUMS {
        headers.remove(name);
    }
    let checksums: Vec<HeaderName> = headers.keys().filter(|n| n.as_str().starts_with(CHECKSUM)).cloned().collect();
    for name in checksums {
        headers.remove(name);
    }
    headers.remove(CONTENT_LENGTH);
    Ok(())
}

fn is_signed(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
    let authorization = text(AUTHORIZATION.as_str()).trim_start();
    let scheme = authorization.split(' ').next().unwrap_or_default();
    let amazon = scheme.starts_with("AWS4-") && !text("x-amz-content-sha256").starts_with("UNSIGNED");
    let azure = scheme.eq_ignore_ascii_case("SharedKey");
    let covered = text("signature-input").contains("digest") || text("signature").contains("digest");
    amazon || azure || covered || SIGNATURES.iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use hyper::HeaderMap;
    use hyper::header::{HeaderName, HeaderValue};

    use super::{changed, coding, end_hop, is_grpc, said};
    use crate::edge::serve::http::coding::Coding;
    use crate::edge::serve::http::kind::Said;
    use crate::edge::serve::http::refusal::Refusal;

    fn headers(all: &[(&'static str, &'static str)]) -> HeaderMap {
        all.iter().map(|(k, v)| (HeaderName::from_static(k), HeaderValue::from_static(v))).collect()
    }

    #[test]
    fn what_concerns_a_connection_stays_with_it() {
        let mut all = headers(&[
            ("connection", "close, x-own"),
            ("x-own", "1"),
            ("te", "trailers"),
            ("keep-alive", "5"),
            ("expect", "100-continue"),
            ("authorization", "Basic eDp5"),
            ("x-scope-orgid", "1"),
        ]);
        end_hop(&mut all, false);
        assert_eq!(all, headers(&[("authorization", "Basic eDp5"), ("x-scope-orgid", "1")]));
        end_hop(&mut all, true);
        assert_eq!(all["te"], "trailers");
    }

    #[test]
    fn a_changed_body_has_no_checksum_and_no_signature() {
        let mut all =
            headers(&[("content-md5", "x"), ("x-amz-checksum-crc32", "x"), ("date", "x"), ("content-length", "1")]);
        assert_eq!(changed(&mut all), Ok(()));
        assert_eq!(all, headers(&[("date", "x")]));
        for (signed, wanted) in [
            (&[("authorization", "AWS4-HMAC-SHA256 Credential=x")][..], Err(Refusal::Signed)),
            (
                &[("authorization", "AWS4-HMAC-SHA256 Credential=x"), ("x-amz-content-sha256", "UNSIGNED-PAYLOAD")],
                Ok(()),
            ),
            (&[("authorization", "SharedKey x:y")], Err(Refusal::Signed)),
            (&[("signature-input", "s=(\"content-digest\")")], Err(Refusal::Signed)),
            (&[("signature-input", "s=(\"@method\")")], Ok(())),
            (&[("authorization", "Basic eDp5")], Ok(())),
        ] {
            assert_eq!(changed(&mut headers(signed)), wanted);
        }
    }

    #[test]
    fn what_the_body_is_said_to_be() {
        let of = |all: &[(&'static str, &'static str)]| coding(&headers(all), "content-encoding");
        assert_eq!(of(&[]), Ok(Coding::Identity));
        assert_eq!(of(&[("content-encoding", "gzip")]), Ok(Coding::Gzip));
        for twice in [&[("content-encoding", "gzip, gzip")][..], &[("content-encoding", "br")]] {
            assert!(of(twice).is_err());
        }
        let mut two = headers(&[("content-encoding", "gzip")]);
        two.append("content-encoding", HeaderValue::from_static("gzip"));
        assert!(coding(&two, "content-encoding").is_err());
        assert_eq!(said(&headers(&[])), Ok(Said::Nothing));
        for (name, grpc) in
            [("application/grpc", true), ("application/grpc+proto", true), ("application/grpc-web", false)]
        {
            assert_eq!(is_grpc(&headers(&[("content-type", name)])), grpc, "{name}");
        }
    }
}

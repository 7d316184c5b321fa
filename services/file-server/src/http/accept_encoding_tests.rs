use proptest::prelude::*;

use super::{Coding::*, *};

/// The server's own order in these tests.
const OFFERED: [Coding; 4] = [Brotli, Zstd, Gzip, Identity];

fn request(lines: &[&str]) -> HeaderMap {
    lines.iter().map(|line| (ACCEPT_ENCODING, HeaderValue::from_bytes(line.as_bytes()).unwrap())).collect()
}

/// What the most wanted of these is, the first of those wanted alike; None where all are refused.
fn choose(client: AcceptEncoding<'_>, offered: &[Coding]) -> Option<Coding> {
    let wanted = offered.iter().map(|coding| (client.quality(coding.name()), *coding));
    let acceptable = wanted.filter(|(quality, _)| *quality > 0);
    acceptable.rev().max_by_key(|(quality, _)| *quality).map(|(_, coding)| coding)
}

#[track_caller]
fn chosen(lines: &[&str], offered: &[Coding], expected: Option<Coding>) {
    let headers = request(lines);
    assert_eq!(choose(AcceptEncoding::of(&headers), offered), expected, "{lines:?}");
}

#[test]
fn the_clients_weight_decides_and_then_the_servers_order() {
    chosen(&["gzip, deflate, br, zstd"], &OFFERED, Some(Brotli));
    chosen(&["gzip, zstd"], &OFFERED, Some(Zstd));
    chosen(&["gzip"], &OFFERED, Some(Gzip));
    chosen(&["x-gzip"], &OFFERED, Some(Gzip));
    chosen(&["GZIP;Q=1"], &OFFERED, Some(Gzip));
    chosen(&["br;q=0.5, gzip;q=0.8"], &OFFERED, Some(Gzip));
    chosen(&["br;q=0.5", "gzip;q=0.8"], &OFFERED, Some(Gzip));
    chosen(&["identity, br;q=0.9"], &OFFERED, Some(Identity));
    chosen(&["identity, br"], &OFFERED, Some(Brotli));
    chosen(&["gzip;q=0.001"], &OFFERED, Some(Gzip));
    chosen(&["br;q=0, gzip"], &OFFERED, Some(Gzip));
    chosen(&["deflate"], &OFFERED, Some(Identity));
    chosen(&["gzip"], &[Identity], Some(Identity));
}

#[test]
fn no_header_is_not_an_empty_header() {
    chosen(&[], &OFFERED, Some(Identity));
    chosen(&[], &[Gzip], Some(Gzip));
    chosen(&[""], &OFFERED, Some(Identity));
    chosen(&[""], &[Gzip], None);
}

#[test]
fn the_star_stands_for_what_is_not_listed() {
    chosen(&["*"], &OFFERED, Some(Brotli));
    chosen(&["*;q=0"], &OFFERED, None);
    chosen(&["*;q=0, identity"], &OFFERED, Some(Identity));
    chosen(&["br;q=0, *;q=0.5"], &OFFERED, Some(Zstd));
    chosen(&["gzip;q=0.1, *"], &[Gzip, Identity], Some(Identity));
    chosen(&["identity;q=0, *;q=0"], &[Identity], None);
}

#[test]
fn identity_may_be_refused() {
    chosen(&["identity;q=0"], &[Identity], None);
    chosen(&["identity;q=0"], &OFFERED, None);
    chosen(&["identity;q=0, gzip;q=0.5"], &OFFERED, Some(Gzip));
}

#[test]
fn what_is_refused_once_is_never_sent() {
    chosen(&["gzip, gzip;q=0"], &OFFERED, Some(Identity));
    chosen(&["gzip;q=0, x-gzip"], &OFFERED, Some(Identity));
}

#[test]
fn a_malformed_weight_leaves_its_member_out() {
    chosen(&["br;q=2, gzip"], &OFFERED, Some(Gzip));
    chosen(&["br;q=, gzip;q=abc"], &OFFERED, Some(Identity));
    chosen(&[";;,,=;q=1"], &OFFERED, Some(Identity));
}

#[test]
fn stored_encodings() {
    let read = StoredEncoding::parse;
    for plain in ["", "identity", "aws-chunked", " , AWS-Chunked , identity"] {
        assert!(read(plain).is_identity(), "{plain}");
        assert_eq!(read(plain).header(), None);
        assert_eq!(read(plain).known(), Some(Identity));
    }
    assert_eq!(read("aws-chunked,GZIP").header().unwrap(), "gzip");
    assert_eq!(read("aws-chunked,x-gzip").known(), Some(Gzip));
    assert_eq!(read("br").known(), Some(Brotli));
    assert_eq!(read("deflate").known(), None);
    assert_eq!(read("gzip, br").header().unwrap(), "gzip, br");
    assert_eq!(read("gzip, br").known(), None);
    assert!(read("a b, x\r\ny, \u{e9}").is_identity());
}

#[test]
fn a_client_takes_all_of_a_stored_encoding_or_nothing() {
    let takes = |lines: &[&str], stored: &str| {
        StoredEncoding::parse(stored).accepted_by(&AcceptEncoding::of(&request(lines)))
    };
    assert!(takes(&["gzip"], "gzip"));
    assert!(takes(&["gzip"], "x-gzip"));
    assert!(takes(&[], "gzip"), "RFC 9110: without the header any coding is acceptable");
    assert!(!takes(&["br"], "gzip"));
    assert!(!takes(&[""], "gzip"));
    assert!(!takes(&["gzip"], "gzip, br"));
    assert!(takes(&["gzip, br"], "gzip, br"));
    assert!(takes(&["*"], "deflate"));
    assert!(takes(&["deflate"], "deflate"));
    assert!(takes(&["gzip"], "aws-chunked"));
    assert!(!takes(&["identity;q=0"], ""));
}

proptest! {
    #[test]
    fn every_combination_follows_the_rfc(
        listed in prop::collection::vec((0usize..5, prop::option::of(0u16..=10)), 0..6),
    ) {
        let names = ["gzip", "br", "zstd", "identity", "*"];
        let text = |(name, tenths): &(usize, Option<u16>)| match tenths {
            Some(tenths) => format!("{};q={}.{}", names[*name], tenths / 10, tenths % 10),
            None => names[*name].to_owned(),
        };
        let line = listed.iter().map(text).collect::<Vec<_>>().join(", ");
        let headers = request(&[&line]);
        let least = |wanted: &str| {
            let own = listed.iter().filter(|(name, _)| names[*name] == wanted);
            own.map(|(_, tenths)| tenths.map_or(FULL, |tenths| tenths * 100)).min()
        };
        for name in ["gzip", "br", "zstd", "identity", "deflate"] {
            let unlisted = u16::from(name == "identity");
            let expected = least(name).or(least("*")).unwrap_or(unlisted);
            prop_assert_eq!(AcceptEncoding::of(&headers).quality(name), expected, "{} in {}", name, line);
        }
    }

    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(0x20u8.., 0..60), stored in "\\PC{0,40}") {
        let Ok(line) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, line)]);
        let client = AcceptEncoding::of(&headers);
        prop_assert!(client.quality("gzip") <= FULL);
        let stored = StoredEncoding::parse(&stored);
        stored.accepted_by(&client);
        prop_assert_eq!(stored.header().is_none(), stored.is_identity());
    }
}

//! The lists of preferences in `Accept` and `Accept-Encoding` (RFC 9110 §12.4.2).
//!
//! 1. The lines of the header are split at commas that stand outside quoted strings.
//! 2. Each member is a name, parameters, and a weight `q`; without one it weighs 1.
//! 3. A member whose weight is malformed is left out, as if the client had not written it.

use http::HeaderValue;

/// A weight in thousandths: 0 is "not acceptable", 1000 the most wanted.
pub type Quality = u16;

/// The weight of a member that names none.
pub const FULL: Quality = 1000;

/// The members of all lines of a header: name as written, and weight.
pub fn members<'a>(
    lines: impl IntoIterator<Item = &'a HeaderValue>,
) -> impl Iterator<Item = (&'a [u8], Quality)> {
    lines.into_iter().flat_map(|line| split_unquoted(line.as_bytes(), b',')).filter_map(member)
}

fn member(text: &[u8]) -> Option<(&[u8], Quality)> {
    let mut parts = split_unquoted(text, b';').map(<[u8]>::trim_ascii);
    let name = parts.next().filter(|name| !name.is_empty())?;
    for parameter in parts {
        if let [b'q' | b'Q', rest @ ..] = parameter
            && let [b'=', weight @ ..] = rest.trim_ascii_start()
        {
            return parse_weight(weight.trim_ascii_start()).map(|weight| (name, weight));
        }
    }
    Some((name, FULL))
}

/// RFC 9110 §12.4.2: `qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )`.
fn parse_weight(text: &[u8]) -> Option<Quality> {
    let (whole, fraction) = match text {
        [whole] => (*whole, &[][..]),
        [whole, b'.', fraction @ ..] if fraction.len() <= 3 => (*whole, fraction),
        _ => return None,
    };
    let mut thousandths: Quality = 0;
    for at in 0..3 {
        let digit = fraction.get(at).copied().unwrap_or(b'0');
        thousandths = thousandths * 10 + Quality::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    match (whole, thousandths) {
        (b'0', thousandths) => Some(thousandths),
        (b'1', 0) => Some(FULL),
        _ => None,
    }
}

/// Splits at `separator`, but not inside a quoted string (RFC 9110 §5.6.4).
fn split_unquoted(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |byte| {
        let here = !quoted && *byte == separator;
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        here
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Vec<(String, Quality)> {
        let line = HeaderValue::from_bytes(text.as_bytes()).unwrap();
        members([&line]).map(|(name, q)| (String::from_utf8_lossy(name).into_owned(), q)).collect()
    }

    #[test]
    fn weights() {
        for (text, weight) in [
            ("0", Some(0)),
            ("0.", Some(0)),
            ("0.5", Some(500)),
            ("0.05", Some(50)),
            ("0.001", Some(1)),
            ("1", Some(1000)),
            ("1.000", Some(1000)),
            ("1.001", None),
            ("2", None),
            ("", None),
            (".5", None),
            ("0.0001", None),
            ("0.x", None),
            ("-1", None),
            ("1e0", None),
            ("nan", None),
        ] {
            assert_eq!(parse_weight(text.as_bytes()), weight, "{text}");
        }
    }

    #[test]
    fn members_and_their_weights() {
        assert_eq!(
            read("gzip;q=0.5 , br ;Q = 1, ,zstd;x=1;q=0, bad;q=9"),
            [("gzip".to_owned(), 500), ("br".to_owned(), 1000), ("zstd".to_owned(), 0)]
        );
        assert_eq!(read(""), []);
        assert_eq!(read("a;x=\"1,2;q=0\\\",\";q=0.2,b"), [("a".to_owned(), 200), ("b".to_owned(), 1000)]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_members(bytes in prop::collection::vec(0x20u8.., 0..60)) {
            if let Ok(line) = HeaderValue::from_bytes(&bytes) {
                for (name, weight) in members([&line, &line]) {
                    prop_assert!(!name.is_empty());
                    prop_assert!(weight <= FULL);
                }
            }
        }
    }
}

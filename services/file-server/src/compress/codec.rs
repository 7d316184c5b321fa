//! The three codings, on bytes in memory.

use std::io::{self, Read, Write};

use crate::http::accept_encoding::Coding;

/// Brotli's quality, of 11: where its curve of time against size bends, for answers made while a client waits.
const BROTLI_QUALITY: i32 = 5;
/// Brotli's window, as a power of two: 1 MiB holds all of what is compressed by default.
const BROTLI_WINDOW: i32 = 20;
/// zstd's level, of 22: about brotli's time at the quality above.
const ZSTD_LEVEL: i32 = 7;
/// gzip's level, of 9: zlib's own default.
const GZIP_LEVEL: u32 = 6;
/// The largest window a zstd frame may ask us for, as a power of two: RFC 9659 §3 allows 8 MiB on the web.
const ZSTD_WINDOW_MAX: u32 = 23;
/// Brotli's read buffer, in bytes.
const BUFFER: usize = 16 * 1024;

/// The bytes in `coding`.
pub(super) fn encode(coding: Coding, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoded = Vec::with_capacity(bytes.len() / 3);
    match coding {
        Coding::Identity => encoded.extend_from_slice(bytes),
        Coding::Brotli => {
            let params = brotli::enc::BrotliEncoderParams {
                quality: BROTLI_QUALITY,
                lgwin: BROTLI_WINDOW,
                size_hint: bytes.len(),
                ..Default::default()
            };
            brotli::BrotliCompress(&mut &*bytes, &mut encoded, &params)?;
        }
        Coding::Zstd => encoded = zstd::bulk::compress(bytes, ZSTD_LEVEL)?,
        Coding::Gzip => {
            let mut gzip = flate2::write::GzEncoder::new(encoded, flate2::Compression::new(GZIP_LEVEL));
            gzip.write_all(bytes)?;
            encoded = gzip.finish()?;
        }
    }
    Ok(encoded)
}

/// The bytes out of `coding`, of which there may be `limit`.
pub(super) fn decode(coding: Coding, bytes: &[u8], limit: u64) -> io::Result<Vec<u8>> {
    match coding {
        Coding::Identity => read(bytes, limit),
        Coding::Brotli => read(brotli::Decompressor::new(bytes, BUFFER), limit),
        Coding::Gzip => read(flate2::read::MultiGzDecoder::new(bytes), limit),
        Coding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::new(bytes)?;
            decoder.window_log_max(ZSTD_WINDOW_MAX)?;
            read(decoder, limit)
        }
    }
}

fn read(coded: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut decoded = Vec::new();
    coded.take(limit.saturating_add(1)).read_to_end(&mut decoded)?;
    if decoded.len() as u64 > limit {
        return Err(io::Error::other(format!("it is more than {limit} bytes when decoded")));
    }
    Ok(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Coding; 3] = [Coding::Brotli, Coding::Zstd, Coding::Gzip];

    #[test]
    fn what_is_encoded_is_decoded() {
        let text = "Sailors load ballast before they trust a hull. ".repeat(500).into_bytes();
        for coding in ALL {
            let encoded = encode(coding, &text).expect("encoded");
            assert!(encoded.len() < text.len() / 10, "{coding:?} makes {} of {}", encoded.len(), text.len());
            assert_eq!(decode(coding, &encoded, text.len() as u64).expect("decoded"), text);
            assert_eq!(encode(coding, &text).expect("encoded"), encoded, "{coding:?} is not the same twice");
        }
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let zeros = vec![0; 10 << 20];
        for coding in ALL {
            let bomb = encode(coding, &zeros).expect("encoded");
            assert!(bomb.len() < 20_000);
            let error = decode(coding, &bomb, 1 << 20).expect_err("too long");
            assert!(error.to_string().contains("1048576"), "{error}");
        }
    }

    #[test]
    fn garbage_is_an_error() {
        for coding in ALL {
            assert!(decode(coding, b"this is none of the three codings", 1000).is_err(), "{coding:?}");
            let mut cut = encode(coding, &[7; 5000]).expect("encoded");
            cut.truncate(cut.len() / 2);
            assert!(decode(coding, &cut, 10_000).is_err(), "{coding:?} cut short");
        }
    }
}

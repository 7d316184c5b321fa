//! How far the store's verdicts have come: the lowest sequence number without one.
//!
//! It is written beside the old one, synced, and renamed over it, so that there always is a whole one. Losing it costs
//! no more than sending reviews again that the store then finds to be duplicates.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use crate::folder;

const NAME: &str = "checkpoint";
const NEW: &str = "checkpoint.new";

/// Writes `lowest` down.
pub(super) fn write(dir: &Path, lowest: u64) -> io::Result<()> {
    let new = dir.join(NEW);
    let mut file = File::create(&new)?;
    let number = lowest.to_string();
    writeln!(file, "{number} {:08x}", crc32fast::hash(number.as_bytes()))?;
    file.sync_all()?;
    std::fs::rename(new, dir.join(NAME))?;
    folder::sync(dir)
}

/// What was written down last; none where nothing was, or it is damaged.
pub(super) fn read(folder: &Path) -> io::Result<Option<u64>> {
    let text = match std::fs::read(folder.join(NAME)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let lowest = parse(&text);
    if lowest.is_none() {
        tracing::warn!("the spool's checkpoint is damaged: everything in the spool is sent again");
    }
    Ok(lowest)
}

fn parse(bytes: &[u8]) -> Option<u64> {
    let (number, crc) = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?.split_once(' ')?;
    let crc = u32::from_str_radix(crc, 16).ok()?;
    (crc32fast::hash(number.as_bytes()) == crc).then_some(number.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_or_known_to_be_damaged() {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(read(folder.path()).expect("readable"), None);
        write(folder.path(), 7).expect("written");
        write(folder.path(), 1_234_567).expect("written");
        assert_eq!(read(folder.path()).expect("readable"), Some(1_234_567));

        let path = folder.path().join(NAME);
        let whole = std::fs::read(&path).expect("there");
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).expect("written");
            assert_eq!(read(folder.path()).expect("readable"), None, "cut to {cut}");
        }
        std::fs::write(&path, b"9999999 00000000\n").expect("written");
        assert_eq!(read(folder.path()).expect("readable"), None);
    }
}

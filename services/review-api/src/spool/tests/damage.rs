//! Files that are not as they were written.

use std::ops::Range;
use std::path::Path;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::{OpenError, checkpoint, segment};
use super::*;

/// Records of each of three segments.
const EACH: u32 = 4;

/// A folder with three segments of [`EACH`] records.
fn three_segments() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for number in 0..3 {
        // Every start begins a segment of its own.
        let mut hand = Hand::new(SpoolSettings::new(folder.path()));
        let told = hand.write(ids(number * EACH..(number + 1) * EACH));
        assert!(told.iter().all(Result::is_ok));
    }
    folder
}

/// Where the records of a segment lie in it.
fn places(numbers: Range<u32>) -> Vec<Range<u64>> {
    let mut start = segment::HEADER.len() as u64;
    let place = |id: String| {
        let length = Encoded::of(&document(&id, "milk")).expect("short").len() as u64;
        start += length;
        start - length..start
    };
    ids(numbers).map(place).collect()
}

fn copy(from: &Path) -> TempDir {
    let to = tempfile::tempdir().expect("a folder");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("readable");
        std::fs::copy(entry.path(), to.path().join(entry.file_name())).expect("copied");
    }
    to
}

#[test]
fn the_last_segment_may_be_cut_anywhere() {
    let whole = three_segments();
    let last = segment::path(whole.path(), u64::from(2 * EACH) + 1);
    let bytes = std::fs::read(&last).expect("there");
    let places = places(2 * EACH..3 * EACH);
    assert_eq!(places.last().map(|place| place.end), Some(bytes.len() as u64));
    for cut in 0..=bytes.len() as u64 {
        std::fs::write(&last, &bytes[..usize::try_from(cut).expect("small")]).expect("written");
        let kept = places.iter().filter(|place| place.end <= cut).count();
        let expected: Vec<_> = ids(0..2 * EACH + u32::try_from(kept).expect("four")).collect();
        assert_eq!(contents(whole.path()), (expected, 0), "cut to {cut}");
    }
}

#[test]
fn what_follows_a_cut_is_appended_in_its_place() {
    let folder = three_segments();
    let last = segment::path(folder.path(), u64::from(2 * EACH) + 1);
    segment::cut(&last, places(2 * EACH..3 * EACH)[1].end + 3).expect("cut");
    let told = Hand::new(SpoolSettings::new(folder.path())).write(ids(100..102));
    assert!(told.iter().all(Result::is_ok));
    let expected: Vec<_> = ids(0..2 * EACH + 2).chain(ids(100..102)).collect();
    assert_eq!(contents(folder.path()), (expected, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn damage_costs_only_what_it_touches(
        number in 0..3_u32,
        start in 0.0..1.0_f64,
        noise in proptest::collection::vec(any::<u8>(), 1..600),
    ) {
        let folder = three_segments();
        let path = segment::path(folder.path(), u64::from(number * EACH) + 1);
        let mut bytes = std::fs::read(&path).expect("there");
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss,
                 reason = "a share of a short file")]
        let start = (bytes.len() as f64 * start) as usize;
        let mut touched = start..start;
        for (byte, noise) in bytes[start..].iter_mut().zip(&noise) {
            *byte ^= noise;
            touched.end += 1;
        }
        std::fs::write(&path, &bytes).expect("written");
        let is_hit = |place: &Range<u64>| {
            let place = usize::try_from(place.start).expect("small")..usize::try_from(place.end).expect("small");
            let both = place.start.max(touched.start)..place.end.min(touched.end);
            both.clone().any(|at| noise[at - touched.start] != 0)
        };
        let numbers = number * EACH..(number + 1) * EACH;
        let hit: Vec<u32> = numbers.clone().zip(places(numbers)).filter(|(_, place)| is_hit(place)).map(|(n, _)| n).collect();
        let expected: Vec<_> =
            (0..3 * EACH).filter(|number| !hit.contains(number)).map(|number| format!("r{number}")).collect();
        // At the end of the last segment damage cannot be told from a write that a crash interrupted.
        let untold = (0..3 * EACH).rev().take_while(|n| number == 2 && hit.contains(n)).count() as u64;
        let (read, lost) = contents(folder.path());
        prop_assert_eq!(read, expected);
        prop_assert_eq!(lost, hit.len() as u64 - untold);
        let aside = segment::path(&folder.path().join("quarantine"), u64::from(number * EACH) + 1);
        prop_assert_eq!(aside.exists(), lost > 0);
        if lost > 0 {
            let kept = std::fs::read(aside).expect("kept");
            prop_assert_eq!(&kept, &bytes[..kept.len()]);
        }
    }
}

#[test]
fn a_segment_that_is_gone_is_told_and_the_rest_is_read() {
    let folder = three_segments();
    std::fs::remove_file(segment::path(folder.path(), u64::from(EACH) + 1)).expect("removed");
    let expected: Vec<_> = ids(0..EACH).chain(ids(2 * EACH..3 * EACH)).collect();
    assert_eq!(contents(folder.path()), (expected, u64::from(EACH)));
}

#[test]
fn a_record_that_this_version_cannot_understand_is_kept_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(Hand::new(SpoolSettings::new(folder.path())).write(ids(0..3)).iter().all(Result::is_ok));
    let path = segment::path(folder.path(), 1);
    let mut bytes = std::fs::read(&path).expect("there");
    let places = places(0..3);
    let at = usize::try_from(places[1].start).expect("small");
    // A sound record of the same length, but of something else.
    let odd = Encoded::raw(vec![b'7'; usize::try_from(places[1].end).expect("small") - at - 24]);
    let mut record = Vec::new();
    odd.write(2, &mut record);
    bytes[at..at + record.len()].copy_from_slice(&record);
    std::fs::write(&path, bytes).expect("written");
    assert_eq!(contents(folder.path()), (vec!["r0".to_owned(), "r2".to_owned()], 1));
    assert!(segment::path(&folder.path().join("quarantine"), 1).exists());
}

#[test]
fn done_records_are_not_read_again_and_their_segments_go() {
    let whole = three_segments();
    for lowest in 1..=u64::from(3 * EACH) + 1 {
        let folder = copy(whole.path());
        checkpoint::write(folder.path(), lowest).expect("written");
        let first = u32::try_from(lowest - 1).expect("small");
        assert_eq!(contents(folder.path()).0, ids(first..3 * EACH).collect::<Vec<_>>());
        let segments = segment::list(folder.path()).expect("readable");
        assert_eq!(segments.len() as u64, 3 - (lowest - 1) / u64::from(EACH));
    }
}

#[test]
fn a_later_version_is_not_touched() {
    let folder = three_segments();
    let path = segment::path(folder.path(), 1);
    let mut bytes = std::fs::read(&path).expect("there");
    let header = segment::HEADER.len()..segment::HEADER.len() + 20;
    bytes[header.start + 3] = 2; // the kind
    let crc = crc32fast::hash(&bytes[header.clone()]);
    bytes[header.end..header.end + 4].copy_from_slice(&crc.to_le_bytes());
    std::fs::write(&path, &bytes).expect("written");
    let refused = Spool::open(SpoolSettings::new(folder.path()), metrics());
    assert!(matches!(refused, Err(OpenError::Newer { segment }) if segment == path));
    assert_eq!(std::fs::read(&path).expect("there"), bytes);
}

//! When things happen: more by day than by night, more at weekends, more before Christmas.
//!
//! 1. Every hour of the seeded year has a weight; the rows of a table are laid over the hours in its proportion, the first
//!    row first. So ids ascend with time, and each month is a run of row numbers.
//! 2. Within its hour a row has a slot of its own, and its dice say where in it: times ascend too.
//! 3. Looking up a row's hour takes constant time: a coarse table says where to begin.

use std::ops::Range;

/// Microseconds.
pub const SECOND: i64 = 1_000_000;
/// Microseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// Microseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// Microseconds.
pub const DAY: i64 = 24 * HOUR;

/// 2025-01-01 in days since 2000-01-01, where the server counts from. The year is fixed, not today's: the rows of a seed
/// must be the same for ever.
pub const FIRST_DAY: i32 = 9_132;
/// 2025-01-01 00:00 UTC in microseconds since 2000-01-01 00:00 UTC.
pub const START: i64 = FIRST_DAY as i64 * DAY;
/// The days of the seeded year.
pub const DAYS: u16 = 365;
/// The end of the seeded year, the moment of the youngest rows.
pub const END: i64 = START + DAYS as i64 * DAY;
/// The partitions of a table that is partitioned by time: the months of 2025.
pub const MONTHS: [&str; 12] = [
    "2025_01", "2025_02", "2025_03", "2025_04", "2025_05", "2025_06", "2025_07", "2025_08", "2025_09",
    "2025_10", "2025_11", "2025_12",
];

const MONTH_DAYS: [usize; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/// From midnight on, in UTC: least at four, most at twenty.
const BY_HOUR: [u64; 24] =
    [22, 13, 8, 6, 5, 8, 18, 34, 50, 60, 66, 70, 76, 72, 66, 64, 68, 78, 92, 104, 108, 96, 70, 42];
/// From Monday on.
const BY_WEEKDAY: [u64; 7] = [104, 96, 94, 96, 102, 110, 124];
/// By month: holidays in summer, presents in winter.
const BY_MONTH: [u64; 12] = [92, 86, 90, 92, 94, 92, 86, 88, 98, 106, 132, 144];
/// Black Friday, 28 November 2025, in days of the year; it is this many times an ordinary Friday.
const BLACK_FRIDAY: (usize, u64) = (331, 3);
/// How fine the coarse table is.
const GUIDE: usize = 1 << 14;

/// The times of one table's rows.
#[derive(Clone, Debug)]
pub struct Rhythm {
    rows: u64,
    /// The first row of each hour, and the number of rows.
    starts: Vec<u64>,
    /// The hour of the first row of each of [`GUIDE`] equal parts of the rows.
    guide: Vec<u32>,
}

impl Rhythm {
    /// That of `rows` rows.
    pub fn new(rows: u64) -> Self {
        let weights = weights();
        let total: u64 = weights.iter().sum();
        let mut sum = 0;
        let mut starts = Vec::with_capacity(weights.len() + 1);
        for weight in weights {
            starts.push(share(rows, sum, total));
            sum += weight;
        }
        starts.push(rows);
        let mut hour = 0_u32;
        let guide = (0..GUIDE as u64).map(|part| {
            let row = share(rows, part, GUIDE as u64);
            while starts[hour as usize + 1] <= row && (hour as usize) + 2 < starts.len() {
                hour += 1;
            }
            hour
        });
        let guide = guide.collect();
        Self { rows, starts, guide }
    }

    /// When row number `row` happened, in microseconds since 2000-01-01 00:00 UTC. `random` says where in its slot.
    #[inline]
    pub fn time(&self, row: u64, random: u64) -> i64 {
        let part = share(row, GUIDE as u64, self.rows);
        let part = usize::try_from(part).unwrap_or(0).min(GUIDE - 1);
        let mut hour = self.guide[part] as usize;
        while self.starts[hour + 1] <= row {
            hour += 1;
        }
        let (first, next) = (self.starts[hour], self.starts[hour + 1]);
        let slot = HOUR.unsigned_abs() / (next - first);
        let within = (row - first) * slot + super::dice::scale(random, slot);
        START + hour.cast_signed() as i64 * HOUR + within.cast_signed()
    }

    /// The rows of month number `month`, from 0.
    pub fn month(&self, month: usize) -> Range<u64> {
        let hours = |months: usize| MONTH_DAYS[..months].iter().sum::<usize>() * 24;
        self.starts[hours(month)]..self.starts[hours(month + 1)]
    }
}

/// `amount * part / whole`, which does not overflow; 0 of 0.
pub(super) fn share(amount: u64, part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let share = u128::from(amount) * u128::from(part) / u128::from(whole);
    u64::try_from(share).unwrap_or(u64::MAX)
}

/// The weight of every hour of the year.
fn weights() -> Vec<u64> {
    let months = MONTH_DAYS.iter().enumerate().flat_map(|(month, days)| std::iter::repeat_n(month, *days));
    let days = months.enumerate().map(|(day, month)| {
        // 1 January 2025 was a Wednesday.
        let weight = BY_MONTH[month] * BY_WEEKDAY[(day + 2) % 7];
        if day == BLACK_FRIDAY.0 { weight * BLACK_FRIDAY.1 } else { weight }
    });
    days.flat_map(|weight| BY_HOUR.map(|of_hour| weight * of_hour)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_evening_sells_most_and_black_friday_more() {
        let rhythm = Rhythm::new(1_000_000);
        let per_hour = |hour: usize| rhythm.starts[hour + 1] - rhythm.starts[hour];
        let by_hour: Vec<u64> =
            (0..24).map(|hour| (0..usize::from(DAYS)).map(|day| per_hour(day * 24 + hour)).sum()).collect();
        assert_eq!(by_hour.iter().enumerate().max_by_key(|(_, rows)| *rows).expect("24").0, 20);
        assert!(by_hour[20] > 15 * by_hour[4], "{by_hour:?}");
        let by_day: Vec<u64> =
            (0..usize::from(DAYS)).map(|day| (0..24).map(|hour| per_hour(day * 24 + hour)).sum()).collect();
        assert_eq!(by_day.iter().enumerate().max_by_key(|(_, rows)| *rows).expect("365").0, 331);
        assert_eq!(by_day.iter().sum::<u64>(), 1_000_000);
    }

    #[test]
    fn months_follow_each_other() {
        let rhythm = Rhythm::new(12_345);
        assert_eq!(rhythm.month(0).start, 0);
        for month in 1..12 {
            assert_eq!(rhythm.month(month - 1).end, rhythm.month(month).start);
        }
        assert_eq!(rhythm.month(11).end, 12_345);
    }

    proptest! {
        #[test]
        fn times_ascend_within_their_month(rows in 1_u64..1 << 40, at in 0.0..1.0_f64, one: u64, other: u64) {
            let rhythm = Rhythm::new(rows);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "any row will do")]
            let row = ((rows as f64 * at) as u64).min(rows - 1);
            let time = rhythm.time(row, one);
            prop_assert!((START..END).contains(&time));
            if row + 1 < rows {
                prop_assert!(rhythm.time(row + 1, other) > time || rows > 3_600_000_000);
            }
            let month = (0..12).find(|month| rhythm.month(*month).contains(&row)).expect("a month");
            let days = |months: usize| i64::try_from(MONTH_DAYS[..months].iter().sum::<usize>()).expect("a year");
            prop_assert!(time >= START + days(month) * DAY && time < START + days(month + 1) * DAY);
        }
    }
}

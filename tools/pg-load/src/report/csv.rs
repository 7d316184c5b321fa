//! The time series for a spreadsheet: one line a second, times in microseconds.

use std::fmt::Write as _;

use super::result::Second;

const HEADER: &str = "second,phase,tps,failed,retries,average_us,p50_us,p95_us,p99_us,max_us,late_us,connections_lost,connects_failed\n";

/// All lines with their header.
pub fn render(series: &[Second]) -> String {
    let mut out = String::from(HEADER);
    for row in series {
        let phase = if row.warm_up { "warm-up" } else { "measured" };
        let Second { second, committed, failed, retries, average, p50, p95, p99, max, late, .. } = row;
        let Second { connections_lost, connects_failed, .. } = row;
        // Writing into a String cannot fail.
        let _ = writeln!(
            out,
            "{second},{phase},{committed},{failed},{retries},{average:.1},{p50},{p95},{p99},{max},{late},{connections_lost},{connects_failed}"
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_the_header_names() {
        let row = Second { second: 3, warm_up: true, committed: 5, average: 1.25, ..Second::default() };
        let text = render(&[row]);
        let columns = text.lines().map(|line| line.split(',').count());
        assert_eq!(columns.collect::<Vec<_>>(), [13, 13]);
        assert!(text.ends_with("\n3,warm-up,5,0,0,1.2,0,0,0,0,0,0,0\n"), "{text}");
    }
}

//! What the kernel knows of this process, read from /proc at each scrape (see `man 5 proc_pid_stat`).
//!
//! The names are those that Prometheus's own client libraries use
//! (<https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>).

use std::fs;

use nix::unistd::{SysconfVar, sysconf};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

/// Reads /proc/self at each scrape. On a system without /proc it has nothing to say.
#[derive(Debug)]
pub(crate) struct ProcessCollector {
    page_bytes: f64,
    ticks_per_second: f64,
    boot_seconds: f64,
    max_files: f64,
}

impl ProcessCollector {
    pub(crate) fn new() -> Self {
        let system = |name, otherwise: f64| match sysconf(name) {
            #[expect(clippy::cast_precision_loss, reason = "a page size and a tick rate are small")]
            Ok(Some(value)) => value as f64,
            _ => otherwise,
        };
        Self {
            page_bytes: system(SysconfVar::PAGE_SIZE, 4096.0),
            ticks_per_second: system(SysconfVar::CLK_TCK, 100.0),
            boot_seconds: boot_seconds().unwrap_or(0.0),
            max_files: system(SysconfVar::OPEN_MAX, 1024.0),
        }
    }
}

impl Collector for ProcessCollector {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let Some(stat) = Stat::read() else { return Ok(()) };
        let cpu = ConstCounter::new(stat.cpu_ticks / self.ticks_per_second);
        let metric = "process_cpu_seconds";
        cpu.encode(encoder.encode_descriptor(
            metric,
            "Processor time spent, in seconds",
            None,
            MetricType::Counter,
        )?)?;
        let started = self.boot_seconds + stat.start_ticks / self.ticks_per_second;
        let gauges = [
            (
                "process_resident_memory_bytes",
                "Memory that is resident, in bytes",
                stat.resident_pages * self.page_bytes,
            ),
            ("process_start_time_seconds", "When the process started, in seconds since 1970", started),
            ("process_virtual_memory_bytes", "Memory that is mapped, in bytes", stat.virtual_bytes),
            ("process_open_fds", "Open file descriptors", open_files()),
            ("process_max_fds", "Most file descriptors that may be open", self.max_files),
        ];
        for (name, help, value) in gauges {
            ConstGauge::new(value).encode(encoder.encode_descriptor(
                name,
                help,
                None,
                MetricType::Gauge,
            )?)?;
        }
        Ok(())
    }
}

struct Stat {
    cpu_ticks: f64,
    start_ticks: f64,
    virtual_bytes: f64,
    resident_pages: f64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// Fields are counted from the last `)`: the program's name before it may hold spaces and brackets.
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        // proc_pid_stat(5) numbers fields from 1 and the first one here is its third.
        let field = |number: usize| fields.get(number - 3)?.parse::<f64>().ok();
        Some(Self {
            cpu_ticks: field(14)? + field(15)?,
            start_ticks: field(22)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

fn boot_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "a process has far fewer than 2^52 files open")]
fn open_files() -> f64 {
    fs::read_dir("/proc/self/fd").map_or(0.0, |files| files.count() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Metrics;

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let line = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 250 50 0 0 20 0 3 0 9000 1000000 321 18446744073709551615";
        let stat = Stat::parse(line).expect("it parses");
        assert_eq!((stat.cpu_ticks, stat.start_ticks, stat.resident_pages), (300.0, 9000.0, 321.0));
        assert!(Stat::parse("7 (short) S 1").is_none());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_resident_and_started_after_2020() {
        let metrics = Metrics::default();
        metrics.with(|registry| registry.register_collector(Box::new(ProcessCollector::new())));
        let text = metrics.encode();
        let value = |name: &str| -> f64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.unwrap_or_else(|| panic!("{name} is missing in {text}")).parse().expect("a number")
        };
        assert!(value("process_resident_memory_bytes") > 1_000_000.0);
        assert!(value("process_start_time_seconds") > 1_577_836_800.0);
        assert!(value("process_open_fds") >= 3.0 && value("process_cpu_seconds_total") >= 0.0);
    }
}

//! Charts as SVG: lines over time or over the distribution, nothing from outside, colours by CSS classes.
//!
//! 1. Values are scaled to a plot with round ticks; an axis may be logarithmic.
//! 2. Lines of more points than there is room for keep the greatest of each column: a peak is never smoothed away.
//! 3. Bands and marks say what happened when.

use std::fmt::Write as _;

/// Width and height of a chart, and the room for its labels.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 72.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 32.0;
/// Points that a line has at most.
const COLUMNS: usize = 800;

/// One line, `class` colours it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// Which of the page's colours it has: `a`, `b`, `c` or `bad`.
    pub class: &'static str,
    /// Its points, from left to right.
    pub points: Vec<(f64, f64)>,
}

/// A span on the axis of time.
#[derive(Clone, Debug)]
pub struct Band {
    /// What it is.
    pub name: String,
    /// From where.
    pub from: f64,
    /// To where.
    pub to: f64,
}

/// A chart.
#[derive(Clone, Debug, Default)]
pub struct Chart {
    /// What it shows, for who cannot see it.
    pub title: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// Spans behind the lines.
    pub bands: Vec<Band>,
    /// Whether the vertical axis is logarithmic.
    pub logarithmic: bool,
    /// Labels of the horizontal axis, where they are no plain numbers.
    pub ticks: Vec<(f64, String)>,
    /// How a value of the vertical axis is written.
    pub unit: Unit,
}

/// How values are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Unit {
    /// As plain numbers.
    #[default]
    Number,
    /// As times, from microseconds.
    Time,
}

impl Unit {
    fn write(self, value: f64) -> String {
        match self {
            Self::Time => super::time(value),
            Self::Number if value >= 10.0 || value.fract() == 0.0 => format!("{value:.0}"),
            Self::Number => format!("{value:.2}"),
        }
    }
}

struct Scale {
    from: f64,
    to: f64,
    logarithmic: bool,
}

impl Scale {
    /// 0 at the lower end, 1 at the upper.
    fn place(&self, value: f64) -> f64 {
        let (value, from, to) = if self.logarithmic {
            (value.max(self.from).ln(), self.from.ln(), self.to.ln())
        } else {
            (value, self.from, self.to)
        };
        if to > from { ((value - from) / (to - from)).clamp(0.0, 1.0) } else { 0.0 }
    }
}

impl Chart {
    /// The chart as an `<svg>` element.
    pub fn svg(&self) -> String {
        let (across, up) = (self.across(), self.up());
        let mut out = String::new();
        // Writing into a String cannot fail.
        let _ = write!(
            out,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{0}\"><title>{0}</title>",
            escape(&self.title)
        );
        self.draw_bands(&mut out, &across);
        self.draw_axes(&mut out, &across, &up);
        for line in &self.lines {
            let mut path = String::new();
            for (index, (x, y)) in thinned(&line.points).into_iter().enumerate() {
                let command = if index == 0 { 'M' } else { 'L' };
                let _ = write!(path, "{command}{:.1} {:.1}", left(across.place(x)), top(up.place(y)));
            }
            let _ = write!(out, "<path class=\"line {}\" d=\"{path}\"/>", line.class);
        }
        out.push_str("</svg>");
        self.legend(&mut out);
        out
    }

    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.lines.iter().flat_map(|line| line.points.iter().copied())
    }

    fn across(&self) -> Scale {
        let from = self.points().map(|(x, _)| x).fold(f64::INFINITY, f64::min);
        let to = self.points().map(|(x, _)| x).fold(f64::NEG_INFINITY, f64::max);
        let (from, to) = if from.is_finite() { (from, to.max(from + 1e-9)) } else { (0.0, 1.0) };
        Scale { from, to, logarithmic: false }
    }

    fn up(&self) -> Scale {
        let most = self.points().map(|(_, y)| y).fold(0.0, f64::max);
        if !self.logarithmic {
            let step = round_step(most / 4.0);
            return Scale { from: 0.0, to: (most / step).ceil().max(1.0) * step, logarithmic: false };
        }
        let least = self.points().map(|(_, y)| y).filter(|y| *y > 0.0).fold(f64::INFINITY, f64::min);
        let least = if least.is_finite() { least } else { 1.0 };
        let from = 10_f64.powf(least.log10().floor());
        let to = 10_f64.powf(most.max(from * 10.0).log10().ceil());
        Scale { from, to, logarithmic: true }
    }

    fn draw_axes(&self, out: &mut String, across: &Scale, up: &Scale) {
        for value in ticks_up(up) {
            let at = top(up.place(value));
            let _ = write!(
                out,
                "<path class=\"grid\" d=\"M{LEFT} {at:.1}H{}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                WIDTH - RIGHT,
                LEFT - 8.0,
                at + 4.0,
                self.unit.write(value)
            );
        }
        let plain = || {
            let step = round_step((across.to - across.from) / 10.0);
            let mut ticks = Vec::new();
            let mut at = (across.from / step).ceil() * step;
            while at <= across.to && ticks.len() < 30 {
                ticks.push((at, format!("{} s", Unit::Number.write(at))));
                at += step;
            }
            ticks
        };
        let ticks = if self.ticks.is_empty() { plain() } else { self.ticks.clone() };
        for (value, label) in ticks {
            let (at, below) = (left(across.place(value)), HEIGHT - BOTTOM + 20.0);
            let _ = write!(
                out,
                "<text x=\"{at:.1}\" y=\"{below}\" text-anchor=\"middle\">{}</text>",
                escape(&label)
            );
        }
    }

    fn draw_bands(&self, out: &mut String, across: &Scale) {
        for Band { name, from, to } in &self.bands {
            let (from, to) = (left(across.place(*from)), left(across.place(*to)));
            let _ = write!(
                out,
                "<rect class=\"band\" x=\"{from:.1}\" y=\"{TOP}\" width=\"{:.1}\" height=\"{}\"/><text class=\"band\" x=\"{:.1}\" y=\"{}\">{}</text>",
                (to - from).max(1.0),
                HEIGHT - TOP - BOTTOM,
                from + 4.0,
                TOP + 12.0,
                escape(name)
            );
        }
    }

    fn legend(&self, out: &mut String) {
        out.push_str("<p class=\"legend\">");
        for line in &self.lines {
            let _ = write!(out, "<span class=\"{}\">{}</span> ", line.class, escape(&line.name));
        }
        out.push_str("</p>");
    }
}

fn left(share: f64) -> f64 {
    LEFT + share * (WIDTH - LEFT - RIGHT)
}

fn top(share: f64) -> f64 {
    HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
}

/// 1, 2 or 5 times a power of ten, at least `least`.
fn round_step(least: f64) -> f64 {
    if !(least > 0.0 && least.is_finite()) {
        return 1.0;
    }
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least)
        .unwrap_or(power * 10.0)
}

fn ticks_up(scale: &Scale) -> Vec<f64> {
    let (mut ticks, mut at) = (Vec::new(), scale.from);
    let step = round_step((scale.to - scale.from) / 4.0);
    while at <= scale.to * 1.000_001 && ticks.len() < 20 {
        ticks.push(at);
        at = if scale.logarithmic { at * 10.0 } else { at + step };
    }
    ticks
}

/// At most [`COLUMNS`] points: of each column the greatest.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    let size = points.len().div_ceil(COLUMNS).max(1);
    let greatest =
        |chunk: &[(f64, f64)]| chunk.iter().copied().max_by(|one, other| one.1.total_cmp(&other.1));
    points.chunks(size).filter_map(greatest).collect()
}

/// Text for HTML and SVG.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(character),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn steps_are_round() {
        for (least, step) in [(0.3, 0.5), (1.0, 1.0), (1.1, 2.0), (3.0, 5.0), (70.0, 100.0), (0.0, 1.0)] {
            assert!((round_step(least) - step).abs() < 1e-9, "{least}");
        }
    }

    #[test]
    fn a_peak_survives_thinning() {
        let mut points: Vec<_> = (0..100_000).map(|x| (f64::from(x), 1.0)).collect();
        points[50_003].1 = 9.0;
        let thin = thinned(&points);
        assert!(thin.len() <= COLUMNS);
        assert!(thin.contains(&(50_003.0, 9.0)));
    }

    proptest! {
        #[test]
        fn every_point_lies_within_the_chart(
            points in proptest::collection::vec((0.0..1e6_f64, 0.0..1e9_f64), 0..50), logarithmic: bool,
        ) {
            let line = Line { name: "<a>".to_owned(), class: "a", points };
            let svg = Chart { lines: vec![line], logarithmic, ..Chart::default() }.svg();
            prop_assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<a>"));
            let path = svg.split(" d=\"").last().and_then(|rest| rest.split('"').next()).unwrap_or_default();
            for number in path.split(['M', 'L', ' ']).filter_map(|number| number.parse::<f64>().ok()) {
                prop_assert!((0.0..=WIDTH).contains(&number));
            }
        }
    }
}

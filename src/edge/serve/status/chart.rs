//! Pictures of the history: SVG without scripts, styles or text, so that it stretches to any width;
//! axes and legends are HTML around it.

use std::fmt::Write;

use maud::{Markup, html};

use super::units;

/// The picture's own size; it is stretched.
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 160.0;

/// One series: the same number of values as there are stretches of time.
pub struct Series {
    /// For the legend.
    pub name: String,
    /// For the legend, with its unit.
    pub shown: String,
    /// A second, for each stretch.
    pub values: Vec<f64>,
    /// Which of the palette.
    pub class: String,
}

/// What is drawn.
pub struct Chart<'a> {
    /// Names the parts of it, so that they can be told from another chart's.
    pub id: &'a str,
    /// What is seen.
    pub title: &'a str,
    /// What the values are, as text.
    pub unit: fn(f64) -> String,
    /// When each stretch began and ended, in seconds before now.
    pub times: Vec<(f64, f64)>,
    /// How far back it goes, in seconds.
    pub back: f64,
    /// Into how many parts that is cut.
    pub marks: u32,
    /// What is said where there is nothing to draw.
    pub nothing: &'a str,
    /// Drawn upon each other, the first at the bottom.
    pub stacked: Vec<Series>,
    /// Drawn as a line over them.
    pub line: Option<Series>,
}

impl Chart<'_> {
    /// As HTML.
    pub fn html(&self) -> Markup {
        let sums: Vec<f64> = (0..self.times.len()).map(|i| self.stacked.iter().map(|s| s.values[i]).sum()).collect();
        let of_line = self.line.iter().flat_map(|l| l.values.iter().copied());
        let greatest = sums.iter().copied().chain(of_line).fold(0.0, f64::max);
        let top = units::round_up(greatest);
        let now = sums.last().copied().unwrap_or(0.0);
        let what = match greatest > 0.0 {
            true => format!(
                "The last {}: at most {}, now {}.",
                units::span(self.back),
                (self.unit)(greatest),
                (self.unit)(now)
            ),
            false => format!("The last {}: {}.", units::span(self.back), self.nothing),
        };
        html! {
            figure.chart {
                figcaption { h2 { (self.title) } }
                div.plot {
                    div.y aria-hidden="true" {
                        @if greatest > 0.0 { span { ((self.unit)(top)) } span { ((self.unit)(top / 2.0)) } }
                        span { "0" }
                    }
                    div.picture {
                        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) preserveAspectRatio="none" role="img"
                            aria-labelledby=(format!("{0}-title {0}-desc", self.id)) {
                            title id=(format!("{}-title", self.id)) { (self.title) }
                            desc id=(format!("{}-desc", self.id)) { (what) }
                            @for part in 0..=4 { path.grid d=(level(f64::from(part) / 4.0)) {} }
                            @for (series, d) in self.stacked.iter().zip(self.areas(top)) {
                                path class=(series.class) d=(d) { title { (series.name) ": " (series.shown) } }
                            }
                            @if let Some(line) = &self.line {
                                path class=(line.class) d=(self.steps(&line.values, top)) {
                                    title { (line.name) ": " (line.shown) }
                                }
                            }
                        }
                        @if greatest <= 0.0 { p.nothing { (self.nothing) } }
                    }
                    div.x aria-hidden="true" {
                        @for part in (1..=self.marks).rev() {
                            span { "−" (units::span(self.back * f64::from(part) / f64::from(self.marks))) }
                        }
                        span { "now" }
                    }
                }
                ul.legend {
                    @for series in self.line.iter().chain(self.stacked.iter().rev()) {
                        li { span class={ "key " (series.class) } aria-hidden="true" {} span.name { (series.name) } " " span.number { (series.shown) } }
                    }
                }
            }
        }
    }

    fn x(&self, before: f64) -> f64 {
        WIDTH * (1.0 - (before / self.back).clamp(0.0, 1.0))
    }

    /// Each series as an area upon those before it.
    fn areas(&self, top: f64) -> Vec<String> {
        let mut floor = vec![0.0; self.times.len()];
        let area = |series: &Series| {
            let ceiling: Vec<f64> = floor.iter().zip(&series.values).map(|(f, v)| f + v).collect();
            let mut d = self.steps(&ceiling, top);
            for (i, (begin, end)) in self.times.iter().enumerate().rev() {
                let _ = write!(d, "L{:.1} {y:.1}L{:.1} {y:.1}", self.x(*end), self.x(*begin), y = y(floor[i], top));
            }
            if !d.is_empty() {
                d.push('Z');
            }
            floor = ceiling;
            d
        };
        self.stacked.iter().map(area).collect()
    }

    /// Values as steps.
    fn steps(&self, values: &[f64], top: f64) -> String {
        let mut d = String::new();
        for ((begin, end), value) in self.times.iter().zip(values) {
            let (letter, y) = (if d.is_empty() { 'M' } else { 'L' }, y(*value, top));
            let _ = write!(d, "{letter}{:.1} {y:.1}L{:.1} {y:.1}", self.x(*begin), self.x(*end));
        }
        d
    }
}

fn y(value: f64, top: f64) -> f64 {
    HEIGHT * (1.0 - (value / top).min(1.0))
}

fn level(part: f64) -> String {
    // Half a pixel from the edges, where half of the stroke would be cut.
    let y = (HEIGHT * part).clamp(0.5, HEIGHT - 0.5);
    format!("M0 {y}H{WIDTH}")
}

//! A bar on standard error, for files that take a while.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Args;
use super::names::When;
use crate::edge::files::Input;

/// A bar, or nothing.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// A bar over all inputs, if one is wanted and its whole is known.
    pub fn new(args: &Args, inputs: &[Input]) -> Progress {
        let error = std::io::stderr().is_terminal();
        let silent =
            args.filter.output.is_some() || args.filter.in_place == Some(true) || !std::io::stdout().is_terminal();
        let wanted = match args.filter.progress.unwrap_or_default() {
            When::Auto => error && silent,
            When::Always => error,
            When::Never => false,
        };
        let sizes = if wanted { inputs.iter().map(Input::size).collect() } else { None };
        Progress(sizes.map(|sizes: Vec<u64>| bar(sizes.iter().sum())))
    }

    /// So many bytes more were read.
    pub fn add(&self, bytes: usize) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes as u64);
        }
    }

    /// Says something beside the bar.
    pub fn say(&self, what: &str) {
        match &self.0 {
            Some(bar) => bar.suspend(|| super::failure::say(what)),
            None => super::failure::say(what),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

fn bar(whole: u64) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(whole), ProgressDrawTarget::stderr_with_hz(5));
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {bytes}/{total_bytes} {bytes_per_sec} {eta}") {
        bar.set_style(style);
    }
    bar
}

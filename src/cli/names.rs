//! What options can be called: the names of their values.

use clap::ValueEnum;

/// When to do what only a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// How a report is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// How `--check` lists findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// A line each.
    Text,
    /// One object, which `--baseline` reads.
    Json,
    /// SARIF 2.1.0.
    Sarif,
    /// Commands of GitHub's workflows.
    Github,
}

/// What a bare JSON number becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NumberMask {
    /// A string.
    String,
    /// The number 0.
    Zero,
}

/// Encodings that can be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EncodingName {
    /// UTF-8, or any other that is compatible with ASCII.
    #[value(name = "utf-8")]
    Utf8,
    /// UTF-16, low byte first.
    #[value(name = "utf-16le")]
    Utf16le,
    /// UTF-16, high byte first.
    #[value(name = "utf-16be")]
    Utf16be,
}

/// How records are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InputForm {
    /// As the input's first line tells.
    Auto,
    /// Line by line.
    Text,
    /// As `journalctl -o json` does.
    JournalJson,
    /// As `journalctl -o export` does.
    JournalExport,
    /// As Kubernetes' runtimes do.
    Cri,
    /// As Docker's json-file does.
    Docker,
}

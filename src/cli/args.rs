//! The options, with the help people read.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args as Group, Parser, Subcommand, ValueHint};

use super::args_exec::Exec;
use super::args_known::Known;
use super::args_report::Reporting;
#[cfg(feature = "serve")]
use super::args_serve::Serve;
use super::names::{EncodingName, InputForm, ListFormat, NumberMask, When};

/// What `--help` and the man page say about exit codes and settings.
const AFTER: &str = "\
Exit codes:
  0   done; also when the reader of the output went away
  1   something was found (--check only)
  2   wrong option, configuration or rule; or an input was refused that hides what it holds: it looks
      like UTF-16, or is compressed in a way that is not read
  3   an input could not be read, or was left as it was; the others are done
  4   the output could not be written
  70  a fault in logveil itself; nothing unmasked was written

Signals:
  While a pipe or socket is read, the first SIGINT or SIGTERM changes nothing: the input is read to its
  end, so that Ctrl-C in `app | logveil` loses no last line. The second one ends it at once.

Settings:
  An option is looked for in the arguments, then in the environment (LOGVEIL_ and its name, such as
  LOGVEIL_NUMBER_MASK; a LOGVEIL_MASK with several masks separates them by blanks), then in
  the file of --config or logveil.toml in the working directory, whose keys are the long options:
      mask = [\"stars\", \"card=keep:6,4\"]
      with = [\"person\"]
  A logveil.toml that is found and not named by --config is told of on standard error; --no-config or
  LOGVEIL_NO_CONFIG=1 leaves it out. It is refused (2) if it says what could let secrets stay or
  overwrite files: only, except, allow, keep-samples, min-likelihood, assume-bytes, encoding, input, hash-key-file,
  output, report-file, report-names, baseline, in-place, known and all options that begin with known-, or only and except in a
  [[listen]].
  The key of hash masks comes from --hash-key-file or from the variable LOGVEIL_HASH_KEY, never from
  an argument, which other users of the machine could see.";

/// Takes passwords, tokens, private keys and card numbers out of log streams; everything else
/// leaves byte for byte.
///
/// Reads the files, or standard input, and writes what it read to standard output with the secrets
/// masked. Complete lines leave at once:
///
/// `app 2>&1 | logveil | shipper`
#[derive(Debug, Parser)]
#[command(name = "logveil", version, after_long_help = AFTER, after_help = "More, and the exit codes: --help", max_term_width = 100, verbatim_doc_comment)]
pub struct Args {
    /// Something else to do than to filter.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Files and folders to read, in order; `-` is standard input [default: -]
    ///
    /// Of a folder these are all plain files below it, in order, hidden ones too, but for what .gitignore,
    /// .ignore and git's own lists name; what was found in how many of them is said on standard error.
    /// What begins as gzip or Zstandard do is read decompressed (windows up to 8 MiB); what is compressed
    /// by xz, bzip2, lz4, zip, 7z, lzip, lzop, snappy or compress is refused (2). A file that has a
    /// subcommand's name is written with its folder: `./rules`.
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub files: Vec<PathBuf>,

    /// What counts as a secret.
    #[command(flatten)]
    pub choice: Choice,

    /// What is known to be one.
    #[command(flatten)]
    pub known: Known,

    /// What becomes of it.
    #[command(flatten)]
    pub filter: Filter,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say what would be masked in an input and why, or what let a place go that looked like a secret
    ///
    /// Shows places, rules and reasons, never the secret. Looks at up to 64 MiB.
    Explain {
        /// The input; `-` is standard input [default: -]
        #[arg(value_hint = ValueHint::FilePath)]
        file: Option<PathBuf>,
    },
    /// List, show, check or compile rules
    Rules {
        /// What to do.
        #[command(subcommand)]
        what: Rules,
    },
    /// Run a program with its output masked, in a container as its entry point
    ///
    /// `logveil exec -- app --flag`. The program's standard output and error leave through ours, in its own order where
    /// both go to the same place; signals are passed on, and its exit code is ours.
    #[command(after_long_help = super::args_exec::AFTER, override_usage = "logveil exec [OPTIONS] -- COMMAND [ARG]...")]
    Exec(Exec),
    /// Take logs from sockets, mask them and send them on: the sidecar
    ///
    /// Listeners and upstreams are named here or, with certificates, framings and limits, in
    /// logveil.toml.
    #[cfg(feature = "serve")]
    #[command(after_long_help = super::args_serve::after())]
    Serve(Serve),
    /// Features of the learned judge, for its trainer in tools/judge
    #[command(hide = true)]
    Judge {
        /// What to do.
        #[command(subcommand)]
        what: Judge,
    },
    /// Print a shell's completion script
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
}

/// What to tell the judge's trainer.
#[derive(Debug, Subcommand)]
pub enum Judge {
    /// Say where the shipped table comes from
    Origin,
    /// Read texts as JSON lines and print the features of the values in them as JSON lines
    Features {
        /// A table whose pairs of letters are used instead of the shipped one's
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        table: Option<PathBuf>,
        /// Name each feature
        #[arg(long)]
        names: bool,
    },
}

/// What to do with rules.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// List the rules: id, family, what it is
    List {
        /// One JSON array
        #[arg(long)]
        json: bool,
    },
    /// Show all about a rule
    Show {
        /// Its id
        id: String,
    },
    /// Check rule files and say all that is wrong with them
    ///
    /// Also tries every rule on its own examples, sees that these are not found without it (unless
    /// it names what covers it), and says what rules without a literal cost.
    Check {
        /// Rule files (TOML)
        #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
    },
    /// Check rule files and compile them into a pack for --pack
    Compile {
        /// Rule files (TOML)
        #[arg(required = true, value_name = "FILE", value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
        /// The pack to write
        #[arg(short, long, value_name = "PACK", value_hint = ValueHint::FilePath)]
        out: PathBuf,
    },
    /// Make a rule file of a configuration of gitleaks, and say of each rule what it became
    ///
    /// The regex is cut at a literal that every match has: what comes before becomes `before`, what is
    /// no part of the secret `keep`. Examples are made up from the regex and tried. What cannot be said
    /// is named with its reason.
    Import(Import),
}

/// What to import and where to.
#[derive(Debug, Group)]
pub struct Import {
    /// The configuration of gitleaks (TOML)
    #[arg(value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// The rule file to write [default: standard output]
    #[arg(short, long, value_name = "RULES", value_hint = ValueHint::FilePath)]
    pub out: Option<PathBuf>,
    /// Write its allow-lists to a file for --allow [default: leave them out and say so]
    #[arg(long, value_name = "ALLOW", value_hint = ValueHint::FilePath)]
    pub allow_out: Option<PathBuf>,
    /// What the new rules' ids begin with
    #[arg(long, value_name = "TEXT", default_value = "gitleaks-")]
    pub prefix: String,
    /// Say what became of each rule in a file [default: standard error]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub report: Option<PathBuf>,
}

/// What counts as a secret; for every subcommand.
#[derive(Debug, Clone, Group)]
#[command(next_help_heading = "Rules")]
pub struct Choice {
    /// Only these rules or families, by comma [default: all but the family person]
    #[arg(long, global = true, value_name = "NAME", value_delimiter = ',', env = "LOGVEIL_ONLY", hide_env = true)]
    pub only: Vec<String>,

    /// Not these rules or families, by comma [default: none]
    #[arg(long, global = true, value_name = "NAME", value_delimiter = ',', env = "LOGVEIL_EXCEPT", hide_env = true)]
    pub except: Vec<String>,

    /// Also these rules or families that are off by default, by comma [default: none]
    #[arg(long, global = true, value_name = "NAME", value_delimiter = ',', env = "LOGVEIL_WITH", hide_env = true)]
    pub with: Vec<String>,

    /// Add the rules of a file (TOML); may be repeated
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_RULES", hide_env = true)]
    pub rules: Vec<PathBuf>,

    /// Add the rules of a pack made by `rules compile`; may be repeated
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_PACK", hide_env = true)]
    pub pack: Vec<PathBuf>,

    /// Let stay what the allow-lists of a file (TOML) name, and count it; may be repeated
    ///
    /// Each `[[allow]]` has `values` (whole, byte for byte), `regexes` (over the whole value) or `keys`,
    /// and may have a `name` for reports and `rules` it is for. It may stand in logveil.toml, too.
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_ALLOW", hide_env = true)]
    pub allow: Vec<PathBuf>,

    /// The configuration file and its text, if its own `[[allow]]` counts.
    #[arg(skip)]
    pub own_allow: Option<(PathBuf, String)>,

    /// Spare sample words such as `changeme` behind a password's key [default: mask them]
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, env = "LOGVEIL_KEEP_SAMPLES", hide_env = true)]
    pub keep_samples: Option<bool>,
    /// How likely a secret must be where no shape tells: possible, likely, very-likely, or NAME=it [default: likely]
    #[arg(long, global = true, value_name = "[NAME=]LEAST", value_delimiter = ',', value_hint = ValueHint::Other, env = "LOGVEIL_MIN_LIKELIHOOD", hide_env = true)]
    pub min_likelihood: Vec<String>,
    /// Force a variant of the prefilter; all find the same [default: the fastest this processor has]
    #[arg(long, global = true, value_name = "NAME", hide = true, env = "LOGVEIL_GATE", hide_env = true)]
    pub gate: Option<String>,

    /// Read settings from this file [default: logveil.toml in the working directory, if there is one]
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_CONFIG", hide_env = true, help_heading = "Other")]
    pub config: Option<PathBuf>,

    /// Read no logveil.toml of the working directory [default: false]
    ///
    /// One that is found there and not named by --config is told of on standard error. It cannot weaken
    /// what is masked nor name files to write.
    #[arg(long, global = true, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, value_parser = BoolishValueParser::new(), env = "LOGVEIL_NO_CONFIG", hide_env = true, help_heading = "Other")]
    pub no_config: Option<bool>,

    /// The configuration file, if it was found and not named.
    #[arg(skip)]
    pub found: Option<PathBuf>,

    /// Colours in what is meant for people; auto heeds NO_COLOR [default: auto]
    #[arg(long, global = true, value_name = "WHEN", env = "LOGVEIL_COLOR", hide_env = true, help_heading = "Other")]
    pub color: Option<When>,
}

/// What becomes of the text.
#[derive(Debug, Group)]
pub struct Filter {
    /// Write to a file instead of standard output; it is written as the input is read
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_OUTPUT", hide_env = true, help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Replace each file by its masked text, as a whole or not at all [default: false]
    ///
    /// Mode, owner, times, access lists and other extended attributes are kept, and gzip and Zstandard
    /// stay what they were: one member with the name and time of the first, or one frame, at the
    /// default level. Links, binary files, files that change meanwhile and, on Linux, files that a
    /// process holds open for writing are left as they are (exit code 3): it would go on writing into
    /// the old file. Processes of other users show what they hold to root alone; on other systems
    /// nothing does, so stop writers first. A signal that asks to end leaves no temporary file.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, env = "LOGVEIL_IN_PLACE", hide_env = true, help_heading = "Output")]
    pub in_place: Option<bool>,

    /// Write no text; exit with 1 when there is a secret [default: false]
    ///
    /// Prints `file:line:column: rule fingerprint` for each; columns count bytes from 1. The
    /// fingerprint is a keyed hash: with a key of your own the same secret has the same one in every
    /// run, otherwise within this run only.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, env = "LOGVEIL_CHECK", hide_env = true, help_heading = "Output")]
    pub check: Option<bool>,

    /// Read and check options, configuration, rules, packs, allow-lists, masks and keys, say what is in force, and end
    ///
    /// Of a configuration with `[[listen]]` or `[[upstream]]` also these, with their certificates. Reads no input.
    #[arg(long, help_heading = "Other")]
    pub check_config: bool,

    /// How --check lists findings: text, json, sarif (2.1.0) or github (workflow commands) [default: text]
    #[arg(long, value_name = "FORMAT", env = "LOGVEIL_FORMAT", hide_env = true, help_heading = "Output")]
    pub format: Option<ListFormat>,

    /// Let --check pass over the findings in a list of an earlier --check --format json
    ///
    /// Each is known by file, rule and fingerprint, as often as it is in the list, so that lines may move.
    /// Needs the key that the list was made with (--hash-key-file). A copy in another file is new.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_BASELINE", hide_env = true, help_heading = "Input")]
    pub baseline: Option<PathBuf>,

    /// What replaces a secret [default: label]; NAME=MASK for one rule or family; may be repeated
    ///
    /// label: `[REDACTED:rule]`. stars: one for each byte. keep:FIRST,LAST: so many of the first and last bytes
    /// stay, where that hides at least half and at least 8 bytes (of a card at most 6 and 4 digits). hash: the
    /// label with a keyed hash of 80 bits, the same for the same secret. remove: nothing. text:TEXT: a text of
    /// your own.
    #[arg(
        long,
        global = true,
        value_name = "MASK",
        value_delimiter = ' ',
        env = "LOGVEIL_MASK",
        hide_env = true,
        help_heading = "Masks"
    )]
    pub mask: Vec<String>,

    /// The key of hash masks and fingerprints, at least 16 bytes (openssl rand -hex 32)
    #[arg(long, global = true, value_name = "FILE", value_hint = ValueHint::FilePath, env = "LOGVEIL_HASH_KEY_FILE", hide_env = true, help_heading = "Masks")]
    pub hash_key_file: Option<PathBuf>,

    /// What a bare JSON number becomes: a string with the mask, or 0 [default: string]
    #[arg(
        long,
        global = true,
        value_name = "KIND",
        env = "LOGVEIL_NUMBER_MASK",
        hide_env = true,
        help_heading = "Masks"
    )]
    pub number_mask: Option<NumberMask>,

    /// What is said at the end.
    #[command(flatten)]
    pub reporting: Reporting,

    /// The inputs' encoding [default: any that is compatible with ASCII; UTF-16 is refused]
    #[arg(long, value_name = "NAME", env = "LOGVEIL_ENCODING", hide_env = true, help_heading = "Input")]
    pub encoding: Option<EncodingName>,

    /// How records are written: text, journal-json, journal-export, cri, docker, or auto [default: auto]
    ///
    /// journal-json is what `journalctl -o json` writes, where bytes are arrays of numbers; journal-export
    /// is `-o export`, where they stand behind their length. Both are judged as the text they are, and
    /// leave as they came, with right lengths. auto takes an input for one of them if its first line has the
    /// fields that only the journal adds. Lines and fields over 4 MiB leave as `[REDACTED:unjudged]`.
    /// `-o json-pretty` is text like any other.
    /// cri is what Kubernetes' runtimes write (`TIME stdout P TEXT`), docker what Docker's json-file holds: of
    /// a record that they cut in parts all are judged together, and leave as they came. auto takes an input
    /// for one of them by its first line, too.
    #[arg(
        long,
        visible_alias = "framing",
        value_name = "FORM",
        hide_possible_values = true,
        env = "LOGVEIL_INPUT",
        hide_env = true,
        help_heading = "Input"
    )]
    pub input: Option<InputForm>,

    /// Filter as bytes what would be refused for what it is; secrets in it stay [default: false]
    ///
    /// What looks like UTF-16, is compressed in a way that is not read, or, with --in-place, is binary.
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, env = "LOGVEIL_ASSUME_BYTES", hide_env = true, help_heading = "Input")]
    pub assume_bytes: Option<bool>,

    /// Threads that look through a file, which is written in order all the same [default: as many as processors]
    ///
    /// For plain files from 256 KiB on: what comes through a pipe leaves as it comes.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=64), env = "LOGVEIL_THREADS", hide_env = true, help_heading = "Input")]
    pub threads: Option<u8>,

    /// Progress on standard error: auto for files when that is a terminal and the output is none [default: auto]
    #[arg(long, value_name = "WHEN", env = "LOGVEIL_PROGRESS", hide_env = true, help_heading = "Other")]
    pub progress: Option<When>,
}

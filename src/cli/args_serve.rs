//! The options of `serve`.

use clap::{Args as Group, ValueEnum};

use crate::edge::fragments::Container;
use crate::edge::serve::frame::Framing;

/// What `serve --help` and the man page say about its settings.
pub fn after() -> String {
    let framings = Framing::ALL.iter().map(|(_, name, what)| format!("{:37}{name:8} {what}\n", "")).collect::<String>();
    let parts = Container::ALL.iter().map(|(_, name, what)| format!("{:37}{name:8} {what}\n", "")).collect::<String>();
    include_str!("serve.txt").replace("{framings}\n", &framings).replace("{parts}\n", &parts)
}

/// Where records come from and go to.
#[derive(Debug, Default, Group)]
pub struct Serve {
    /// Receive records here; may be repeated: tcp://HOST:PORT, udp://HOST:PORT, unix:///PATH, unix-datagram:///PATH
    #[arg(long, value_name = "URL", value_delimiter = ' ', env = "LOGVEIL_LISTEN", hide_env = true)]
    pub listen: Vec<String>,

    /// Send them there; the first that takes data, if repeated: tcp://HOST:PORT, unix:///PATH, stdout:, file:///PATH
    #[arg(long, value_name = "URL", value_delimiter = ' ', env = "LOGVEIL_UPSTREAM", hide_env = true)]
    pub upstream: Vec<String>,

    /// Where the status page, /metrics, /readyz and /healthz are, or `off` [default: 127.0.0.1:9600]
    #[arg(long, value_name = "HOST:PORT", env = "LOGVEIL_ADMIN", hide_env = true)]
    pub admin: Option<String>,

    /// Reload rules and certificates when their files change, as SIGHUP does
    #[arg(long, env = "LOGVEIL_WATCH", hide_env = true)]
    pub watch: bool,

    /// Bind addresses that an older process has bound with this option, too, and is about to leave: start the new
    /// one, then stop the old one
    #[arg(long, env = "LOGVEIL_HAND_OVER", hide_env = true)]
    pub hand_over: bool,

    /// How log lines are written on standard error
    #[arg(long, value_name = "FORMAT", default_value = "text", env = "LOGVEIL_LOG_FORMAT", hide_env = true)]
    pub log_format: LogFormat,

    /// The least important log lines that are written
    #[arg(long, value_name = "LEVEL", default_value = "info", env = "LOGVEIL_LOG_LEVEL", hide_env = true)]
    pub log_level: LogLevel,

    /// Try files, certificates, names and ports, say which would not do, and end: 0 when all would
    #[arg(long)]
    pub check: bool,
}

/// How `serve` writes log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One object a line, for programs.
    Json,
}

/// Which log lines `serve` writes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum LogLevel {
    /// What cannot go on.
    Error,
    /// What somebody should look at, too.
    Warn,
    /// What happens, too.
    #[default]
    Info,
}

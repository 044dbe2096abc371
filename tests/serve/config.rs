//! What is wrong with a configuration is said with file, line and reason, before anything runs.

use crate::kit::refused;

const IN: &str = "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n";
const OUT: &str = "[[upstream]]\naddress = \"stdout:\"\n";

fn refuses(config: &str, said: &str) {
    let (code, log) = refused(config, &[]);
    assert_eq!(code, 2, "{config}\n{log}");
    assert!(log.lines().any(|l| l.starts_with(said)), "{config}\n{log}\ninstead of\n{said}");
}

#[test]
fn a_wrong_listener_refuses_to_start() {
    for (config, said) in [
        (String::new(), "logveil: serve: name at least one --listen URL, or one [[listen]] in logveil.toml"),
        (IN.into(), "logveil: serve: name at least one --upstream URL, or one [[upstream]] in logveil.toml"),
        (
            format!("{IN}adress = 'x'\n{OUT}"),
            "logveil: c.toml:3: `adress`: there is no such key in [[listen]] (`address`?); there are: address, ",
        ),
        (format!("[[listen]]\nname = 'x'\n{OUT}"), "logveil: c.toml:1: [[listen]]: `address` is missing"),
        (
            format!("[[listen]]\nadress = 'x'\n{OUT}"),
            "logveil: c.toml:2: `adress`: there is no such key in [[listen]] (`a",
        ),
        (format!("[listen]\naddress = 'x'\n{OUT}"), "logveil: c.toml:1: write [[listen]], with two brackets, for each"),
        (format!("[[listen]]\naddress = 514\n{OUT}"), "logveil: c.toml:2: `address`: write a text in quotes"),
        (
            format!("[[listen]]\naddress = 'tcp://x'\n{OUT}"),
            "logveil: c.toml:2: `address`: `tcp://x`: write tcp://HOST:PORT",
        ),
        (
            format!("[[listen]]\naddress = 'stdout:'\n{OUT}"),
            "logveil: c.toml:2: `address`: records cannot be received from there",
        ),
        (
            format!("{IN}framing = 'lines'\n{OUT}"),
            "logveil: c.toml:3: `framing`: write \"auto\", \"newline\", \"octet\" or \"nul\"",
        ),
        (
            format!("[[listen]]\naddress = 'udp://127.0.0.1:0'\nframing = 'nul'\n{OUT}"),
            "logveil: c.toml:3: `framing`: a datagram is one record",
        ),
        (
            format!("{IN}key = 'k'\n{OUT}"),
            "logveil: c.toml:1: [[listen]]: certificates and names of clients are for tls:// only",
        ),
        (
            format!("{IN}only = ['nonsense']\n{OUT}"),
            "logveil: c.toml:1: [[listen]]: `nonsense` is neither a rule nor a family",
        ),
        (
            format!("{IN}{IN}{OUT}"),
            "logveil: two [[listen]] are called `tcp://127.0.0.1:0`: give each a `name` of its own",
        ),
        (
            format!("[[listen]]\naddress = 'tls://127.0.0.1:0'\n{OUT}"),
            "logveil: c.toml:1: [[listen]]: tls:// needs `certificate` and `key`",
        ),
        (
            format!("[[listen]]\naddress = 'tls://127.0.0.1:0'\ncertificate = 'no.pem'\nkey = 'no.key'\n{OUT}"),
            "logveil: c.toml:1: [[listen]]: no.key: No such file or directory",
        ),
        (
            format!("[[listen]]\naddress = 'tls://127.0.0.1:0'\ncertificate = 'c.toml'\nkey = 'c.toml'\n{OUT}"),
            "logveil: c.toml:1: [[listen]]: c.toml: there is nothing of the kind in it (PEM)",
        ),
        (
            format!("{IN}[[upstream]]\naddress = 'udp://h:1'\n"),
            "logveil: c.toml:4: `address`: records cannot be sent there",
        ),
    ] {
        refuses(&config, said);
    }
}

#[test]
fn lines_of_container_runtimes_are_a_listeners() {
    for (config, said) in [
        (
            format!("{IN}framing = 'crio'\n{OUT}"),
            "logveil: c.toml:3: `framing`: write \"auto\", \"newline\", \"octet\" or \"nul\"; for a container runtime's lines \"cri\" or \"docker\"",
        ),
        (
            format!("{IN}framing = 'cri'\nflush-after = 1\n{OUT}"),
            "logveil: c.toml:4: `flush-after`: a line of a container runtime has an end; leave it out",
        ),
        (format!("{IN}{OUT}framing = 'cri'\n"), "logveil: c.toml:5: `framing`: write \"same\", \"newline\""),
    ] {
        refuses(&config, said);
    }
}

#[test]
fn a_wrong_upstream_limit_or_setting_refuses_to_start() {
    let both = format!("{IN}{OUT}");
    for (config, said) in [
        (format!("{IN}[[upstream]]\naddress = 'tls://h:1'\n"), "logveil: c.toml:3: [[upstream]]: tls:// needs a `ca`"),
        (
            format!("{both}[[upstream]]\naddress = 'tcp://h:1'\nframing = 'octet'\n"),
            "logveil: a record may go to any [[upstream]]: give all of them the same `framing`",
        ),
        (
            format!("{both}[limits]\nconections = 1\n"),
            "logveil: c.toml:6: `conections`: there is no such key in [limits] (`connections`?); there are: connections, ",
        ),
        (
            format!("{both}[limits]\nconnections = 0\n"),
            "logveil: c.toml:6: `connections`: write a whole number from 1 to 1048576",
        ),
        (
            format!("{both}[limits]\nrecord-bytes = 2_000_000\n"),
            "logveil: c.toml:6: `record-bytes`: write a whole number from 64 to 1048576",
        ),
        (
            format!("{both}[limits]\nidle-seconds = 0\n"),
            "logveil: c.toml:6: `idle-seconds`: write seconds from 0.01 to 10000000",
        ),
        (
            format!("{both}[limits]\ndrain-seconds = '9'\n"),
            "logveil: c.toml:6: `drain-seconds`: write a decimal number",
        ),
        (
            format!("{both}[admin]\nport = 1\n"),
            "logveil: c.toml:6: `port`: there is no such key in [admin]; there are: listen",
        ),
        (format!("masks = 'x'\n{both}"), "logveil: c.toml:1: `masks` is no setting"),
        (format!("{both}[limits\n"), "logveil: c.toml:5: "),
        (format!("{both}[admin]\nlisten = '256.0.0.1:1'\n"), "logveil: [admin] cannot listen on 256.0.0.1:1: "),
    ] {
        refuses(&config, said);
    }
}

#[test]
fn wrong_arguments_refuse_to_start() {
    for (arguments, said) in [
        (&["--listen", "tcp://x"][..], "logveil: --listen `tcp://x`: write tcp://HOST:PORT"),
        (
            &["--listen", "tls://127.0.0.1:0", "--upstream", "stdout:"],
            "logveil: --listen tls://127.0.0.1:0: TLS needs a certificate",
        ),
        (
            &["--listen", "tcp://127.0.0.1:0", "--upstream", "udp://h:1"],
            "logveil: --upstream udp://h:1: records cannot be sent there",
        ),
        (&["--mask", "hash"], "logveil: --mask hash needs a key"),
    ] {
        let (code, log) = refused("", arguments);
        assert_eq!(code, 2, "{arguments:?}\n{log}");
        assert!(log.lines().any(|l| l.starts_with(said)), "{arguments:?}\n{log}");
    }
}

/// Of the forward protocol.
#[test]
fn a_protocol_without_another_side_is_refused() {
    let listen = "[[listen]]\naddress = \"tcp://127.0.0.1:0\"\n";
    let upstream = "[[upstream]]\naddress = \"tcp://127.0.0.1:1\"\n";
    let fluent = "protocol = \"fluent\"\n";
    let cases = [
        (format!("{listen}{fluent}{upstream}"), "c.toml:1: [[listen]]: records go to upstreams of records"),
        (format!("{listen}{fluent}{listen}name = \"b\"\n{upstream}{fluent}"), "c.toml:4: [[listen]]: records go to"),
        (
            format!("{listen}protocol = \"x\"\n{upstream}"),
            "c.toml:3: `protocol`: write \"records\", \"fluent\" or \"http\"",
        ),
        (format!("{listen}{fluent}framing = \"nul\"\n{upstream}{fluent}"), "c.toml:4: `framing`: messages"),
        (format!("{listen}{upstream}acknowledge = false"), "c.toml:5: `acknowledge`: that is for"),
        (format!("{listen}{fluent}{upstream}{fluent}acknowledge = 1"), "c.toml:7: `acknowledge`: write true or false"),
        (format!("{listen}hostname = \"x\"\n{upstream}"), "c.toml:3: `hostname`: that is for"),
        (
            format!("{listen}{fluent}shared-key-file = \"gone\"\n{upstream}{fluent}"),
            "c.toml:4: `shared-key-file`: gone: No such",
        ),
        (
            format!("{listen}{fluent}shared-key-env = \"GONE_KEY\"\n{upstream}{fluent}"),
            "the variable GONE_KEY is not set",
        ),
        (
            format!("[[upstream]]\naddress = \"stdout:\"\n{fluent}{listen}{fluent}"),
            "c.toml:3: `protocol`: the forward protocol acknowledges",
        ),
        (
            format!("{listen}{fluent}{upstream}{fluent}[limits]\nbuffered-bytes = 8388608"),
            "message-bytes = 8388608 do not fit",
        ),
    ];
    for (config, said) in cases {
        let (code, log) = refused(&config, &[]);
        assert_eq!(code, 2, "{log}");
        assert!(log.contains(said), "{log}\ninstead of\n{said}");
    }
    let (code, log) = refused(&format!("{listen}{fluent}"), &["--upstream", "tcp://127.0.0.1:1"]);
    assert!(code == 2 && log.contains("[[listen]]: records go to"), "{log}");
}

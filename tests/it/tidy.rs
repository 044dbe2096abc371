//! The house rules of ARCHITECTURE.md as text checks over `src/`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use logveil::Redactor;
use regex::bytes::Regex;

use crate::kit::report;

const FILE_LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;

pub struct Source {
    /// Below the package's folder, with `/`.
    pub path: String,
    pub text: String,
}

impl Source {
    /// The lines that are code: no comments, nothing from the file's tests on.
    fn code(&self) -> Vec<(usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(n, l)| (n + 1, l));
        lines
            .take_while(|(_, l)| l.trim() != "#[cfg(test)]")
            .filter(|(_, l)| !l.trim_start().starts_with("//"))
            .collect()
    }

    fn under(&self, folder: &str) -> bool {
        self.path.starts_with(folder)
    }
}

/// The Rust files below a folder of the package.
pub fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut open: Vec<PathBuf> = vec![root.join(folder)];
    let mut all = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|e| e.unwrap().path()));
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root).unwrap().components().map(|c| c.as_os_str().to_string_lossy());
            let path_shown = name.collect::<Vec<_>>().join("/");
            all.push(Source { path: path_shown, text: fs::read_to_string(&path).unwrap() });
        }
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

/// Lines of code that match and stand in no allowed file.
fn forbidden(pattern: &str, where_: impl Fn(&Source) -> bool) -> Vec<String> {
    let re = Regex::new(&format!("(?-u){pattern}")).unwrap();
    let mut found = Vec::new();
    for source in sources("src").iter().filter(|s| where_(s)) {
        let lines = source.code().into_iter().filter(|(_, l)| re.is_match(l.as_bytes()));
        found.extend(lines.map(|(n, l)| format!("{}:{n}: {}", source.path, l.trim())));
    }
    found
}

#[test]
fn rule_1_floors() {
    let mut bad = forbidden(r"\b(crate|super)::(engine|edge|cli)\b", |s| s.under("src/rules/"));
    bad.extend(forbidden(r"\b(crate|super)::(edge|cli)\b", |s| s.under("src/engine/")));
    bad.extend(forbidden(r"\bcrate::cli\b", |s| s.under("src/edge/")));
    bad.extend(forbidden(r"\bcrate::(cli|edge::serve)\b", |s| s.under("src/adapters/")));
    bad.extend(forbidden(r"\bcrate::adapters\b", |s| s.path != "src/lib.rs"));
    bad.extend(forbidden(r"\bstd::(io|net|time|fs|process)\b|\btokio\b", |s| s.under("src/engine/")));
    bad.extend(forbidden(r"\bstd::(io|net|time|fs|process)\b|\btokio\b", |s| s.under("src/rules/")));
    report("against the floors", &bad);
}

#[test]
fn rule_2_who_may_know_what() {
    let syntax =
        |s: &Source| !["src/rules/compile/syntax.rs", "src/rules/compile/notation.rs"].contains(&s.path.as_str());
    let mut bad = forbidden(r"\b(serde|toml)::|\bDeserialize\b", |s| syntax(s) && !s.under("src/cli/"));
    let builders =
        r"\b(thompson|regex_syntax|dense::Builder|hybrid|Regex)\b|\bsyntax::Config\b|\bto_bytes_native_endian\b";
    bad.extend(forbidden(builders, |s| !s.under("src/rules/compile/") && !s.under("src/cli/import/")));
    bad.extend(forbidden(r"\btokio\b", |s| !s.under("src/edge/serve/") && !s.under("src/adapters/")));
    bad.extend(forbidden(r"\bregex_automata\b|\bstd::net\b", |s| s.under("src/cli/") || s.path == "src/main.rs"));
    report("not theirs", &bad);
}

#[test]
fn rule_3_no_import_through_the_root() {
    // `main.rs` is a crate of its own; doc examples are comments.
    let bad = forbidden(r"\bcrate::(\{|[A-Z*])", |s| s.path != "src/main.rs");
    report("through the root", &bad);
}

/// The floors of the engine, the lowest first: a file imports from its own and those below, its tests, too.
const ENGINE: [&str; 14] = [
    "wipe",
    "known",
    "shortcuts",
    "footprint",
    "prefilter",
    "notation",
    "found",
    "mask",
    "keys",
    "detect",
    "scan",
    "redactor",
    "stream",
    "api",
];

#[test]
fn rule_3_no_import_from_above() {
    let floor = |name: &str| ENGINE.iter().position(|floor| *floor == name);
    let path = Regex::new(r"(?-u)\bcrate::engine::(\w+)").unwrap();
    let mut bad = Vec::new();
    for source in sources("src/engine") {
        let own = source.path.trim_start_matches("src/engine/").trim_end_matches(".rs");
        let Some(own) = floor(own.split('/').next().unwrap_or_default()) else { continue };
        for (n, line) in source.text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")) {
            let names = path.captures_iter(line.as_bytes());
            let above = names.filter_map(|m| floor(std::str::from_utf8(&m[1]).unwrap())).any(|other| other > own);
            if above {
                bad.push(format!("{}:{}: {}", source.path, n + 1, line.trim()));
            }
        }
    }
    // The tests of `rules` may not know the engine either.
    for source in sources("src/rules") {
        let lines = source.text.lines().enumerate().filter(|(_, line)| line.contains("crate::engine"));
        bad.extend(lines.map(|(n, line)| format!("{}:{}: {}", source.path, n + 1, line.trim())));
    }
    report("from above", &bad);
}

/// The floors of the sidecar, the lowest first; a folder is one floor.
#[rustfmt::skip]
const SERVE: [&str; 47] = [
    "drawn", "access", "early", "kernel", "notify", "wire", "foreign", "fluent", "http", "count", "frame", "framing", "budget", "limits",
    "work", "live", "files", "tls", "settings", "bound", "handed", "harden", "ready", "encode", "flight", "history", "lane",
    "numbers", "inbox", "shared", "status", "admin", "backoff", "due", "refuse", "connection", "senders", "datagram", "outfile",
    "upstream", "forward", "fluent_in", "http_out", "http_in", "listen", "reload", "mod",
];

#[test]
fn rule_3_the_sidecar_has_floors() {
    let all = sources("src/edge/serve");
    let place =
        |path: &str| path.strip_prefix("src/edge/serve/").map(|own| own.split(['/', '.']).next().unwrap().to_owned());
    let floor = |path: &str| SERVE.iter().position(|floor| Some(*floor) == place(path).as_deref());
    let modules: BTreeMap<_, _> = all.iter().enumerate().filter_map(|(i, s)| Some((module_of(&s.path)?, i))).collect();
    let mut bad = Vec::new();
    for (own, i) in &modules {
        let path = &all[*i].path;
        if path.contains("/oracle") {
            continue;
        }
        let Some(here) = floor(path) else {
            bad.push(format!("{path} has no floor"));
            continue;
        };
        let above = imports(&all[*i], &modules, own).into_iter().filter(|to| floor(&all[*to].path) > Some(here));
        bad.extend(above.map(|to| format!("{path} -> {}", all[to].path)));
    }
    report("from above", &bad);
}

/// The files whose paths a file names, by module: `crate::a::b::C` is `a/b.rs`.
fn imports(source: &Source, modules: &BTreeMap<Vec<String>, usize>, own: &[String]) -> BTreeSet<usize> {
    let code = source.code().iter().map(|(_, l)| *l).collect::<Vec<_>>().join("\n");
    let re = Regex::new(r"(?-u)\b(crate|super|self)((?:::\w+)*)(::\{[^;]*\})?").unwrap();
    let mut found = BTreeSet::new();
    for m in re.captures_iter(code.as_bytes()) {
        let text = |n: usize| m.get(n).map_or("", |g| std::str::from_utf8(g.as_bytes()).unwrap());
        let mut base = match text(1) {
            "crate" => Vec::new(),
            "super" => own[..own.len().saturating_sub(1)].to_vec(),
            _ => own.to_vec(),
        };
        for part in text(2).split("::").filter(|p| !p.is_empty()) {
            if part == "super" { drop(base.pop()) } else { base.push(part.into()) }
        }
        let group: Vec<&str> = text(3).trim_matches(|c| ":{}".contains(c)).split(',').map(str::trim).collect();
        for last in group {
            let tail = last.split("::").map(str::trim).filter(|p| !p.is_empty() && *p != "self").map(String::from);
            let mut path: Vec<String> = base.iter().cloned().chain(tail).collect();
            while !modules.contains_key(&path) && !path.is_empty() {
                path.pop();
            }
            found.extend(modules.get(&path).filter(|_| !path.is_empty()));
        }
    }
    found
}

fn module_of(path: &str) -> Option<Vec<String>> {
    let inner = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    if matches!(inner, "main" | "build" | "lib") {
        return None;
    }
    let mut parts: Vec<String> = inner.split('/').map(String::from).collect();
    if parts.last().is_some_and(|p| p == "mod") {
        parts.pop();
    }
    Some(parts)
}

#[test]
fn rule_3_no_circle_of_files() {
    let all = sources("src");
    let modules: BTreeMap<_, _> = all.iter().enumerate().filter_map(|(i, s)| Some((module_of(&s.path)?, i))).collect();
    let mut to: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); all.len()];
    for (own, i) in &modules {
        to[*i] = imports(&all[*i], &modules, own);
        to[*i].remove(i);
    }
    // What has no more imports is taken away, until only circles are left.
    let mut left: BTreeSet<usize> = (0..all.len()).collect();
    while let Some(done) = left.iter().copied().find(|i| to[*i].is_disjoint(&left)) {
        left.remove(&done);
    }
    // And what nobody in a circle imports.
    while let Some(top) = left.iter().copied().find(|i| !left.iter().any(|j| to[*j].contains(i))) {
        left.remove(&top);
    }
    let names = |i: &usize| to[*i].intersection(&left).map(|j| all[*j].path.as_str()).collect::<Vec<_>>().join(", ");
    report("in a circle", &left.iter().map(|i| format!("{} -> {}", all[*i].path, names(i))).collect::<Vec<_>>());
}

/// Types that derive `Debug` and hold bytes: those that may are named with what they hold.
#[test]
fn rule_4_what_is_debug_owns_no_input() {
    const MAY: [&str; 7] = [
        "Address",   // of a socket, from the configuration
        "Encoding",  // a variant is called so
        "HashKey",   // its own `Debug`, tested in no_leak
        "Automaton", // a rule's
        "Left",      // a process, by name and number
        // Names of fields, from the program.
        "WithoutFields",
        "WithoutFieldsVisitor",
    ];
    let re =
        Regex::new(r"(?s-u)#\[derive\(([^)]*)\)\][^;{]*?\b(?:struct|enum) (\w+)[^;{(]*(\{.*?\n\}|\([^;]*\);)").unwrap();
    let mut bad = Vec::new();
    for source in sources("src").iter().filter(|s| !s.under("src/rules/") && !s.under("src/cli/")) {
        let code = source.code().iter().map(|(_, l)| *l).collect::<Vec<_>>().join("\n");
        for m in re.captures_iter(code.as_bytes()) {
            let text = |n: usize| String::from_utf8_lossy(&m[n]).into_owned();
            let holds =
                ["Vec<u8>", "&'a [u8]", "[u8;", "Box<[u8]>", "Bytes", "String"].iter().find(|t| text(3).contains(**t));
            if let (true, Some(what), false) = (text(1).contains("Debug"), holds, MAY.contains(&text(2).as_str())) {
                bad.push(format!("{}: {} derives Debug and holds {what}", source.path, text(2)));
            }
        }
    }
    // Rules, names and keys of rules are no input.
    let rules = ["builder.rs", "keys/mod.rs", "policy.rs", "ruleset.rs"];
    bad.retain(|b| !rules.iter().any(|r| b.contains(r)));
    report("owns input", &bad);
}

#[test]
fn rule_5_unsafe_only_in_the_vector_gates_and_at_borders() {
    let unsafe_at = r"\bunsafe\b(?:\s*\{| fn| impl| extern)|allow\(unsafe_code";
    let mut bad = forbidden(unsafe_at, |s| !s.under("src/engine/prefilter/simd/"));
    bad.extend(forbidden(r"\blibc::", |_| true));
    let is_border = |s: &Source| s.path.starts_with("bindings/") && s.path.contains("/src/abi");
    let bindings = sources("bindings");
    for source in bindings.iter().filter(|s| !is_border(s) && s.text.contains("unsafe {")) {
        bad.push(format!("{}: unsafe, and no border (src/abi)", source.path));
    }
    let gates = sources("src").into_iter().filter(|s| s.under("src/engine/prefilter/simd/"));
    for source in gates.chain(bindings.into_iter().filter(is_border)) {
        let lines: Vec<&str> = source.text.lines().collect();
        for (n, l) in lines.iter().enumerate().filter(|(_, l)| l.contains("unsafe {")) {
            let above = &lines[n.saturating_sub(4)..=n];
            if !above.iter().any(|a| a.contains("SAFETY")) {
                bad.push(format!("{}:{}: no SAFETY line above {}", source.path, n + 1, l.trim()));
            }
        }
    }
    report("unsafe", &bad);
}

#[test]
fn rule_6_nothing_is_long() {
    let mut bad = Vec::new();
    for source in
        ["src", "tests", "benches", "bindings"].iter().filter(|f| Path::new(f).is_dir()).flat_map(|f| sources(f))
    {
        let lines: Vec<&str> = source.text.lines().collect();
        if lines.len() > FILE_LINES_MAX {
            bad.push(format!("{}: {} lines", source.path, lines.len()));
        }
        for (n, l) in lines.iter().enumerate() {
            let indent = &l[..l.len() - l.trim_start().len()];
            let words = l.trim_start().split([' ', '(']).take(6).any(|w| w == "fn");
            if !words || l.trim_start().starts_with("//") || l.trim_end().ends_with([';', '}', ',']) {
                continue;
            }
            let end = lines[n..]
                .iter()
                .position(|e| *e == format!("{indent}}}") || e.ends_with(';') && e.starts_with(indent) && n == 0);
            let length = end.map_or(0, |e| e + 1);
            if length > FUNCTION_LINES_MAX {
                bad.push(format!("{}:{}: a function of {length} lines", source.path, n + 1));
            }
        }
    }
    report("too long", &bad);
}

#[test]
fn rule_6_every_file_is_in_a_mod() {
    let all = sources("src");
    let text_of = |path: &str| all.iter().find(|s| s.path == path).map(|s| s.text.as_str());
    let mut bad = Vec::new();
    for source in &all {
        let Some(module) = module_of(&source.path) else { continue };
        let (name, above) = module.split_last().unwrap();
        let parents = match above {
            [] => vec!["src/lib.rs".to_owned(), "src/main.rs".to_owned()],
            _ => vec![format!("src/{}.rs", above.join("/")), format!("src/{}/mod.rs", above.join("/"))],
        };
        let said = |text: &str| {
            text.lines().any(|l| {
                let l = l.trim().trim_start_matches("pub(crate) ").trim_start_matches("pub(super) ");
                l.trim_start_matches("pub ").trim_start_matches("mod ") == format!("{name};") && l.contains("mod ")
            })
        };
        if !parents.iter().filter_map(|p| text_of(p)).any(said) {
            bad.push(format!("{}: `mod {name};` is nowhere", source.path));
        }
    }
    report("in no mod", &bad);
}

#[test]
fn rule_7_rules_without_examples_do_not_compile_and_others_are_tried() {
    let text = "family = \"custom\"\nmax = 9\n[[rule]]\nid = \"x\"\nabout = \"x\"\nlink = \"x\"\nliterals = [\"abc\"]\npattern = 'abc'\n";
    assert!(logveil::compile::file("x.toml", text).is_err());
    let wrong = format!("{text}finds = [\"xyz\"]\nspares = [\"xyz\"]\n");
    let builder = Redactor::builder().rules_toml("x.toml", &wrong).unwrap();
    assert!(builder.build().is_err());
}

//! The header is written by cbindgen, which not everybody has: what it declares is held to the source here.

use std::collections::BTreeMap;

/// Functions by name, with the names of their parameters. Behind `begins` stands a function's name.
fn functions(text: &str, begins: &str) -> BTreeMap<String, Vec<String>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut all = BTreeMap::new();
    for (at, _) in text.match_indices('(') {
        let before = text[..at].trim_end_matches(is_name);
        let name = &text[before.len()..at];
        if !name.starts_with("logveil_") || !before.ends_with(begins) {
            continue;
        }
        let inner = text[at + 1..].split_once(')').map_or("", |(inner, _)| inner);
        let parameters = inner.split(',').map(str::trim).filter(|p| !p.is_empty() && *p != "void");
        let named = |p: &str| match p.split_once(':') {
            Some((name, _)) => name.trim_start_matches("r#").to_owned(),
            None => p.rsplit([' ', '*']).next().unwrap_or(p).to_owned(),
        };
        all.insert(name.to_owned(), parameters.map(named).collect());
    }
    all
}

#[test]
fn it_declares_what_the_source_exports() {
    let (source, header) = (include_str!("../src/abi.rs"), include_str!("../include/logveil.h"));
    let code: Vec<&str> = header.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let (exported, declared) = (functions(source, "extern \"C\" fn "), functions(&code.join(" "), ""));
    assert!(exported.len() > 15, "{exported:?}");
    assert_eq!(
        exported, declared,
        "in bindings/c: cbindgen --config cbindgen.toml --crate logveil-c -o include/logveil.h"
    );
}

#[test]
fn its_codes_are_the_sources() {
    let (source, header) = (include_str!("../src/codes.rs"), include_str!("../include/logveil.h"));
    for line in source.lines().filter_map(|line| line.strip_prefix("pub const ")) {
        let (name, value) = line.trim_end_matches(';').split_once(": i32 = ").unwrap();
        assert!(header.contains(&format!("#define {name} {value}\n")), "{name}");
    }
}

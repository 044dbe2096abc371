//! What is asked of an HTTP listener and of an HTTP upstream.

use std::collections::BTreeMap;

use super::kind::Said;

/// What a listener takes.
#[derive(Clone, Default)]
pub struct ServerTerms {
    /// The paths that are taken; every one if empty.
    pub paths: Vec<String>,
    /// What a path carries, where its Content-Type lies.
    pub formats: BTreeMap<String, Said>,
}

impl ServerTerms {
    /// Whether requests for a path are taken: one that is named, or lies below one that ends in `/`.
    pub fn takes(&self, path: &str) -> bool {
        let named = |one: &String| path == one || one.ends_with('/') && path.starts_with(one.as_str());
        self.paths.is_empty() || self.paths.iter().any(named)
    }
}

/// How an upstream is asked.
#[derive(Clone, Default)]
pub struct ClientTerms {
    /// What stands before every path, without a slash at its end.
    pub prefix: String,
    /// What the upstream is called in requests; what the sender called it if None.
    pub host: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::ServerTerms;

    #[test]
    fn paths_are_whole_or_folders() {
        let terms = ServerTerms { paths: vec!["/_bulk".into(), "/v1/".into()], ..ServerTerms::default() };
        for (path, takes) in [("/_bulk", true), ("/_bulk2", false), ("/v1/logs", true), ("/v1", false), ("/", false)] {
            assert_eq!(terms.takes(path), takes, "{path}");
        }
        assert!(ServerTerms::default().takes("/any"));
    }
}

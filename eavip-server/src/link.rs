//! Addresses that a page or a message may make a link of: they came from outside, and nothing that runs is among them.

/// Whether it is an address on the web, in plain characters.
pub(crate) fn leads(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(|c: char| c.is_control() || c.is_whitespace()))
}

#[cfg(test)]
mod tests {
    use super::leads;

    #[test]
    fn only_the_web_is_linked_to() {
        for url in ["https://wiki.example/a?b=c#d", "http://prometheus:9090/graph?g0.expr=up%20==%200"] {
            assert!(leads(url), "{url}");
        }
        for url in
            ["javascript:alert(1)", "httpx://a", "http:a", "https://", "//a", "https://a\n", "http://a b", ""]
        {
            assert!(!leads(url), "{url}");
        }
    }
}

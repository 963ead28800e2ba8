//! Text from outside: which addresses a page or a message may make a link of, and which characters harm who reads it.

/// Whether it is an address on the web, in plain characters: nothing that runs.
pub(crate) fn leads(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| !rest.is_empty() && !rest.contains(|c: char| c.is_control() || c.is_whitespace()))
}

/// Control characters, marks and overrides of direction, invisible joiners, line separators, tags.
pub(crate) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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

//! References: texts that say where a secret is kept.

/// Whether a value is a reference as a whole: `{credential=NAME}`, `{file=PATH}`, `{env=NAME}`, or a vault's path as
/// `vault:PATH` with an optional `#FIELD`.
#[must_use]
pub fn is_reference(value: &str) -> bool {
    let inner = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some((kind, target)) = inner.and_then(|inner| inner.split_once('=')) {
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '{' | '}');
        return matches!(kind, "credential" | "file" | "env")
            && !target.is_empty()
            && target.chars().all(plain);
    }
    let Some(path) = value.strip_prefix("vault:") else { return false };
    let (path, field) = path.split_once('#').unwrap_or((path, "value"));
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/');
    let word = |text: &str| !text.is_empty() && text.chars().all(plain);
    path.contains('/') && word(path) && word(field)
}

/// Whether a value was blacked out: stars alone, or a word in angle brackets.
#[must_use]
pub fn is_redacted(value: &str) -> bool {
    let marked = value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
    let word = |text: &str| {
        text.len() <= 40 && text.chars().all(|c| c.is_ascii_lowercase() || matches!(c, '-' | ' '))
    };
    (!value.is_empty() && value.chars().all(|c| c == '*')) || marked.is_some_and(word)
}

//! Hostile text in Markdown: names, labels and notes come from outside and stay text where they are shown.

/// The text on one line, with everything that Markdown would take for markup escaped (CommonMark, and the tables and links
/// that GitHub adds). Line ends become spaces; control and direction characters, which could hide or turn what stands
/// around them, become `U+FFFD`.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let link = (c == ':' && rest.as_str().starts_with('/')) || (c == '.' && escaped.ends_with("www"));
        match c {
            '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => escaped.push(' '),
            _ if c.is_control() || is_direction(c) => escaped.push(char::REPLACEMENT_CHARACTER),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '&' | '!' | '@' | '$' => {
                escaped.extend(['\\', c])
            }
            _ if link => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// Characters without a width that change the direction of text or join it unseen.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests;

//! What a key's name says of its value, and whether a value looks random enough for it.

/// Least length of a value that can be taken for a secret, in characters: shorter ones are switches and numbers.
pub const MIN_LENGTH: usize = 6;
/// Least Shannon entropy of a secret, in bits for each character: above repeated characters and most single words.
pub const MIN_ENTROPY_BITS: f64 = 2.5;

/// What the last word of a key's name ends in when it says "this is a secret".
const SECRET_WORDS: [&str; 10] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "secrets",
    "token",
    "apikey",
    "secretkey",
    "privatekey",
    "credentials",
];
/// Last two words that do.
const SECRET_PAIRS: [(&str, &str); 10] = [
    ("api", "key"),
    ("access", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("signing", "key"),
    ("encryption", "key"),
    ("account", "key"),
    ("connection", "string"),
    ("db", "pwd"),
    ("user", "pwd"),
];
/// Values of such keys that are switches, though long enough.
const SWITCHES: [&str; 8] =
    ["disabled", "enabled", "required", "optional", "external", "prompt", "default", "inherit"];

/// Whether a key's name says that its value is a secret. The last words decide, so that `token_ttl`, `password_file` and
/// `secret_name` don't.
#[must_use]
pub fn says_secret(key: &str) -> bool {
    let words = words(key);
    let stems = words.iter().rev().map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit()));
    let mut words = stems.filter(|word| !word.is_empty());
    let Some(last) = words.next() else { return false };
    let before = words.next();
    SECRET_WORDS.iter().any(|word| last.ends_with(word))
        || before.is_some_and(|before| SECRET_PAIRS.contains(&(before, last)))
}

/// The words of a name in lower case: `dbPassword`, `DB_PASSWORD` and `db.password` have the same.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut open, mut after_lower) = (false, false);
    for c in key.chars() {
        if !c.is_ascii_alphanumeric() {
            open = false;
            continue;
        }
        if !open || (c.is_ascii_uppercase() && after_lower) {
            words.push(String::new());
        }
        (open, after_lower) = (true, c.is_ascii_lowercase() || c.is_ascii_digit());
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words
}

/// Whether a value looks like a secret: long enough, and random enough.
#[must_use]
pub fn is_random(value: &str) -> bool {
    let length = value.chars().count();
    length >= MIN_LENGTH
        && !SWITCHES.iter().any(|switch| switch.eq_ignore_ascii_case(value))
        && !is_path(value)
        && entropy_bits(value, length) >= MIN_ENTROPY_BITS
}

/// An absolute path of at least two segments, in small letters: where a secret may be kept, not what it is.
fn is_path(value: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    let mut segments = value.strip_prefix('/').into_iter().flat_map(|path| path.split('/'));
    let is_segment = |segment: &str| !segment.is_empty() && segment.chars().all(plain);
    segments.next().is_some_and(is_segment)
        && segments.next().is_some_and(is_segment)
        && segments.all(is_segment)
}

/// Shannon's entropy of a text's characters, in bits for each.
fn entropy_bits(text: &str, length: usize) -> f64 {
    let mut counts = std::collections::BTreeMap::<char, f64>::new();
    text.chars().for_each(|c| *counts.entry(c).or_default() += 1.0);
    let share = |count: &f64| count / length as f64;
    -counts.values().map(share).map(|share| share * share.log2()).sum::<f64>()
}

//! How a closed vocabulary is declared: each fixed word is written once, and the columns, JSON, labels and HTML of
//! every part use it from there.
//!
//! The words themselves live in the rooms that own them.

/// A word that is not of the vocabulary it was read for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not a known {what}; {}", self.remedy())]
pub struct UnknownWord {
    /// What kind of word was expected, such as `alert category`.
    pub what: &'static str,
    /// The text that was found, cut after 80 characters.
    pub found: String,
    /// The words that would have been taken, separated by commas.
    pub known: String,
}

impl UnknownWord {
    fn remedy(&self) -> String {
        match nearest(self.known.split(", "), &self.found) {
            Some(word) => format!("did you mean `{word}`?"),
            None => format!("use one of {}", self.known),
        }
    }
}

/// Reads a text and parses it where it stands: identifiers and moments come by the hundred in a report, and none needs a
/// copy of its text first.
pub(crate) fn parsed<'de, T, D>(deserializer: D) -> Result<T, D::Error>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
    D: serde::Deserializer<'de>,
{
    struct Text<T>(std::marker::PhantomData<T>);
    impl<T: std::str::FromStr<Err: std::fmt::Display>> serde::de::Visitor<'_> for Text<T> {
        type Value = T;
        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a string")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text(std::marker::PhantomData))
}

/// How alike two words must be for the one to be meant by the other (Jaro-Winkler, 0 to 1).
const ALIKE: f64 = 0.8;
/// Longest text that is compared; a slip is hardly longer, and comparing costs the product of lengths.
const LONGEST_COMPARED: usize = 80;

/// The known word that somebody may have meant.
pub(crate) fn nearest<'a>(known: impl IntoIterator<Item = &'a str>, found: &str) -> Option<&'a str> {
    if found.len() > LONGEST_COMPARED {
        return None;
    }
    let alike = known.into_iter().map(|word| (strsim::jaro_winkler(word, found), word));
    let best = alike.filter(|(alike, _)| *alike >= ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    best.map(|(_, word)| word)
}

/// A closed vocabulary, for those who list its words: schemas, help texts, columns.
pub trait Vocabulary: Copy + 'static {
    /// What kind of word it is, such as `alert category`.
    const WHAT: &'static str;
    /// Every word as it is written, in declared order.
    const WORDS: &'static [&'static str];
}

/// The schema of a closed vocabulary; for [`words!`](crate::words).
#[doc(hidden)]
#[must_use]
pub fn words_schema(words: &[&str]) -> serde_json::Value {
    serde_json::json!({ "enum": words })
}

/// Declares an enum of fixed words with `ALL`, `as_str`, `FromStr`, `Display` and serde from the same strings.
#[macro_export]
macro_rules! words {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident ($what:literal) {
            $( $(#[$variant_meta:meta])* $variant:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $name { $( $(#[$variant_meta])* $variant ),+ }

        impl $name {
            /// Every word, in declared order.
            pub const ALL: &'static [Self] = &[ $( Self::$variant ),+ ];

            /// The word as it stands in JSON, labels, columns and pages.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }

            /// The word of a text, for those who need no message when there is none.
            #[must_use]
            pub fn find(text: &str) -> Option<Self> {
                match text {
                    $( $word => Some(Self::$variant), )+
                    _ => None,
                }
            }
        }

        impl $crate::Vocabulary for $name {
            const WHAT: &'static str = $what;
            const WORDS: &'static [&'static str] = &[ $( $word ),+ ];
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::find(text).ok_or_else(|| $crate::UnknownWord {
                    what: $what,
                    found: text.chars().take(80).collect(),
                    known: <Self as $crate::Vocabulary>::WORDS.join(", "),
                })
            }
        }

        impl $crate::document::Declared for $name {
            fn schema() -> $crate::Json {
                $crate::words_schema(<Self as $crate::Vocabulary>::WORDS)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Word;
                impl serde::de::Visitor<'_> for Word {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("a ", $what))
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Word)
            }
        }
    };
}

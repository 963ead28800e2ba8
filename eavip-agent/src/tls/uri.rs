//! A node's name in its certificate: `urn:eavip:<store>:node:<node>`.

use std::fmt;
use std::str::FromStr;

use eavip_core::id::NodeId;
use uuid::Uuid;

/// The URI that identifies a node of one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NodeUri {
    /// The server's store; a node of another store is a stranger.
    pub store: Uuid,
    /// The node.
    pub node: NodeId,
}

/// A text that isn't such a URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a node's URI; use urn:eavip:<store uuid>:node:<node uuid>")]
pub struct InvalidNodeUri;

impl fmt::Display for NodeUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "urn:eavip:{}:node:{}", self.store.as_hyphenated(), self.node)
    }
}

/// Accepts only the one form that [`fmt::Display`] writes, so that a node has one name.
impl FromStr for NodeUri {
    type Err = InvalidNodeUri;
    fn from_str(text: &str) -> Result<Self, InvalidNodeUri> {
        let rest = text.strip_prefix("urn:eavip:").ok_or(InvalidNodeUri)?;
        let (store, node) = rest.split_once(":node:").ok_or(InvalidNodeUri)?;
        let store = Uuid::try_parse(store).map_err(|_| InvalidNodeUri)?;
        let uri = Self { store, node: node.parse().map_err(|_| InvalidNodeUri)? };
        if uri.to_string() == text { Ok(uri) } else { Err(InvalidNodeUri) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_exactly_one_form() {
        let text = "urn:eavip:0198a000-0000-7000-8000-000000000001:node:0198b000-0000-7000-8000-000000000002";
        assert_eq!(text.parse::<NodeUri>().unwrap().to_string(), text);
        for wrong in [
            text.to_uppercase(),
            text.replace('-', ""),
            text.replace("node", "host"),
            format!("{text} "),
            format!("{text}:node:x"),
            text.replace("urn:eavip", "urn:other"),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<NodeUri>(), Err(InvalidNodeUri), "{wrong}");
        }
    }
}

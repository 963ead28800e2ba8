//! Who this node is: the state directory with its key, certificate, trusted CAs and servers.
//!
//! ```text
//! node.id        the identity, a UUIDv7 made once on the node
//! node.key       the private key, made on the node; never leaves it
//! node.key.next  the key of a request that is under way
//! node.crt       the certificate chain
//! ca.pem         the CAs that are trusted
//! server.json    store, addresses, place
//! LOCK           held while an agent or command changes the directory
//! ```
//!
//! Everything is 0600 in a 0700 directory and replaced whole, so that a power cut leaves the old or the new. The
//! certificate is written last: it says which of the two keys is the right one. How certificates are asked for is in
//! `enrol`. Serves the seed's *Operational Anti-Patterns* (no shared credentials).

mod error;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use eavip_core::id::NodeId;
use eavip_core::node::Place;
use eavip_core::wire::enrol::Enrolment;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use error::StateError;

use crate::private;
use crate::tls::client::Credentials;
use crate::tls::{self, NodeUri, TlsError, Validity};

/// Longest file read from the directory: a chain of certificates is far below.
const MAX_FILE: u64 = 256 * 1024;

const ID: &str = "node.id";
const KEY: &str = "node.key";
const NEXT_KEY: &str = "node.key.next";
const CERTIFICATE: &str = "node.crt";
const CA: &str = "ca.pem";
const SERVER: &str = "server.json";

/// What `server.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Servers {
    /// The store that this node belongs to.
    pub store: Uuid,
    /// Addresses of the agents' listener.
    pub agents: Vec<String>,
    /// Addresses of the web listener, for a certificate that ran out.
    pub web: Vec<String>,
    /// Where the node belongs.
    pub place: Place,
}

/// An enrolled node: everything that a connection needs.
#[derive(Clone)]
pub struct Identity {
    /// The node.
    pub node: NodeId,
    /// The servers it reports to.
    pub servers: Servers,
    /// Its certificate and what stands above it, PEM.
    pub chain_pem: String,
    /// Trusted CAs, PEM.
    pub ca_pem: String,
    /// When its certificate begins and ends.
    pub validity: Validity,
    pub(crate) key_pem: String,
}

/// Leaves the key out.
impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("node", &self.node)
            .field("servers", &self.servers)
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

/// The key and certificate request of an enrolment that isn't complete.
pub struct Candidate {
    /// The node.
    pub node: NodeId,
    /// The certificate signing request, PEM.
    pub csr: String,
}

/// A state directory that only this process changes while the value lives.
#[derive(Debug)]
pub struct StateDir {
    path: PathBuf,
    /// Held, never read.
    _lock: File,
}

impl StateDir {
    /// Opens the directory, makes it (0700) if absent, and locks it.
    ///
    /// # Errors
    /// [`StateError::File`]: in use, open to others, or the file system's.
    pub fn open(path: &Path) -> Result<Self, StateError> {
        private::create_dir(path)?;
        private::check(path)?;
        Ok(Self { path: path.to_owned(), _lock: private::lock(path)? })
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The node's identity, completing a change of key that was cut off.
    ///
    /// # Errors
    /// As [`Identity::load`].
    pub fn identity(&self) -> Result<Identity, StateError> {
        let identity = Identity::load(&self.path)?;
        self.settle_key(&identity)?;
        Ok(identity)
    }

    /// The node and a request for its first certificate. The same key is used until one is granted, so that a repeated
    /// request is recognised.
    ///
    /// # Errors
    /// [`StateError::Enrolled`] when there is a certificate; else what the file system or the key says.
    pub fn candidate(&self) -> Result<Candidate, StateError> {
        if self.path.join(CERTIFICATE).exists() {
            return Err(StateError::Enrolled(self.path.clone()));
        }
        let node = match read_optional(&self.path, ID)? {
            Some(text) => parse_node(&self.path, &text)?,
            None => {
                let node = NodeId(Uuid::now_v7());
                private::write(&self.path.join(ID), format!("{node}\n").as_bytes())?;
                node
            }
        };
        Ok(Candidate { node, csr: self.request(KEY)? })
    }

    /// A request for the certificate that follows the present one, for a new key that is kept until it is granted.
    ///
    /// # Errors
    /// What the file system or the key says.
    pub fn successor(&self) -> Result<String, StateError> {
        self.request(NEXT_KEY)
    }

    fn request(&self, name: &'static str) -> Result<String, StateError> {
        let key = match read_optional(&self.path, name)? {
            Some(pem) => rcgen::KeyPair::from_pem(&pem).map_err(|_| StateError::damaged(&self.path, name))?,
            None => {
                let key = rcgen::KeyPair::generate().map_err(StateError::Key)?;
                private::write(&self.path.join(name), key.serialize_pem().as_bytes())?;
                key
            }
        };
        let request = rcgen::CertificateParams::default().serialize_request(&key).map_err(StateError::Key)?;
        request.pem().map_err(StateError::Key)
    }

    /// Takes what the server granted, after checking that it is for this node, one of its keys, and a store that doesn't
    /// change under it.
    ///
    /// # Errors
    /// [`StateError::Granted`] says what doesn't fit; nothing is changed then.
    pub fn install(&self, enrolment: &Enrolment, web: &[String]) -> Result<Identity, StateError> {
        let node = parse_node(&self.path, &read(&self.path, ID)?)?;
        let (key_pem, key_name) = self.key_of(&enrolment.certificates)?;
        let certificates = granted(tls::certificates(&enrolment.certificates))?;
        let leaf = certificates.first().ok_or(StateError::Granted("it holds no certificate".into()))?;
        let uri = granted(tls::node_of(leaf))?;
        if uri != (NodeUri { store: enrolment.store, node }) {
            return Err(StateError::Granted("its certificate is for another node".into()));
        }
        granted(Credentials::new(&enrolment.certificates, &key_pem, &enrolment.ca))?;
        let servers = Servers {
            store: enrolment.store,
            agents: enrolment.agents.clone(),
            web: web.to_vec(),
            place: enrolment.place.clone(),
        };
        let json =
            serde_json::to_vec_pretty(&servers).map_err(|_| StateError::damaged(&self.path, SERVER))?;
        private::write(&self.path.join(CA), enrolment.ca.as_bytes())?;
        private::write(&self.path.join(SERVER), &json)?;
        private::write(&self.path.join(CERTIFICATE), enrolment.certificates.as_bytes())?;
        if key_name == NEXT_KEY {
            private::rename(&self.path.join(NEXT_KEY), &self.path.join(KEY))?;
        }
        Identity::load(&self.path)
    }

    /// The key that a certificate was granted for.
    fn key_of(&self, chain_pem: &str) -> Result<(String, &'static str), StateError> {
        matching_key(&self.path, chain_pem)?
            .ok_or_else(|| StateError::Granted("its certificate isn't for a key of this node".into()))
    }

    fn settle_key(&self, identity: &Identity) -> Result<(), StateError> {
        match matching_key(&self.path, &identity.chain_pem)? {
            Some((_, NEXT_KEY)) => Ok(private::rename(&self.path.join(NEXT_KEY), &self.path.join(KEY))?),
            _ => Ok(()),
        }
    }

    /// Forgets who this node was: key first, so that whatever stays is worthless.
    ///
    /// # Errors
    /// The file system's.
    pub fn forget(&self) -> Result<(), StateError> {
        for name in [KEY, NEXT_KEY, CERTIFICATE, CA, SERVER, ID] {
            private::remove(&self.path.join(name))?;
        }
        Ok(())
    }
}

impl Identity {
    /// Reads the identity without locking or changing anything.
    ///
    /// # Errors
    /// [`StateError::NotEnrolled`]; [`StateError::Partial`] and [`StateError::Damaged`] name the file;
    /// [`StateError::File`].
    pub fn load(dir: &Path) -> Result<Self, StateError> {
        if !dir.join(CERTIFICATE).exists() {
            return Err(StateError::NotEnrolled(dir.to_owned()));
        }
        private::check(dir)?;
        let node = parse_node(dir, &read(dir, ID)?)?;
        let chain_pem = read(dir, CERTIFICATE)?;
        let (key_pem, _) = matching_key(dir, &chain_pem)?.ok_or_else(|| StateError::damaged(dir, KEY))?;
        let ca_pem = read(dir, CA)?;
        let servers: Servers =
            serde_json::from_str(&read(dir, SERVER)?).map_err(|_| StateError::damaged(dir, SERVER))?;
        let bad = |_| StateError::damaged(dir, CERTIFICATE);
        let certificates = tls::certificates(&chain_pem).map_err(bad)?;
        let leaf = certificates.first().ok_or_else(|| StateError::damaged(dir, CERTIFICATE))?;
        let validity = tls::validity(leaf).map_err(bad)?;
        if tls::node_of(leaf).map_err(bad)?.node != node {
            return Err(StateError::damaged(dir, ID));
        }
        Credentials::new(&chain_pem, &key_pem, &ca_pem).map_err(|_| StateError::damaged(dir, CA))?;
        Ok(Self { node, servers, chain_pem, ca_pem, validity, key_pem })
    }

    /// The node's own certificate without what stands above it, PEM.
    #[must_use]
    pub fn leaf_pem(&self) -> String {
        const END: &str = "-----END CERTIFICATE-----";
        let end = self.chain_pem.find(END).map_or(self.chain_pem.len(), |at| at + END.len());
        self.chain_pem.get(..end).unwrap_or_default().to_owned() + "\n"
    }

    /// What a connection shows and believes.
    ///
    /// # Errors
    /// As [`Credentials::new`].
    pub fn credentials(&self) -> Result<Arc<Credentials>, TlsError> {
        Credentials::new(&self.chain_pem, &self.key_pem, &self.ca_pem)
    }

    /// Lets connections show and believe this from the next handshake on.
    ///
    /// # Errors
    /// As [`Credentials::replace`].
    pub fn use_in(&self, credentials: &Credentials) -> Result<(), TlsError> {
        credentials.replace(&self.chain_pem, &self.key_pem, &self.ca_pem)
    }
}

/// The key file that a chain's first certificate belongs to, if one does.
fn matching_key(dir: &Path, chain_pem: &str) -> Result<Option<(String, &'static str)>, StateError> {
    for name in [KEY, NEXT_KEY] {
        if let Some(key_pem) = read_optional(dir, name)?
            && tls::certified_key(chain_pem, &key_pem).is_ok()
        {
            return Ok(Some((key_pem, name)));
        }
    }
    if dir.join(KEY).exists() { Ok(None) } else { Err(StateError::partial(dir, KEY)) }
}

fn read(dir: &Path, name: &'static str) -> Result<String, StateError> {
    read_optional(dir, name)?.ok_or_else(|| StateError::partial(dir, name))
}

fn read_optional(dir: &Path, name: &'static str) -> Result<Option<String>, StateError> {
    let Some(bytes) = private::read(&dir.join(name), MAX_FILE)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| StateError::damaged(dir, name))
}

fn parse_node(dir: &Path, text: &str) -> Result<NodeId, StateError> {
    text.trim().parse().map_err(|_| StateError::damaged(dir, ID))
}

fn granted<T>(result: Result<T, TlsError>) -> Result<T, StateError> {
    result.map_err(|error| StateError::Granted(error.to_string()))
}

#[cfg(test)]
mod tests;

//! Tests of the state directory; what it holds once enrolled is tested with a server's authority.

use std::os::unix::fs::PermissionsExt as _;

use rcgen::{CertificateParams, Issuer, KeyPair, SanType};

use super::*;
use crate::private::PrivateError;

const STORE: Uuid = Uuid::from_u128(1);

struct Ca {
    key: KeyPair,
    params: CertificateParams,
}

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        Self { key: KeyPair::generate().unwrap(), params }
    }

    /// What a server would grant for this request.
    fn grant(&self, csr: &str, store: Uuid, node: NodeId) -> Enrolment {
        let request = rcgen::CertificateSigningRequestParams::from_pem(csr).unwrap();
        let mut params = CertificateParams::default();
        let uri = NodeUri { store, node }.to_string();
        params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        let issuer = Issuer::from_params(&self.params, &self.key);
        Enrolment {
            certificates: params.signed_by(&request.public_key, &issuer).unwrap().pem(),
            ca: self.params.self_signed(&self.key).unwrap().pem(),
            store: STORE,
            agents: vec!["https://localhost:1".into()],
            place: Place {
                deployment: "d".parse().unwrap(),
                mode: "saas".parse().unwrap(),
                environment: "staging".parse().unwrap(),
                labels: eavip_core::labels::Labels::default(),
            },
        }
    }
}

fn enrolled(path: &Path, ca: &Ca) -> (StateDir, Identity) {
    let state = StateDir::open(path).unwrap();
    let candidate = state.candidate().unwrap();
    let grant = ca.grant(&candidate.csr, STORE, candidate.node);
    let identity = state.install(&grant, &[]).unwrap();
    (state, identity)
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn everything_in_it_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/state");
    let (_state, identity) = enrolled(&path, &Ca::new());
    assert_eq!(mode(&path), 0o700);
    for file in std::fs::read_dir(&path).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
    assert!(!format!("{identity:?}").contains("PRIVATE"));
}

#[test]
fn two_agents_do_not_share_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let first = StateDir::open(&path).unwrap();
    let second = StateDir::open(&path).unwrap_err();
    assert!(matches!(second, StateError::File(PrivateError::InUse(_))), "{second}");
    drop(first);
    StateDir::open(&path).unwrap();
}

#[test]
fn says_how_to_close_what_is_open_to_others() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let (state, _) = enrolled(&path, &Ca::new());
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(&path.join(KEY), 0o640);
    let error = state.identity().unwrap_err().to_string();
    assert!(error.contains("mode 0640") && error.contains("chmod 600"), "{error}");
    open(&path.join(KEY), 0o600);
    open(&path, 0o755);
    let error = Identity::load(&path).unwrap_err().to_string();
    assert!(error.contains("chmod 700"), "{error}");
}

#[test]
fn names_what_is_missing_or_damaged() {
    for (name, partial) in [(ID, true), (KEY, true), (CA, true), (SERVER, true), (CERTIFICATE, false)] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state");
        let (state, _) = enrolled(&path, &Ca::new());
        private::write(&path.join(name), b"garbage").unwrap();
        let error = Identity::load(&path).unwrap_err();
        assert!(matches!(error, StateError::Damaged(_)), "{name}: {error}");
        std::fs::remove_file(path.join(name)).unwrap();
        match state.identity().unwrap_err() {
            StateError::Partial(file) if partial => assert_eq!(file, path.join(name)),
            StateError::NotEnrolled(_) if !partial => {}
            error => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn asks_with_the_same_key_until_granted() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path().join("state").as_path()).unwrap();
    let key = |csr: &str| {
        let request = rcgen::CertificateSigningRequestParams::from_pem(csr).unwrap();
        rcgen::PublicKeyData::der_bytes(&request.public_key).to_vec()
    };
    let (first, second) = (state.candidate().unwrap(), state.candidate().unwrap());
    assert_eq!((first.node, key(&first.csr)), (second.node, key(&second.csr)));
    assert_eq!(key(&state.successor().unwrap()), key(&state.successor().unwrap()));
    assert_ne!(key(&first.csr), key(&state.successor().unwrap()));
}

#[test]
fn takes_nothing_that_was_granted_to_another() {
    let dir = tempfile::tempdir().unwrap();
    let state = StateDir::open(dir.path().join("state").as_path()).unwrap();
    let ca = Ca::new();
    let candidate = state.candidate().unwrap();
    let stranger = CertificateParams::default().serialize_request(&KeyPair::generate().unwrap()).unwrap();
    for grant in [
        ca.grant(&candidate.csr, STORE, NodeId(Uuid::from_u128(9))),
        ca.grant(&candidate.csr, Uuid::from_u128(9), candidate.node),
        ca.grant(&stranger.pem().unwrap(), STORE, candidate.node),
        Enrolment { ca: "none".into(), ..ca.grant(&candidate.csr, STORE, candidate.node) },
        Enrolment { certificates: String::new(), ..ca.grant(&candidate.csr, STORE, candidate.node) },
    ] {
        let error = state.install(&grant, &[]).unwrap_err();
        assert!(matches!(error, StateError::Granted(_)), "{error}");
        assert!(matches!(Identity::load(state.path()), Err(StateError::NotEnrolled(_))));
    }
}

#[test]
fn a_change_of_key_survives_being_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let ca = Ca::new();
    let (state, identity) = enrolled(&path, &ca);
    let grant = ca.grant(&state.successor().unwrap(), STORE, identity.node);
    // Up to the certificate: the power fails before the key is renamed.
    private::write(&path.join(CERTIFICATE), grant.certificates.as_bytes()).unwrap();
    assert_eq!(Identity::load(&path).unwrap().chain_pem, grant.certificates);
    assert!(path.join(NEXT_KEY).exists(), "reading alone changes nothing");
    state.identity().unwrap();
    assert!(!path.join(NEXT_KEY).exists());
    assert_eq!(Identity::load(&path).unwrap().chain_pem, grant.certificates);
}

#[test]
fn forgets_everything_that_was_a_secret() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state");
    let (state, first) = enrolled(&path, &Ca::new());
    state.forget().unwrap();
    let left: Vec<_> = std::fs::read_dir(&path).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["LOCK"]);
    assert_ne!(state.candidate().unwrap().node, first.node, "it comes back as another node");
}

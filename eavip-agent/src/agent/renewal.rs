//! Keeping the certificate: renewed at half of its life, reclaimed by its key when it ran out.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Client;
use tokio::sync::watch;

use super::status::Own;
use crate::clock;
use crate::enrol::{self, EnrolError};
use crate::identity::{Identity, StateDir};
use crate::push::backoff::random;
use crate::shutdown::Shutdown;
use crate::tls::client::Credentials;

/// How often the clock is asked whether it is time: a timer set for a week would sleep through a suspended host or a
/// clock that was set.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Longest wait after a failure; there is a week left at half-life, and nobody else waits for it.
const RETRY: Duration = Duration::from_secs(600);
/// Longest wait after a failure when the certificate has run out: reports wait for it.
const RETRY_EXPIRED: Duration = Duration::from_secs(10);

/// What renewing needs and changes.
#[derive(Debug)]
pub(super) struct Renewal {
    pub(super) state: StateDir,
    pub(super) identity: Identity,
    pub(super) credentials: Arc<Credentials>,
    pub(super) client: Client,
    pub(super) servers: watch::Sender<Vec<String>>,
    pub(super) own: Arc<watch::Sender<Own>>,
}

impl Renewal {
    pub(super) async fn run(&mut self, shutdown: &mut Shutdown) {
        loop {
            let turn = async {
                let wait = self.look().await;
                tokio::time::sleep(wait).await;
            };
            tokio::select! {
                () = turn => {}
                () = shutdown.requested() => return,
            }
        }
    }

    /// Renews if it is time; how long to wait before looking again.
    async fn look(&mut self) -> Duration {
        let now = clock::now();
        if now < enrol::renewal_at(self.identity.validity, self.identity.node) {
            return LOOK_EVERY;
        }
        let expired = now >= self.identity.validity.until;
        let renewed = if expired {
            enrol::reclaim(&self.state, &self.identity, now).await
        } else {
            enrol::renew(&self.state, &self.identity, &self.client).await
        };
        match renewed.and_then(|identity| self.take(identity)) {
            Ok(()) => LOOK_EVERY,
            Err(error) => {
                let until = self.identity.validity.until;
                tracing::warn!(%error, certificate.until = %until, "the certificate can't be renewed; trying again");
                self.own.send_modify(|own| own.renewal_failure = Some(error.to_string()));
                let most = if expired { RETRY_EXPIRED } else { RETRY };
                most / 2 + (most / 2).mul_f64(random() as f64 / u64::MAX as f64)
            }
        }
    }

    fn take(&mut self, identity: Identity) -> Result<(), EnrolError> {
        identity.use_in(&self.credentials)?;
        self.servers.send_if_modified(|urls| {
            let changed = *urls != identity.servers.agents;
            urls.clone_from(&identity.servers.agents);
            changed
        });
        tracing::info!(certificate.until = %identity.validity.until, "the certificate was renewed");
        self.own.send_modify(|own| {
            own.certificate_until = identity.validity.until;
            own.renewal_failure = None;
        });
        self.identity = identity;
        Ok(())
    }
}

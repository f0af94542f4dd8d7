//! What operators have switched off: everything, a tenant, a user, a model or a provider. Each gateway keeps the list in
//! memory; those that share a database look at it every second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use serde::Serialize;
use sqlx::Row;
use triptych_protocol::ErrorCode;

use crate::auth::Caller;
use crate::error::Error;
use crate::provider::Providers;
use crate::state::AppState;
use crate::store::{Store, now_ms};
use crate::stream::StreamLog;

/// How often a gateway looks what others have switched.
const LOOK: Duration = Duration::from_secs(1);
const ALL: &str = "all";
const LONGEST: usize = 400;

/// A switch that is set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(crate) struct Switch {
    /// What is off.
    pub(crate) subject: String,
    /// What callers are told.
    pub(crate) reason: String,
    /// True where answers that were being streamed were stopped, too.
    pub(crate) stops: bool,
    /// Milliseconds since 1970.
    pub(crate) created_at: i64,
}

/// All switches that are set, and the streams that they may stop.
#[derive(Clone)]
pub(crate) struct Switches(Arc<Inner>);

struct Inner {
    off: RwLock<Arc<HashMap<String, Switch>>>,
    running: Mutex<Running>,
}

/// Streams, with the subjects that each of them falls under.
#[derive(Default)]
struct Running {
    streams: Vec<(Vec<String>, Weak<StreamLog>)>,
    /// When to look next for those that are gone.
    tidy_at: usize,
}

impl Switches {
    pub(crate) async fn load(store: &Store, providers: &Providers) -> Result<Self, Error> {
        let switches = Switches(Arc::new(Inner {
            off: RwLock::default(),
            running: Mutex::new(Running { streams: Vec::new(), tidy_at: 1024 }),
        }));
        switches.look(store, providers).await?;
        Ok(switches)
    }

    /// # Errors
    /// `scope_denied` where the caller or its tenant is switched off, `unavailable` where the model or everything is;
    /// either with the operator's reason.
    pub(crate) fn check(&self, caller: &Caller, model: &str) -> Result<(), Error> {
        let off = self.off();
        if off.is_empty() {
            return Ok(());
        }
        match subjects(caller, model).iter().find_map(|subject| off.get(subject)) {
            None => Ok(()),
            Some(switch) => Err(refusal(switch)),
        }
    }

    /// The switch that keeps jobs of a provider from being started.
    pub(crate) fn stops_provider(&self, provider: &str) -> bool {
        let off = self.off();
        !off.is_empty() && (off.contains_key(ALL) || off.contains_key(&format!("provider:{provider}")))
    }

    /// Remembers a stream, so that a switch can stop it.
    pub(crate) fn follow(&self, caller: &Caller, model: &str, providers: &[String], log: &Arc<StreamLog>) {
        let mut subjects = subjects(caller, model).to_vec();
        subjects.extend(providers.iter().map(|id| format!("provider:{id}")));
        let mut running = self.running();
        if running.streams.len() >= running.tidy_at {
            running.streams.retain(|(_, log)| log.strong_count() > 0);
            running.tidy_at = (running.streams.len() * 2).max(1024);
        }
        running.streams.push((subjects, Arc::downgrade(log)));
    }

    /// All that are set.
    pub(crate) fn list(&self) -> Vec<Switch> {
        let mut all: Vec<Switch> = self.off().values().cloned().collect();
        all.sort_by(|one, other| one.subject.cmp(&other.subject));
        all
    }

    /// Switches something off.
    pub(crate) async fn set(
        &self,
        state: &AppState,
        subject: &str,
        reason: &str,
        stops: bool,
    ) -> Result<Switch, Error> {
        let mut tx = state.store.write().await?;
        let now = now_ms();
        sqlx::query(
            "INSERT INTO kill_switch (subject, reason, actor, stops, created_at) VALUES ($1, $2, 'admin', $3, $4) \
             ON CONFLICT (subject) DO UPDATE SET reason = $2, stops = $3, created_at = $4",
        )
        .bind(subject)
        .bind(reason)
        .bind(i64::from(stops))
        .bind(now)
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        tracing::warn!(subject, stops, "switched off");
        self.look(&state.store, &state.providers).await?;
        if stops {
            crate::job::stop(state, subject).await?;
        }
        Ok(Switch { subject: subject.to_owned(), reason: reason.to_owned(), stops, created_at: now })
    }

    /// Switches something on again; false where it was not off.
    pub(crate) async fn clear(&self, state: &AppState, subject: &str) -> Result<bool, Error> {
        let mut tx = state.store.write().await?;
        let gone =
            sqlx::query("DELETE FROM kill_switch WHERE subject = $1").bind(subject).execute(&mut *tx).await?;
        tx.commit().await?;
        tracing::warn!(subject, "switched on");
        self.look(&state.store, &state.providers).await?;
        // Jobs that were kept from starting may start now.
        state.jobs.wake();
        Ok(gone.rows_affected() > 0)
    }

    /// Reads the switches, and stops what those that are new say to stop.
    async fn look(&self, store: &Store, providers: &Providers) -> Result<(), Error> {
        let rows = sqlx::query("SELECT subject, reason, stops, created_at FROM kill_switch")
            .fetch_all(store.read())
            .await?;
        let mut now = HashMap::with_capacity(rows.len());
        for row in rows {
            let subject: String = row.try_get(0)?;
            let stops = row.try_get::<i64, _>(2)? != 0;
            let switch = Switch { subject, reason: row.try_get(1)?, stops, created_at: row.try_get(3)? };
            now.insert(switch.subject.clone(), switch);
        }
        for provider in providers.iter() {
            provider.switch(now.contains_key(&format!("provider:{}", provider.id())));
        }
        let before = self.off();
        let now = Arc::new(now);
        *self.0.off.write().unwrap_or_else(PoisonError::into_inner) = now.clone();
        for switch in
            now.values().filter(|switch| switch.stops && before.get(&switch.subject) != Some(switch))
        {
            self.stop_running(&switch.subject);
        }
        Ok(())
    }

    fn stop_running(&self, subject: &str) {
        for (subjects, log) in &self.running().streams {
            if let Some(log) = log.upgrade()
                && subjects.iter().any(|own| own == subject)
            {
                log.ask_to_stop();
            }
        }
    }

    fn off(&self) -> Arc<HashMap<String, Switch>> {
        self.0.off.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Looks every second at what other gateways have switched, until the task is dropped.
pub(crate) async fn watch(state: AppState) {
    while state.store.is_shared() {
        tokio::time::sleep(LOOK).await;
        // Without the store nothing is sold, so what is known may be old.
        if let Err(error) = state.switches.look(&state.store, &state.providers).await {
            error.log();
        }
    }
}

/// # Errors
/// `invalid_request` for what no switch can be about.
pub(crate) fn check_subject(subject: &str) -> Result<(), Error> {
    let known = match subject.split_once(':') {
        None => subject == ALL,
        Some((kind, name)) => {
            !name.is_empty()
                && match kind {
                    "tenant" | "model" | "provider" => true,
                    "user" => name
                        .split_once('/')
                        .is_some_and(|(tenant, user)| !tenant.is_empty() && !user.is_empty()),
                    _ => false,
                }
        }
    };
    if known && subject.len() <= LONGEST {
        return Ok(());
    }
    let message = "A switch is `all`, `tenant:ID`, `user:TENANT/USER`, `model:ID` or `provider:ID`.";
    Err(Error::invalid("subject", message))
}

/// Whatever a call falls under, the widest first.
fn subjects(caller: &Caller, model: &str) -> [String; 4] {
    let Caller { tenant, user, .. } = caller;
    [ALL.to_owned(), format!("tenant:{tenant}"), format!("user:{tenant}/{user}"), format!("model:{model}")]
}

fn refusal(switch: &Switch) -> Error {
    let (code, what) = match switch.subject.split_once(':') {
        Some(("tenant" | "user", _)) => (ErrorCode::ScopeDenied, "This account is switched off"),
        Some(("model", _)) => (ErrorCode::Unavailable, "This model is switched off"),
        _ => (ErrorCode::Unavailable, "The service is switched off"),
    };
    let reason = switch.reason.trim_end_matches('.');
    let message = if reason.is_empty() { format!("{what}.") } else { format!("{what}: {reason}.") };
    Error::new(code, message).final_answer()
}

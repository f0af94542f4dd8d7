//! What every handler and background task shares.

use std::ops::Deref;
use std::sync::Arc;

use tokio::sync::watch;

use crate::asset::Assets;
use crate::auth::Tokens;
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::cors::AllowedOrigins;
use crate::job::Jobs;
use crate::ledger::Ledger;
use crate::limit;
use crate::net::Fetcher;
use crate::policy::Policy;
use crate::provider::Providers;
use crate::site::Visitors;
use crate::store::Store;
use crate::stream::Streams;
use crate::switch::Switches;
use crate::trace::Traces;
use crate::widget_files::WidgetFiles;

/// The gateway's state; cloning it is cheap.
#[derive(Clone)]
pub struct AppState(Arc<Inner>);

/// What [`AppState`] points to.
pub struct Inner {
    pub(crate) config: Config,
    pub(crate) catalogue: Catalogue,
    pub(crate) store: Store,
    pub(crate) ledger: Ledger,
    pub(crate) tokens: Tokens,
    pub(crate) providers: Providers,
    pub(crate) assets: Assets,
    /// For what strangers point at.
    pub(crate) fetcher: Fetcher,
    pub(crate) policy: Policy,
    pub(crate) streams: Streams,
    pub(crate) switches: Switches,
    /// Of pages without a backend.
    pub(crate) visitors: Visitors,
    /// For services of the operator's own.
    pub(crate) hooks: reqwest::Client,
    pub(crate) jobs: Jobs,
    pub(crate) underway: Underway,
    pub(crate) origins: AllowedOrigins,
    pub(crate) widget: WidgetFiles,
    pub(crate) traces: Traces,
    pub(crate) shutdown: Shutdown,
}

impl Deref for AppState {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

/// Why the gateway could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The database cannot be opened or brought up to date.
    #[error("database {url}: {message}")]
    Database {
        /// As configured.
        url: String,
        /// What is wrong with it.
        message: String,
    },
    /// The model catalogue is wrong.
    #[error("{0}")]
    Catalogue(String),
    /// A provider, the media folder or the widget folder cannot be used.
    #[error("{0}")]
    Setting(String),
}

impl AppState {
    /// Bind first and tell the configuration ([`Config::set_bound`]): links are made from the bound address.
    ///
    /// Opens the store, gives back what calls of an earlier run still held, and prepares everything that requests
    /// need. Starts no task and binds no port.
    ///
    /// # Errors
    /// Where the store, the catalogue or a folder of the configuration cannot be used.
    pub async fn build(config: Config) -> Result<AppState, StartError> {
        let store = Store::open(&config.database).await?.with_silence(config.silence);
        let ledger = Ledger::new(&store, &config.credits);
        let failed = |error| unusable(&config, &error);
        store.sign_on().await.map_err(failed)?;
        ledger.release_interrupted().await.map_err(failed)?;
        let traces = Traces::start(config.traces.as_ref()).map_err(StartError::Setting)?;
        AppState::with_store(config, store, ledger, traces).await
    }

    /// As [`AppState::build`], for a command beside a gateway that may be running: it changes nothing by itself.
    ///
    /// # Errors
    /// As [`AppState::build`], and where the tables are not those of this program.
    pub(crate) async fn beside(config: Config) -> Result<AppState, StartError> {
        let store = Store::open_beside(&config.database).await?;
        let ledger = Ledger::new(&store, &config.credits);
        AppState::with_store(config, store, ledger, Traces::off()).await
    }

    async fn with_store(
        config: Config,
        store: Store,
        mut ledger: Ledger,
        traces: Traces,
    ) -> Result<AppState, StartError> {
        let catalogue = Catalogue::load(config.catalogue.as_deref()).map_err(StartError::Catalogue)?;
        catalogue.prepare();
        let providers = Providers::new(&config).map_err(StartError::Setting)?;
        let mut assets = Assets::new(&config, &config.secrets.asset_key()).map_err(StartError::Setting)?;
        assets.links.accept(config.secrets.keys_for("assets").iter().skip(1));
        let fetcher =
            Fetcher::new(&config.network.allow_private_hosts, false).map_err(StartError::Setting)?;
        let policy = Policy::new(&config.policy).map_err(StartError::Setting)?;
        let widget = WidgetFiles::load(config.widget.as_deref()).map_err(StartError::Setting)?;
        let streams = Streams::new(&config.streams).map_err(StartError::Setting)?;
        ledger.count_spending(limit::spending_is_limited(&config));
        let hooks = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| StartError::Setting(error.to_string()))?;
        let switches = Switches::load(&store, &providers).await;
        let switches = switches.map_err(|error| unusable(&config, &error))?;
        Ok(AppState(Arc::new(Inner {
            tokens: Tokens::new(&config.secrets),
            origins: AllowedOrigins::new(&config),
            catalogue,
            store,
            ledger,
            providers,
            assets,
            fetcher,
            policy,
            streams,
            switches,
            visitors: Visitors::new(&config.secrets),
            hooks,
            jobs: Jobs::new(),
            underway: Underway::new(),
            widget,
            traces,
            shutdown: Shutdown::new(),
            config,
        })))
    }

    /// The address that browsers reach the gateway at, without a trailing slash.
    pub fn public_url(&self) -> String {
        self.config.public_base()
    }

    /// Lets another gateway have the database although this one has not ended, as a crash does. For tests.
    #[doc(hidden)]
    pub fn let_go(&self) {
        self.store.unlock();
    }

    /// Starts the end: no new work is taken and background tasks finish what they must.
    pub fn shut_down(&self) {
        self.shutdown.set();
    }
}

fn unusable(config: &Config, error: &crate::error::Error) -> StartError {
    StartError::Database { url: crate::store::without_password(&config.database), message: error.to_string() }
}

/// Tells every task that the gateway is going down.
#[derive(Clone)]
pub(crate) struct Shutdown(Arc<watch::Sender<bool>>);

impl Shutdown {
    pub(crate) fn new() -> Self {
        Shutdown(Arc::new(watch::channel(false).0))
    }

    pub(crate) fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    pub(crate) fn set(&self) {
        self.0.send_replace(true);
    }

    /// Returns once [`Shutdown::set`] was called, at once if it already was.
    pub(crate) async fn wait(&self) {
        let mut receiver = self.0.subscribe();
        // The sender lives in `self`, so this ends only with the signal.
        receiver.wait_for(|set| *set).await.ok();
    }
}

/// Counts the calls whose outcome is not written yet: the store must not be closed before.
pub(crate) struct Underway(watch::Sender<usize>);

/// Counts as one call until it is dropped.
pub(crate) struct Running(watch::Sender<usize>);

impl Underway {
    pub(crate) fn new() -> Self {
        Underway(watch::channel(0).0)
    }

    pub(crate) fn begin(&self) -> Running {
        self.0.send_modify(|running| *running += 1);
        Running(self.0.clone())
    }

    /// Returns once no call runs, at once if none does.
    pub(crate) async fn idle(&self) {
        // The sender lives in `self`, so this ends only when the count is zero.
        self.0.subscribe().wait_for(|running| *running == 0).await.ok();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.send_modify(|running| *running = running.saturating_sub(1));
    }
}

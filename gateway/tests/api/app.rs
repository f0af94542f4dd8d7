//! A gateway of its own for each test: its own port, folder and simulator.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use triptych_gateway::config::Config;
use triptych_gateway::state::AppState;
use triptych_gateway::{app, init_tls};

/// The page that the tenant `acme` may call from.
pub(crate) const ORIGIN: &str = "https://acme.example";
pub(crate) const TENANT_SECRET: &str = "tenant-secret-of-acme-0123456789";
pub(crate) const OTHER_SECRET: &str = "tenant-secret-of-globex-0123456789";
pub(crate) const POLICY_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const TOPUP_SECRET: &str = "topup-secret-of-acme-0123456789";
pub(crate) const TOKEN_KEY: &str = "token-key-0123456789-0123456789-0123456789";
pub(crate) const ADMIN_SECRET: &str = "admin-secret-0123456789";

/// What differs from a plain gateway.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// Lines before the first table of the configuration.
    pub(crate) top: String,
    /// How long running calls may go on at the end.
    pub(crate) grace_seconds: Option<u32>,
    /// Keys of the tenant `acme`.
    pub(crate) tenant: String,
    /// A bucket for media instead of a folder, as `s3://…`.
    pub(crate) bucket: Option<String>,
    /// Tables at its end.
    pub(crate) tables: String,
    /// Keys of the table `[jobs]`, which has quick polls otherwise.
    pub(crate) jobs: Option<String>,
    /// The shape of the provider's video API; `openai` where empty.
    pub(crate) kind: String,
    /// Where calls go instead of to the simulator.
    pub(crate) upstream: Option<String>,
    /// Keys of the provider's table.
    pub(crate) provider: String,
    /// Files in the configuration's folder, by path.
    pub(crate) files: Vec<(&'static str, Vec<u8>)>,
    /// The address of a database that others use too.
    pub(crate) database: Option<String>,
    /// The folder for media, where others use it too.
    pub(crate) media: Option<PathBuf>,
    /// Another simulator than an instant one.
    pub(crate) simulator: Option<triptych_simulator::Config>,
}

/// A running gateway with the simulator behind it.
pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) simulator: triptych_simulator::Running,
    pub(crate) client: Client,
    pub(crate) state: AppState,
    pub(crate) folder: PathBuf,
    /// The address of its database.
    pub(crate) database: String,
    config: String,
    server: Option<JoinHandle<()>>,
}

pub(crate) async fn spawn_app() -> TestApp {
    spawn_app_with(Options::default()).await
}

pub(crate) async fn spawn_app_with(options: Options) -> TestApp {
    init_tls();
    let simulator = options.simulator.unwrap_or_else(triptych_simulator::Config::instant);
    let simulator = triptych_simulator::spawn(simulator).await.unwrap();
    let folder = new_folder();
    for (path, content) in &options.files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let database = match &options.database {
        Some(database) => database.clone(),
        None => database_for(&folder).await,
    };
    let media = options.media.clone().unwrap_or_else(|| folder.join("media"));
    let config = format!(
        r#"
listen = "127.0.0.1:0"
database = "{database}"
media = "{media}"
shutdown_grace_seconds = {grace}
{top}
[credits]
low_at = 5
top_up_url = "https://acme.example/buy"
[jobs]
{jobs}
[[tenants]]
id = "acme"
secret_env = "ACME_SECRET"
origins = ["{ORIGIN}"]
{tenant}
[[tenants]]
id = "globex"
secret_env = "GLOBEX_SECRET"
origins = ["https://globex.example"]
[[providers]]
id = "simulator"
kind = "{kind}"
base_url = "{base}"
{provider}
{tables}
"#,
        media = options.bucket.clone().unwrap_or_else(|| media.display().to_string()),
        top = options.top,
        grace = options.grace_seconds.unwrap_or(5),
        jobs = options.jobs.as_deref().unwrap_or("poll_min_ms = 20\npoll_max_ms = 100"),
        kind = if options.kind.is_empty() { "openai" } else { &options.kind },
        base = options.upstream.clone().unwrap_or_else(|| simulator.base_url()),
        tenant = options.tenant,
        provider = options.provider,
        tables = options.tables,
    );
    let (state, url, server) = start(&config, &folder).await;
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    TestApp { url, simulator, client, state, folder, database, config, server: Some(server) }
}

/// A database of the test's own: a file in its folder, or with `TRIPTYCH_TEST_STORE=postgres` a schema on the server
/// that `TRIPTYCH_TEST_POSTGRES` names.
pub(crate) async fn database_for(folder: &Path) -> String {
    if std::env::var("TRIPTYCH_TEST_STORE").is_ok_and(|store| store == "postgres") {
        return postgres_for(folder).await.unwrap();
    }
    format!("sqlite:{}", folder.join("triptych.db").display())
}

/// A schema of the test's own on the server that `TRIPTYCH_TEST_POSTGRES` names, if it does.
pub(crate) async fn postgres_for(folder: &Path) -> Option<String> {
    let server = std::env::var("TRIPTYCH_TEST_POSTGRES").ok()?;
    let name = folder.file_name().unwrap().to_string_lossy().replace('-', "_");
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&server).await.unwrap();
    let schema = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {name}"));
    sqlx::query(schema).execute(&mut connection).await.unwrap();
    let separator = if server.contains('?') { '&' } else { '?' };
    Some(format!("{server}{separator}options[search_path]={name}"))
}

/// A new folder below the system's temporary one. Whoever asks for it removes it.
pub(crate) fn new_folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let name = format!("triptych-api-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn env(name: &str) -> Option<String> {
    let value = match name {
        "TRIPTYCH_TOKEN_KEY" => TOKEN_KEY,
        "TRIPTYCH_ADMIN_SECRET" => ADMIN_SECRET,
        "ACME_SECRET" => TENANT_SECRET,
        "POLICY_SECRET" => POLICY_SECRET,
        "GLOBEX_SECRET" => OTHER_SECRET,
        "TOPUP_SECRET" => TOPUP_SECRET,
        "WEBHOOK_SECRET" => triptych_simulator::DEFAULT_WEBHOOK_SECRET,
        "BUCKET_KEY_ID" => crate::bucket::KEY_ID,
        "BUCKET_SECRET" => crate::bucket::SECRET,
        _ => return None,
    };
    Some(value.to_owned())
}

async fn start(config: &str, folder: &Path) -> (AppState, String, JoinHandle<()>) {
    start_with(config, folder, &env).await
}

async fn start_with(
    config: &str,
    folder: &Path,
    env: &dyn Fn(&str) -> Option<String>,
) -> (AppState, String, JoinHandle<()>) {
    let mut config = Config::parse("test.toml", config, folder, env).unwrap();
    let listener = TcpListener::bind(config.listen).await.unwrap();
    let address = listener.local_addr().unwrap();
    config.set_bound(address);
    let state = AppState::build(config).await.unwrap();
    let serving = state.clone();
    let server = tokio::spawn(async move { app::serve(serving, listener).await.unwrap() });
    (state, format!("http://{address}"), server)
}

impl TestApp {
    /// Stops the gateway and starts another one on the same folder, as a deploy does. The address changes.
    pub(crate) async fn restart(&mut self) {
        self.stop().await;
        let (state, url, server) = start(&self.config, &self.folder).await;
        (self.state, self.url, self.server) = (state, url, Some(server));
    }

    /// As [`TestApp::restart`], with other words in its configuration.
    pub(crate) async fn restart_with(&mut self, old: &str, new: &str) {
        assert!(self.config.contains(old));
        self.config = self.config.replace(old, new);
        self.restart().await;
    }

    /// As [`TestApp::restart`], with other values in the environment.
    pub(crate) async fn restart_in(&mut self, changed: &[(&str, &str)]) {
        self.stop().await;
        let env = |name: &str| match changed.iter().find(|(changed, _)| *changed == name) {
            Some((_, value)) => Some((*value).to_owned()),
            None => env(name),
        };
        let (state, url, server) = start_with(&self.config, &self.folder, &env).await;
        (self.state, self.url, self.server) = (state, url, Some(server));
    }

    /// Ends the gateway without any grace and starts another one on the same folder. Tasks that it had detached may
    /// live on, as the work of a second process would.
    pub(crate) async fn crash(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
        }
        self.state.let_go();
        let (state, url, server) = start(&self.config, &self.folder).await;
        (self.state, self.url, self.server) = (state, url, Some(server));
    }

    /// True where other gateways may use its database.
    pub(crate) fn is_shared(&self) -> bool {
        self.database.starts_with("postgres")
    }

    /// Starts a gateway of the same configuration beside this one, and ends it again; the reason where it refuses.
    pub(crate) async fn another(&self) -> Result<(), String> {
        let config = Config::parse("test.toml", &self.config, &self.folder, &env).unwrap();
        let state = AppState::build(config).await.map_err(|error| error.to_string())?;
        state.let_go();
        Ok(())
    }

    /// Stops the gateway for good.
    pub(crate) async fn end(&mut self) {
        self.stop().await;
    }

    async fn stop(&mut self) {
        self.state.shut_down();
        if let Some(server) = self.server.take() {
            server.await.unwrap();
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url)).timeout(Duration::from_secs(30))
    }

    /// A GET with a bearer token.
    pub(crate) async fn get(&self, token: &str, path: &str) -> Response {
        self.request(Method::GET, path).bearer_auth(token).send().await.unwrap()
    }

    /// A POST of JSON with a bearer token.
    pub(crate) async fn post(&self, token: &str, path: &str, body: &Value) -> Response {
        self.request(Method::POST, path).bearer_auth(token).json(body).send().await.unwrap()
    }

    /// Asks for a session of tenant `acme` with any body.
    pub(crate) async fn session(&self, body: &Value) -> Response {
        self.post(TENANT_SECRET, "/v1/sessions", body).await
    }

    /// A token for a user of tenant `acme`.
    pub(crate) async fn token(&self, user: &str) -> String {
        self.token_with(json!({ "user": user })).await
    }

    pub(crate) async fn token_with(&self, body: Value) -> String {
        let session = ok(self.session(&body).await).await;
        session["client_secret"].as_str().unwrap().to_owned()
    }

    /// A token for a user who was given that many whole credits.
    pub(crate) async fn user_with(&self, user: &str, credits: i64) -> String {
        self.grant(user, credits * 1_000_000, &format!("{user}-{credits}")).await;
        self.token(user).await
    }

    /// Grants micro-credits.
    pub(crate) async fn grant(&self, user: &str, micro: i64, key: &str) -> Value {
        let body = json!({"tenant": "acme", "user": user, "amount": micro, "key": key, "reason": "test"});
        ok(self.post(ADMIN_SECRET, "/admin/v1/grants", &body).await).await
    }

    /// `(available, held)` in micro-credits.
    pub(crate) async fn balance(&self, token: &str) -> (i64, i64) {
        let balance = ok(self.get(token, "/v1/credits").await).await;
        (balance["available"].as_i64().unwrap(), balance["held"].as_i64().unwrap())
    }

    /// Everything that was held and charged, oldest first.
    pub(crate) async fn charges(&self) -> Vec<Value> {
        let charges = ok(self.get(ADMIN_SECRET, "/admin/v1/charges").await).await;
        charges["data"].as_array().unwrap().clone()
    }

    /// Fails where the books do not agree.
    pub(crate) async fn assert_sound(&self) -> Value {
        let audit = ok(self.get(ADMIN_SECRET, "/admin/v1/audit").await).await;
        assert_eq!(audit["ok"], true, "{audit:#}");
        audit
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.state.shut_down();
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// The JSON of a success; anything else fails the test with what came.
pub(crate) async fn ok(response: Response) -> Value {
    let status = response.status();
    let (url, kind) = source(&response);
    let text = response.text().await.unwrap();
    assert!(status.is_success(), "{status}: {text}");
    let body = serde_json::from_str(&text).unwrap();
    crate::described::check(&url, status.as_u16(), &kind, &body).await;
    body
}

/// Where an answer comes from, and of what type it is.
fn source(response: &Response) -> (String, String) {
    let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().to_owned();
    (response.url().to_string(), kind)
}

/// The `error` of a refusal, with what every refusal must have checked.
pub(crate) async fn refused(response: Response, status: StatusCode, code: &str) -> Value {
    assert!(response.headers().contains_key("x-request-id"));
    let found = response.status();
    let (url, kind) = source(&response);
    let text = response.text().await.unwrap();
    assert_eq!(found, status, "{text}");
    let body: Value = serde_json::from_str(&text).unwrap();
    crate::described::check(&url, status.as_u16(), &kind, &body).await;
    let error = body["error"].clone();
    assert_eq!(error["code"], code, "{text}");
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{text}");
    assert!(error["type"].is_string(), "{text}");
    error
}

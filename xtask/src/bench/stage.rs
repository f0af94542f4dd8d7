//! Everything that is measured, running side by side.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::json;

use super::{binary, litellm};
use crate::children::{Child, Children};
use crate::demo::{http, secrets::Secrets};
use crate::{demo, tree};

const START_LIMIT: Duration = Duration::from_secs(60);
const TENANT: &str = "bench";
const USER: &str = "bench";
/// Enough for any number of holds at once: ten million credits.
const GRANT: i64 = 10_000_000_000_000;

pub(super) struct Stage {
    profile: &'static str,
    _children: Children,
    simulated: Vec<String>,
    clocked: Vec<String>,
    clock_port: u16,
    pid: u32,
    gateways: [String; 2],
    secrets: Secrets,
}

impl Stage {
    /// Starts the simulator, a gateway in front of it, a gateway in front of the load's own provider, and LiteLLM in
    /// front of each.
    pub(super) fn set(profile: &'static str, litellm: Option<&Path>) -> Result<Self> {
        let folder = tree::target().join("bench/stage");
        tree::empty_dir(&folder)?;
        let secrets = Secrets::keep(&folder.join("secrets.json"))?;
        let mut children = Children::default();
        // Nobody asks this to stop: Ctrl-C ends us, and what we started notices.
        let (_nobody, stop) = mpsc::channel();
        let mut command = Command::new(binary(profile, "triptych-simulator")?);
        command.args(["--port", "0", "--ttft-ms", "0", "--tokens-per-second", "0"]);
        let child = Child::start("simulator", &mut command, &folder.join("simulator.log"))?;
        let simulator = children.add(child).listening(START_LIMIT, &stop)?;

        let program = binary(profile, "triptych-gateway")?;
        let clock_port = free_port()?;
        let clock = format!("http://127.0.0.1:{clock_port}");
        let (near, _) =
            start_gateway(&mut children, &program, &folder, "gateway", &simulator, &secrets, &stop)?;
        let (far, pid) =
            start_gateway(&mut children, &program, &folder, "gateway-clock", &clock, &secrets, &stop)?;
        let mut simulated = vec![format!("direct={simulator}"), format!("gateway={near}=BENCH_KEY_0")];
        let mut clocked = vec![format!("direct={clock}"), format!("gateway={far}=BENCH_KEY_1")];
        if let Some(program) = litellm {
            let one = litellm::start(&mut children, program, &folder, free_port()?, &simulator, "litellm")?;
            let two = litellm::start(&mut children, program, &folder, free_port()?, &clock, "litellm-clock")?;
            simulated.push(format!("LiteLLM={one}=BENCH_KEY_LITELLM"));
            clocked.push(format!("LiteLLM={two}=BENCH_KEY_LITELLM"));
        }
        Ok(Self {
            profile,
            _children: children,
            simulated,
            clocked,
            clock_port,
            pid,
            gateways: [near, far],
            secrets,
        })
    }

    /// Runs the load and gives what it found.
    pub(super) fn measure(&mut self, calls: u32, seconds: u64, streams: u64) -> Result<String> {
        let mut load = Command::new(binary(self.profile, "triptych-bench")?);
        for (index, gateway) in self.gateways.iter().enumerate() {
            load.env(format!("BENCH_KEY_{index}"), token(gateway, &self.secrets)?);
        }
        load.env("BENCH_KEY_LITELLM", litellm::KEY);
        for target in &self.simulated {
            load.args(["--simulated", target]);
        }
        for target in &self.clocked {
            load.args(["--clocked", target]);
        }
        load.args(["--clock-port", &self.clock_port.to_string(), "--pid", &self.pid.to_string()]);
        load.args(["--calls", &calls.to_string(), "--seconds", &seconds.to_string()]);
        load.args(["--streams", &streams.to_string()]);
        let output = load.stderr(Stdio::inherit()).output().context("cannot start triptych-bench")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        if !output.status.success() {
            bail!("the load failed ({}) after:\n{text}", output.status);
        }
        Ok(text)
    }
}

fn start_gateway(
    children: &mut Children,
    program: &Path,
    folder: &Path,
    name: &'static str,
    provider: &str,
    secrets: &Secrets,
    stop: &mpsc::Receiver<()>,
) -> Result<(String, u32)> {
    let state = folder.join(name);
    fs::create_dir_all(&state)?;
    let config = state.join("gateway.toml");
    let quoted = |path: PathBuf| serde_json::Value::from(path.to_string_lossy().into_owned()).to_string();
    fs::write(
        &config,
        format!(
            "listen = \"127.0.0.1:0\"\ndatabase = {}\nmedia = {}\n\n[server]\nmax_connections = \
             1000000\n\n[limits]\nstreams_per_user = 1000000\n\n\
             [[tenants]]\nid = \"{TENANT}\"\nsecret_env = \"{}\"\norigins = []\n\n[[providers]]\nid = \"bench\"\n\
             kind = \"openai\"\nbase_url = \"{provider}/v1\"\n",
            quoted(Path::new(&format!("sqlite:{}", state.join("triptych.db").display())).into()),
            quoted(state.join("media")),
            demo::config::TENANT_SECRET_ENV,
        ),
    )?;
    let mut command = Command::new(program);
    command.arg("--config").arg(&config).env("RUST_LOG", "warn");
    secrets.tell(&mut command);
    let child = Child::start(name, &mut command, &state.join("gateway.log"))?;
    let child = children.add(child);
    let pid = child.id();
    let url = child.listening(START_LIMIT, stop)?;
    Ok((url, pid))
}

/// A browser token of a user who has plenty.
fn token(gateway: &str, secrets: &Secrets) -> Result<String> {
    let session = http::post(gateway, "/v1/sessions", &secrets.tenant, &json!({"user": USER}))?;
    let grant = json!({
        "tenant": TENANT, "user": USER, "amount": GRANT, "key": "bench", "reason": "benchmark",
    });
    http::post(gateway, "/admin/v1/grants", &secrets.admin, &grant)?;
    let secret = session["client_secret"].as_str().context("the session has no client_secret")?;
    Ok(secret.to_owned())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

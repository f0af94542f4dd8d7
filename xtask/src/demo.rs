//! `cargo xtask demo`: the whole of Triptych on this machine, with the simulator in the providers' place.

pub(crate) mod config;
pub(crate) mod http;
pub(crate) mod secrets;

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use serde_json::json;

use self::config::{GatewayConfig, Upstream};
use self::secrets::Secrets;
use crate::children::{Child, Children};
use crate::{process, tree, widget};

/// The one tenant of a demo, and the one user who is given credits.
const TENANT: &str = "demo";
const USER: &str = "demo";
/// 1,000 credits, in micro-credits.
const OPENING_GRANT: i64 = 1_000_000_000;
/// A debug build on a busy machine is slow to start, but not this slow.
const START_LIMIT: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Options {
    /// The port of the page and the gateway; 0 picks a free one.
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// A real OpenAI-compatible server for chat, such as http://127.0.0.1:11434/v1.
    #[arg(long, value_name = "URL")]
    upstream: Option<String>,
    /// The environment variable that holds the key for --upstream.
    #[arg(long, value_name = "NAME", requires = "upstream")]
    key_env: Option<String>,
    /// The model to ask --upstream for, whatever model was chosen on the page.
    #[arg(long, value_name = "MODEL", requires = "upstream")]
    upstream_model: Option<String>,
    /// Begin with an empty store.
    #[arg(long)]
    fresh: bool,
    /// How many times faster than real providers the simulator makes clips.
    #[arg(long, value_name = "FACTOR", default_value = "10")]
    video_speed: String,
    /// A further origin whose pages may use the widget; can be given several times.
    #[arg(long = "origin", value_name = "URL")]
    origins: Vec<String>,
    /// Where the demo keeps its state [default: target/demo].
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// How many tokens a second the simulator writes.
    #[arg(long, value_name = "RATE", default_value = "60")]
    tokens_per_second: String,
    /// Milliseconds that the simulator takes to draw a picture.
    #[arg(long, value_name = "MS", default_value = "2000")]
    image_ms: String,
    /// Build the Leptos application of examples/ as well; it is at /leptos.html.
    #[arg(long)]
    leptos: bool,
    /// Run what was built before, without building.
    #[arg(long, env = "TRIPTYCH_DEMO_PREBUILT", value_parser = clap::builder::FalseyValueParser::new())]
    prebuilt: bool,
    /// Serve the widget in this folder instead of building one.
    #[arg(long, value_name = "DIR", env = "TRIPTYCH_DEMO_WIDGET")]
    widget: Option<PathBuf>,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let upstream = upstream(options)?;
    let state = state_dir(options)?;
    let mut port = free_port(options.port)?;
    let widget = build(options)?;

    let stop = process::stop_signal()?;
    if options.fresh {
        forget(&state)?;
    }
    let secrets = Secrets::keep(&state.join("secrets.json"))?;

    let mut children = Children::default();
    let simulator = start_simulator(&mut children, options, &state, &stop)?;
    let url = loop {
        let mut origins = vec![format!("http://127.0.0.1:{port}"), format!("http://localhost:{port}")];
        origins.extend(options.origins.iter().map(|origin| origin.trim_end_matches('/').to_owned()));
        let config = GatewayConfig {
            port,
            state: &state,
            widget: &widget,
            pages: &tree::root().join("www"),
            tenant: TENANT,
            user: USER,
            origins: &origins,
            simulator: &simulator,
            upstream: upstream.as_ref(),
        };
        let file = state.join("gateway.toml");
        fs::write(&file, config.toml()).with_context(|| format!("cannot write {}", file.display()))?;
        match start_gateway(&mut children, &file, &state, &secrets, &stop) {
            Ok(url) => break url,
            // Somebody else was given the port meanwhile. Where it was ours to choose, there are others.
            Err(_) if options.port == 0 && free_port(port).is_err() => {
                children.stop_last();
                port = free_port(0)?;
            }
            Err(error) => return Err(error),
        }
    };
    grant(&url, &secrets)?;

    let card = state.join("demo.json");
    let written = json!({
        "url": url, "tenant": TENANT, "user": USER, "simulator": simulator,
        "tenant_secret": secrets.tenant, "admin_secret": secrets.admin, "pid": std::process::id(),
    });
    secrets::write_private(&card, &format!("{written:#}\n"))?;
    println!("\nTriptych is running at {url}/\nPress Ctrl-C to stop.");

    let outcome = children.watch(&stop);
    // The file says that a demo runs, so it goes with it.
    let _ = fs::remove_file(&card);
    println!("\nStopping.");
    children.stop();
    outcome
}

fn upstream(options: &Options) -> Result<Option<Upstream>> {
    let Some(url) = &options.upstream else { return Ok(None) };
    config::check_url(url).with_context(|| format!("--upstream {url:?} is no usable address"))?;
    if let Some(name) = &options.key_env
        && env::var_os(name).is_none_or(|key| key.is_empty())
    {
        bail!("--key-env {name}: that environment variable is not set; `export {name}=…` first");
    }
    Ok(Some(Upstream {
        url: url.trim_end_matches('/').to_owned(),
        key_env: options.key_env.clone(),
        model: options.upstream_model.clone(),
    }))
}

fn state_dir(options: &Options) -> Result<PathBuf> {
    let dir = options.state.clone().unwrap_or_else(|| tree::target().join("demo"));
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    dir.canonicalize().with_context(|| format!("cannot use {}", dir.display()))
}

/// Asked before anything is built: nobody wants to wait minutes to hear it.
fn free_port(port: u16) -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
        anyhow!("port {port} cannot be used ({error}); choose another with `--port N`, or `--port 0`")
    })?;
    Ok(listener.local_addr()?.port())
}

fn build(options: &Options) -> Result<PathBuf> {
    let own = tree::target().join("demo").join("widget");
    let widget = options.widget.as_ref().map(|dir| tree::root().join(dir)).unwrap_or(own);
    if !options.prebuilt {
        if options.widget.is_none() {
            println!("Building the widget (without wasm-opt, which only `cargo xtask dist` runs).");
            widget::build(&widget)?;
            if options.leptos {
                widget::add_leptos_app(&widget)?;
            }
        }
        println!("Building the gateway and the simulator.");
        let mut cargo = process::cargo(["build", "--package", "triptych-gateway"]);
        process::run(cargo.args(["--package", "triptych-simulator", "--bins"]))?;
    }
    if !widget.join("triptych.js").is_file() {
        bail!("{} holds no built widget; run once without --prebuilt", tree::shown(&widget));
    }
    Ok(widget)
}

/// Empties the store. Secrets stay, so that a page that was set up against this demo goes on working.
fn forget(state: &Path) -> Result<()> {
    tree::remove_dir(&state.join("media"))?;
    for file in ["triptych.db", "triptych.db-wal", "triptych.db-shm"] {
        match fs::remove_file(state.join(file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

fn start_simulator(
    children: &mut Children,
    options: &Options,
    state: &Path,
    stop: &mpsc::Receiver<()>,
) -> Result<String> {
    let mut command = Command::new(binary("triptych-simulator")?);
    command.args(["--port", "0", "--video-speed", &options.video_speed]);
    command.args(["--tokens-per-second", &options.tokens_per_second, "--image-ms", &options.image_ms]);
    let child = Child::start("simulator", &mut command, &state.join("simulator.log"))?;
    children.add(child).listening(START_LIMIT, stop)
}

fn start_gateway(
    children: &mut Children,
    config: &Path,
    state: &Path,
    secrets: &Secrets,
    stop: &mpsc::Receiver<()>,
) -> Result<String> {
    let mut command = Command::new(binary("triptych-gateway")?);
    command.arg("--config").arg(config).current_dir(tree::root());
    secrets.tell(&mut command);
    let child = Child::start("gateway", &mut command, &state.join("gateway.log"))?;
    let url = children.add(child).listening(START_LIMIT, stop)?;
    http::get(&url, "/healthz").context("the gateway listens but is not healthy")?;
    Ok(url)
}

/// Gives the demo's user an opening balance, once for the life of the store.
fn grant(url: &str, secrets: &Secrets) -> Result<()> {
    let body = json!({
        "tenant": TENANT, "user": USER, "amount": OPENING_GRANT, "key": "demo-opening-grant",
        "reason": "Opening balance of the demo",
    });
    http::post(url, "/admin/v1/grants", &secrets.admin, &body)
        .context("the demo's user could not be given credits")?;
    Ok(())
}

fn binary(name: &str) -> Result<PathBuf> {
    let path = tree::target().join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX));
    if !path.is_file() {
        bail!("{} is not built; run once without --prebuilt", tree::shown(&path));
    }
    Ok(path)
}

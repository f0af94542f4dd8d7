//! `cargo xtask services`: a PostgreSQL and a Redis of our own, empty at the start and gone at the end.

mod postgres;
mod redis;

use std::fs::{self, File, TryLockError};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{env, fmt};

use anyhow::{Context, Result, bail};
use clap::Args;

use crate::children::Children;
use crate::{process, tools, tree};

/// Where tests find PostgreSQL: a superuser's address of a database in which nothing is kept.
const POSTGRES_ENV: &str = "TRIPTYCH_TEST_POSTGRES";
/// Where tests find Redis.
const REDIS_ENV: &str = "TRIPTYCH_TEST_REDIS";
const START_LIMIT: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Options {
    /// Let PostgreSQL wait for the disk at each commit, as it does where data matters.
    #[arg(long)]
    durable: bool,
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disk {
    /// Fast: what is lost with the power is only a test's.
    Ignored,
    /// As in production, so that a benchmark measures it.
    Waited,
}

/// Running servers; they end, and their files go, when this is dropped.
pub(crate) struct Services {
    pub(crate) postgres: String,
    pub(crate) redis: String,
    children: Children,
    folder: Option<PathBuf>,
    _lock: Option<File>,
}

/// Sees to it that both can be started.
pub(crate) fn find_or_install() -> Result<()> {
    postgres::find_or_install()?;
    redis::find_or_install()?;
    Ok(())
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let stop = process::stop_signal()?;
    let disk = if options.durable { Disk::Waited } else { Disk::Ignored };
    let mut services = Services::start("open", disk)?;
    let file = tree::target().join("services").join("urls.env");
    fs::write(&file, services.exports()).with_context(|| format!("cannot write {}", file.display()))?;
    println!("\n{services}\nTo use them in another terminal: source {}", tree::shown(&file));
    println!("Press Ctrl-C to stop.");
    let outcome = services.children.watch(&stop);
    // The file says that servers run, so it goes with them.
    let _ = fs::remove_file(&file);
    println!("\nStopping.");
    outcome
}

impl Services {
    /// For a test run: those that the environment names, or else our own.
    pub(crate) fn for_tests() -> Result<Self> {
        match (env::var(POSTGRES_ENV), env::var(REDIS_ENV)) {
            (Ok(postgres), Ok(redis)) => {
                println!("Using the servers that {POSTGRES_ENV} and {REDIS_ENV} name.");
                Ok(Self { postgres, redis, children: Children::default(), folder: None, _lock: None })
            }
            _ => Self::start("test", Disk::Ignored),
        }
    }

    /// Starts both. `name` keeps those of a test run apart from those that somebody left open in another terminal.
    pub(crate) fn start(name: &str, disk: Disk) -> Result<Self> {
        let postgres = postgres::find_or_install()?;
        let redis = redis::find_or_install()?;
        let (folder, lock) = own_folder(name)?;
        let mut services = Self {
            postgres: String::new(),
            redis: String::new(),
            children: Children::default(),
            folder: Some(folder.clone()),
            _lock: Some(lock),
        };
        services.postgres = postgres::start(&mut services.children, &postgres, &folder, disk)?;
        services.redis = redis::start(&mut services.children, &redis, &folder)?;
        Ok(services)
    }

    /// Tells a command's tests where the servers are.
    pub(crate) fn tell(&self, command: &mut Command) {
        command.env(POSTGRES_ENV, &self.postgres).env(REDIS_ENV, &self.redis);
    }

    fn exports(&self) -> String {
        format!("export {POSTGRES_ENV}={}\nexport {REDIS_ENV}={}\n", self.postgres, self.redis)
    }
}

impl fmt::Display for Services {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgreSQL: {}\nRedis:      {}", self.postgres, self.redis)
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        self.children.stop();
        if let Some(folder) = &self.folder {
            // Whoever cannot remove it removes it at the next start.
            let _ = tree::remove_dir(folder);
        }
    }
}

/// An empty folder that nobody else uses while the lock is held.
fn own_folder(name: &str) -> Result<(PathBuf, File)> {
    let services = tree::target().join("services");
    fs::create_dir_all(&services).with_context(|| format!("cannot create {}", services.display()))?;
    let lock = File::create(services.join(format!("{name}.lock")))?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            bail!("another `cargo xtask` of this checkout runs these servers already")
        }
        Err(TryLockError::Error(error)) => return Err(error).context("cannot lock the servers' folder"),
    }
    let mut folder = services.join(name);
    if !postgres::reaches(&services) {
        folder = env::temp_dir().join(format!("triptych-services-{name}-{}", std::process::id()));
    }
    tree::empty_dir(&folder)?;
    Ok((folder, lock))
}

/// A command for a server that ends with us, however we end. On Linux that is the kernel's doing; elsewhere a
/// server outlives an xtask that is killed.
fn server(program: &Path, user: Option<&str>, signal: &str) -> Command {
    if !cfg!(target_os = "linux") || tools::on_path("setpriv").is_none() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", signal]);
    if let Some(user) = user {
        let group = process::output("id", &["-gn", user]).unwrap_or_else(|| user.to_owned());
        command.args(["--reuid", user, "--regid", &group, "--init-groups"]);
    }
    command.arg("--").arg(program);
    command
}

/// A port that nobody has at the moment.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

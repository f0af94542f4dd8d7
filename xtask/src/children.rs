//! The processes that a demo, a test or a benchmark consists of: started together, ended together.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
#[cfg(unix)]
use nix::sys::signal::Signal;

/// How long a process may take to end by itself once asked.
const GRACE: Duration = Duration::from_secs(10);
const LOG_TAIL: usize = 25;
const LISTENING: &str = "listening on ";

/// Ends its processes when dropped.
#[derive(Default)]
pub(crate) struct Children(Vec<Child>);

pub(crate) struct Child {
    name: &'static str,
    process: process::Child,
    log: PathBuf,
    address: Receiver<String>,
    #[cfg(unix)]
    ending: Signal,
}

impl Children {
    pub(crate) fn add(&mut self, child: Child) -> &mut Child {
        self.0.push(child);
        let last = self.0.len() - 1;
        &mut self.0[last]
    }

    /// Ends the one that was started last.
    pub(crate) fn stop_last(&mut self) {
        if let Some(mut child) = self.0.pop() {
            child.stop();
        }
    }

    /// Waits until a stop is asked for; a process that ends before is an error.
    pub(crate) fn watch(&mut self, stop: &Receiver<()>) -> Result<()> {
        loop {
            match stop.recv_timeout(Duration::from_millis(250)) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return Ok(()),
            }
            for child in &mut self.0 {
                if let Some(status) = child.process.try_wait()? {
                    bail!(child.obituary(status));
                }
            }
        }
    }

    /// Asks all processes to end, the last started first, and ends those that do not listen.
    pub(crate) fn stop(&mut self) {
        for mut child in self.0.drain(..).rev() {
            child.stop();
        }
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Child {
    /// Starts a process of its own group, so that a Ctrl-C reaches us alone and we end it in order.
    pub(crate) fn start(name: &'static str, command: &mut Command, log: &Path) -> Result<Self> {
        let mut file = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(file.try_clone()?);
        // Colours are for terminals, and this goes into a file.
        command.env("NO_COLOR", "1");
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let mut process = command.spawn().with_context(|| format!("cannot start the {name}"))?;
        let (sender, address) = mpsc::channel();
        if let Some(stdout) = process.stdout.take() {
            thread::spawn(move || {
                for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                    if let Some(url) = line.strip_prefix(LISTENING) {
                        let _ = sender.send(url.trim().trim_end_matches('/').to_owned());
                    }
                    let _ = writeln!(file, "{line}");
                }
            });
        }
        Ok(Self {
            name,
            process,
            log: log.to_path_buf(),
            address,
            #[cfg(unix)]
            ending: Signal::SIGTERM,
        })
    }

    /// Lets Ctrl-C's signal end it: PostgreSQL takes the usual one for "when all clients have gone".
    pub(crate) fn ended_by_interrupt(self) -> Self {
        Self {
            #[cfg(unix)]
            ending: Signal::SIGINT,
            ..self
        }
    }

    /// The number under which the system knows it.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits until `ready` says so; a process that ends before, or takes longer than `limit`, is an error.
    pub(crate) fn wait_until(&mut self, limit: Duration, ready: impl Fn() -> bool) -> Result<()> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if ready() {
                return Ok(());
            }
            if let Some(status) = self.process.try_wait()? {
                bail!(self.obituary(status));
            }
            thread::sleep(Duration::from_millis(50));
        }
        bail!("the {} was not ready within {} s{}", self.name, limit.as_secs(), self.log_tail())
    }

    /// The address that the process says it listens on.
    pub(crate) fn listening(&mut self, limit: Duration, stop: &Receiver<()>) -> Result<String> {
        let start = Instant::now();
        while start.elapsed() < limit {
            if let Ok(url) = self.address.recv_timeout(Duration::from_millis(100)) {
                return Ok(url);
            }
            if let Some(status) = self.process.try_wait()? {
                bail!(self.obituary(status));
            }
            if stop.try_recv().is_ok() {
                bail!("stopped before the {} was ready", self.name);
            }
        }
        bail!("the {} did not say `{LISTENING}…` within {} s{}", self.name, limit.as_secs(), self.log_tail())
    }

    fn obituary(&self, status: ExitStatus) -> String {
        format!("the {} ended by itself ({status}){}", self.name, self.log_tail())
    }

    fn log_tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(LOG_TAIL)..].join("\n  ");
        format!("; the end of {}:\n  {tail}", self.log.display())
    }

    fn stop(&mut self) {
        #[cfg(unix)]
        self.signal(self.ending);
        #[cfg(not(unix))]
        let _ = self.process.kill();
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(20));
        }
        eprintln!("The {} does not end; killing it.", self.name);
        #[cfg(unix)]
        self.signal(Signal::SIGKILL);
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    #[cfg(unix)]
    fn signal(&mut self, signal: Signal) {
        // One that has ended already is not waited for yet, so its number cannot have been given away.
        if matches!(self.process.try_wait(), Ok(None))
            && let Ok(pid) = i32::try_from(self.process.id())
        {
            let _ = nix::sys::signal::killpg(nix::unistd::Pid::from_raw(pid), signal);
        }
    }
}

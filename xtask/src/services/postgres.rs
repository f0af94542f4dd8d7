//! A PostgreSQL cluster made for one run.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{Disk, START_LIMIT, free_port, server};
use crate::children::{Child, Children};
use crate::{process, tools};

/// The oldest that the gateway works with.
const OLDEST: u32 = 15;
const HOW: &str = "install PostgreSQL 15 or newer (`apt-get install postgresql`, or `brew install postgresql@17`), or \
                   name the folder of its programs in $TRIPTYCH_PG_BIN";
/// Where distributions keep the server, which is seldom on the path.
const HOMES: [&str; 4] = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt"];

/// The folder of the newest server's programs.
pub(super) fn find_or_install() -> Result<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    if tools::may_apt_install() {
        println!("No PostgreSQL {OLDEST} or newer found; installing the system's.");
        tools::apt_install(&["postgresql"])?;
    }
    find().with_context(|| format!("PostgreSQL's server is missing: {HOW}"))
}

fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("TRIPTYCH_PG_BIN") {
        return Some(PathBuf::from(named));
    }
    let homes = HOMES.iter().filter_map(|home| fs::read_dir(home).ok()).flatten().flatten();
    let on_path =
        tools::on_path("postgres").and_then(|file| Some(file.canonicalize().ok()?.parent()?.to_owned()));
    homes
        .map(|entry| entry.path().join("bin"))
        .chain(on_path)
        .filter(|bin| bin.join(exe("initdb")).is_file())
        .filter_map(|bin| {
            let version = process::output(bin.join(exe("postgres")), &["--version"])?;
            Some((major(&version)?, bin))
        })
        .filter(|(version, _)| *version >= OLDEST)
        .max()
        .map(|(_, bin)| bin)
}

/// Makes a cluster and starts it; gives the address of its maintenance database.
pub(super) fn start(children: &mut Children, bin: &Path, folder: &Path, disk: Disk) -> Result<String> {
    let user = user_for_root();
    let data = folder.join("pg");
    fs::create_dir_all(&data)?;
    if let Some(user) = user {
        process::run(Command::new("chown").arg(user).arg(&data))?;
    }
    let mut initdb = server(&bin.join(exe("initdb")), user, "TERM");
    initdb.current_dir(&data).arg("--pgdata").arg(&data).args(["--username=postgres", "--auth=trust"]);
    initdb.args(["--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"]).stdout(Stdio::null());
    let status = initdb.status().context("cannot start initdb")?;
    if !status.success() {
        bail!("initdb failed ({status}) in {}", data.display());
    }

    let port = free_port()?;
    let mut postgres = server(&bin.join(exe("postgres")), user, "INT");
    postgres.current_dir(&data).arg("-D").arg(&data).args(["-h", "127.0.0.1", "-p", &port.to_string()]);
    postgres.args(["-c", "unix_socket_directories=", "-c", "max_connections=400"]);
    if disk == Disk::Ignored {
        postgres.args(["-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]);
    }
    let log = folder.join("postgres.log");
    let child = Child::start("PostgreSQL", &mut postgres, &log)?.ended_by_interrupt();
    let port_arg = port.to_string();
    children.add(child).wait_until(START_LIMIT, || {
        let ready = bin.join(exe("pg_isready"));
        process::output(ready, &["-q", "-h", "127.0.0.1", "-p", &port_arg]).is_some()
    })?;
    Ok(format!("postgres://postgres@127.0.0.1:{port}/postgres"))
}

/// PostgreSQL refuses to run as root; the account that its package made, or else nobody's, runs it then.
fn user_for_root() -> Option<&'static str> {
    let exists = |user: &&str| process::output("id", &["-u", *user]).is_some();
    if cfg!(unix) && tools::is_root() { ["postgres", "nobody"].into_iter().find(exists) } else { None }
}

/// Whether PostgreSQL's account may enter a folder: a checkout in root's home is closed to it.
pub(super) fn reaches(folder: &Path) -> bool {
    let Some(user) = user_for_root() else { return true };
    let test = server(Path::new("test"), Some(user), "TERM").arg("-x").arg(folder).status();
    test.is_ok_and(|status| status.success())
}

/// `postgres (PostgreSQL) 15.4 (Debian 15.4-1)` is 15.
fn major(version: &str) -> Option<u32> {
    let number = version.split_once("(PostgreSQL) ")?.1;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn exe(name: &str) -> String {
    format!("{name}{}", env::consts::EXE_SUFFIX)
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_read_from_what_servers_say() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("mysqld 8"), None);
    }
}

//! A Redis, or the Valkey that came out of it, without anything on disk.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};

use super::{START_LIMIT, free_port, server};
use crate::children::{Child, Children};
use crate::tools;

pub(super) fn find_or_install() -> Result<PathBuf> {
    let find = || ["valkey-server", "redis-server"].into_iter().find_map(tools::on_path);
    if let Some(found) = find() {
        return Ok(found);
    }
    if tools::may_apt_install() {
        println!("No Redis found; installing the system's.");
        tools::apt_install(&["redis-server"])?;
    }
    match find() {
        Some(found) => Ok(found),
        None => bail!(
            "neither valkey-server nor redis-server is installed: `apt-get install redis-server`, or `brew install valkey`"
        ),
    }
}

pub(super) fn start(children: &mut Children, program: &Path, folder: &Path) -> Result<String> {
    let port = free_port()?;
    let mut command = server(program, None, "TERM");
    command.current_dir(folder).args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    command.args(["--save", "", "--appendonly", "no", "--databases", "64"]);
    let child = Child::start("Redis", &mut command, &folder.join("redis.log"))?;
    children.add(child).wait_until(START_LIMIT, || answers(port))?;
    Ok(format!("redis://127.0.0.1:{port}"))
}

fn answers(port: u16) -> bool {
    let ping = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(2)))?;
        stream.write_all(b"PING\r\n")?;
        let mut pong = [0; 5];
        stream.read_exact(&mut pong)?;
        Ok(&pong == b"+PONG")
    };
    ping().unwrap_or(false)
}

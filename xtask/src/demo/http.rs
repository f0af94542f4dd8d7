//! The two requests that a demo sends to its own gateway over loopback; no reason for a client library.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// Asks for `path` at `base`, which is `http://host:port`; any answer but a 2xx is an error.
pub(crate) fn get(base: &str, path: &str) -> Result<()> {
    exchange(base, &format!("GET {path}"), "", "").map(drop)
}

/// Posts JSON with a bearer secret and gives the answer's; any answer but a 2xx is an error.
pub(crate) fn post(base: &str, path: &str, secret: &str, body: &Value) -> Result<Value> {
    let headers = format!("authorization: Bearer {secret}\r\ncontent-type: application/json\r\n");
    let answer = exchange(base, &format!("POST {path}"), &headers, &body.to_string())?;
    serde_json::from_str(&answer).with_context(|| format!("POST {path} answered no JSON"))
}

fn exchange(base: &str, line: &str, headers: &str, body: &str) -> Result<String> {
    let host = base.strip_prefix("http://").context("only http is spoken here")?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    )?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split_whitespace().nth(1).unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body).trim();
    if !status.starts_with('2') {
        bail!("{line} answered {status}: {body}");
    }
    Ok(body.to_owned())
}

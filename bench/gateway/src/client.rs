//! One connection to a server, as thin as it can be.

use std::env;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;

/// A way to a provider.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) key: String,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let mut parts = text.splitn(3, '=');
        let name = parts.next().context("no name")?.to_owned();
        let url = parts.next().context("no address")?;
        let host = url.strip_prefix("http://").context("only http is spoken here")?.to_owned();
        let key = match parts.next() {
            Some(name) => env::var(name).with_context(|| format!("${name} is not set"))?,
            None => "none".to_owned(),
        };
        Ok(Self { name, host, key })
    }
}

pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    target: Target,
}

impl Connection {
    pub(crate) async fn open(target: &Target) -> Result<Self> {
        let stream = TcpStream::connect(&target.host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { sender, target: target.clone() })
    }

    pub(crate) async fn post(&mut self, body: &Bytes) -> Result<Response<Incoming>> {
        self.sender.ready().await?;
        let request = Request::post("/v1/chat/completions")
            .header("host", &self.target.host)
            .header("authorization", format!("Bearer {}", self.target.key))
            .header("content-type", "application/json")
            .body(Full::new(body.clone()))?;
        let response = self.sender.send_request(request).await?;
        if response.status() != 200 {
            let status = response.status();
            let body = response.into_body().collect().await?.to_bytes();
            bail!("{}: {status} {}", self.target.name, String::from_utf8_lossy(&body));
        }
        Ok(response)
    }

    /// Makes a call and reads its answer to the end.
    pub(crate) async fn call(&mut self, body: &Bytes) -> Result<Bytes> {
        Ok(self.post(body).await?.into_body().collect().await?.to_bytes())
    }
}

/// A chat call.
pub(crate) fn chat(prompt: &str, more: &Value) -> Bytes {
    let mut body = json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": prompt}]});
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    Bytes::from(body.to_string())
}

/// Waits until a server takes connections.
pub(crate) async fn wait_for(target: &Target) -> Result<()> {
    for _ in 0..600 {
        if TcpStream::connect(&target.host).await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("{} does not listen on {}", target.name, target.host)
}

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::json;
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::fault::Kind;
use crate::job::{Job, Outcome, Status};
use crate::order::Making;
use crate::state::{Simulator, now_ms};

/// How long one delivery may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Waits before another try, as long as nobody has answered with 2xx.
const RETRIES: [Duration; 3] = [Duration::ZERO, Duration::from_millis(200), Duration::from_secs(1)];
/// Between the answer to a create call and the news of a job that was done at once.
const HEAD_START: Duration = Duration::from_millis(10);

/// Tells the job's listener once the job has ended. One that was taken back ends in silence.
pub(crate) fn send_at_end(simulator: Simulator, job: Arc<Job>) {
    if url(&simulator, &job).is_none() {
        return;
    }
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(job.time_ms).max(HEAD_START)).await;
        send(&simulator, &job).await;
    });
}

/// Tells the job's listener now, and returns when it has answered or every try was in vain.
pub(crate) async fn send(simulator: &Simulator, job: &Job) {
    let Some(url) = url(simulator, job).filter(|_| !job.named(Kind::WebhookLost)) else { return };
    if !matches!(job.status(), Status::Completed | Status::Failed) {
        return;
    }
    let Some(letter) = Letter::about(simulator, job) else {
        tracing::warn!("the webhook secret is not `whsec_` and base64");
        return;
    };
    let times = if job.named(Kind::WebhookTwice) { 2 } else { 1 };
    for _ in 0..times {
        for wait in RETRIES {
            tokio::time::sleep(wait).await;
            let answer = tokio::time::timeout(PATIENCE, post(&url, &letter)).await;
            let status = answer.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()));
            let accepted = matches!(status, Ok(200..=299));
            simulator.tally().count_webhook(accepted);
            if accepted {
                break;
            }
            tracing::debug!(?status, "a webhook was not taken");
        }
    }
}

struct Letter {
    id: String,
    timestamp: u64,
    signature: String,
    body: String,
}

impl Letter {
    /// An event signed as Standard Webhooks says.
    fn about(simulator: &Simulator, job: &Job) -> Option<Self> {
        let thing = if job.order.making == Making::Clip { "video" } else { "image" };
        let end = if job.outcome == Outcome::Failure { "failed" } else { "completed" };
        let id = simulator.new_id("evt_");
        let hour = if job.named(Kind::WebhookOld) { 3600 } else { 0 };
        let timestamp = now_ms() / 1000 - hour;
        let body = json!({
            "id": id, "object": "event", "created_at": now_ms() / 1000, "type": format!("{thing}.{end}"),
            "data": {"id": job.id},
        });
        let body = body.to_string();
        let mut signature = sign(&simulator.config().webhook_secret, &format!("{id}.{timestamp}.{body}"))?;
        if job.named(Kind::WebhookForged) {
            signature = sign("whsec_c29tZWJvZHkgZWxzZQ==", &body)?;
        }
        Some(Self { id, timestamp, signature: format!("v1,{signature}"), body })
    }
}

fn url(simulator: &Simulator, job: &Job) -> Option<String> {
    job.order.callback_url.clone().or_else(|| simulator.config().webhook_url.clone())
}

fn sign(secret: &str, text: &str) -> Option<String> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_")?).ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(text.as_bytes());
    Some(STANDARD.encode(mac.finalize().into_bytes()))
}

/// One POST over a connection of its own. Listeners of a simulated provider speak plain HTTP.
async fn post(url: &str, letter: &Letter) -> std::io::Result<u16> {
    let unusable = || Error::new(ErrorKind::InvalidInput, "only http://HOST:PORT/PATH can be told");
    let rest = url.strip_prefix("http://").ok_or_else(unusable)?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if url.contains(['\r', '\n', ' ']) || host.is_empty() {
        return Err(unusable());
    }
    let address = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
    let mut connection = TcpStream::connect(address).await?;
    let Letter { id, timestamp, signature, body } = letter;
    let request = format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-type: application/json\r\n\
         webhook-id: {id}\r\nwebhook-timestamp: {timestamp}\r\nwebhook-signature: {signature}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.write_all(request.as_bytes()).await?;
    let mut head = [0; 12];
    connection.read_exact(&mut head).await?;
    // `HTTP/1.1 200`
    let status = head.get(9..).and_then(|status| std::str::from_utf8(status).ok());
    status.and_then(|status| status.parse().ok()).ok_or_else(|| ErrorKind::InvalidData.into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_example() {
        // From the documentation of Standard Webhooks' reference libraries.
        let text = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
        let signature = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", text).unwrap();
        assert_eq!(signature, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}

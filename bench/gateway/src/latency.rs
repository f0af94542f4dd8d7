//! How long a call takes over each way. The ways take turns, so that whatever else the machine does meets all alike.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::client::{Connection, Target, chat};
use crate::stats::{Samples, table};
use crate::upstream;

/// Tokens of one stream, and the wait between two.
const TOKENS: u64 = 50;
const EVERY: Duration = Duration::from_millis(10);

/// Calls that are answered in one piece.
pub(crate) async fn requests(targets: &[Target], calls: usize) -> Result<()> {
    let body = chat("Say hello", &json!({"max_completion_tokens": 16}));
    let mut connections = open(targets).await?;
    let mut samples = vec![Samples::default(); targets.len()];
    for round in 0..calls + calls / 10 {
        for (connection, samples) in connections.iter_mut().zip(&mut samples) {
            let start = Instant::now();
            connection.call(&body).await?;
            // The first rounds warm everybody up.
            if round >= calls / 10 {
                samples.add(start.elapsed().as_nanos());
            }
        }
    }
    show("answer in one piece", targets, &samples);
    Ok(())
}

/// Streams: the wait for the first token, and how long each token is on its way.
pub(crate) async fn streams(targets: &[Target], calls: usize) -> Result<()> {
    let body = chat(&upstream::prompt(TOKENS, EVERY), &json!({"stream": true}));
    let mut connections = open(targets).await?;
    let mut first = vec![Samples::default(); targets.len()];
    let mut each = vec![Samples::default(); targets.len()];
    for round in 0..calls + 2 {
        for (index, connection) in connections.iter_mut().enumerate() {
            let mut dropped = (Samples::default(), Samples::default());
            let (first, each) = if round < 2 {
                (&mut dropped.0, &mut dropped.1)
            } else {
                (&mut first[index], &mut each[index])
            };
            stream(connection, &body, first, each).await?;
        }
    }
    show("first token of a stream", targets, &first);
    show("each token of a stream", targets, &each);
    Ok(())
}

async fn stream(
    connection: &mut Connection,
    body: &Bytes,
    first: &mut Samples,
    each: &mut Samples,
) -> Result<()> {
    let start = Instant::now();
    let mut answer = connection.post(body).await?.into_body();
    let mut pending = String::new();
    let mut seen = 0;
    while let Some(frame) = answer.frame().await {
        let Ok(bytes) = frame?.into_data() else { continue };
        let now = upstream::now();
        pending.push_str(&String::from_utf8_lossy(&bytes));
        while let Some(end) = pending.find("\n") {
            let line: String = pending.drain(..=end).collect();
            let Some(sent) = sent_at(&line) else { continue };
            if seen == 0 {
                first.add(start.elapsed().as_nanos());
            }
            each.add(u128::from(now.saturating_sub(sent)));
            seen += 1;
        }
    }
    if seen != TOKENS {
        bail!("{seen} tokens came of {TOKENS}");
    }
    Ok(())
}

/// The time in a token's text.
fn sent_at(line: &str) -> Option<u64> {
    let event: Value = serde_json::from_str(line.strip_prefix("data: ")?).ok()?;
    event.get("choices")?.get(0)?.get("delta")?.get("content")?.as_str()?.trim().parse().ok()
}

async fn open(targets: &[Target]) -> Result<Vec<Connection>> {
    let mut connections = Vec::new();
    for target in targets {
        connections.push(Connection::open(target).await?);
    }
    Ok(connections)
}

fn show(title: &str, targets: &[Target], samples: &[Samples]) {
    let rows: Vec<_> = targets.iter().map(|target| target.name.as_str()).zip(samples).collect();
    table(title, &rows);
}

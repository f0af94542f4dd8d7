//! How much memory open streams take.

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures_util::stream::{FuturesUnordered, StreamExt};
use http_body_util::BodyExt;
use serde_json::json;

use crate::client::{Connection, Target, chat};
use crate::upstream;

/// Streams being opened at once.
const ABREAST: usize = 64;
/// The wait between two tokens of an open stream, and how many it has: it outlives the measurement.
const EVERY: Duration = Duration::from_secs(10);
const TOKENS: u64 = 1000;

pub(crate) async fn run(gateway: &Target, pid: u32, count: usize) -> Result<()> {
    let body =
        chat(&upstream::prompt(TOKENS, EVERY), &json!({"stream": true, "max_completion_tokens": 2048}));
    let open = || async {
        let mut connection = Connection::open(gateway).await?;
        let mut answer = connection.post(&body).await?.into_body();
        answer.frame().await.context("no first token")??;
        anyhow::Ok((connection, answer))
    };
    // What the first streams make the process set up is not theirs.
    let warm = open().await?;
    let before = memory(pid)?;
    let start = Instant::now();
    let mut held = vec![warm];
    let mut opening = FuturesUnordered::new();
    let mut failed = None;
    let mut begun = 0;
    while begun < count || !opening.is_empty() {
        while begun < count && opening.len() < ABREAST && failed.is_none() {
            opening.push(open());
            begun += 1;
        }
        match opening.next().await {
            Some(Ok(stream)) => held.push(stream),
            Some(Err(error)) => failed = Some(error),
            None => break,
        }
    }
    let took = start.elapsed();
    // Every one has been fed at least once more by then.
    for (_, answer) in &mut held {
        let _ = tokio::time::timeout(EVERY * 2, answer.frame()).await;
    }
    let after = memory(pid)?;
    let each = after.saturating_sub(before) as f64 / held.len() as f64;
    println!("\n| open streams | opened in (s) | gateway's memory (MiB) | KiB for each | streams in a GiB |");
    println!("| --: | --: | --: | --: | --: |");
    println!(
        "| {} | {:.1} | {:.0} → {:.0} | {:.1} | {:.0} |",
        held.len(),
        took.as_secs_f64(),
        before as f64 / 1048576.0,
        after as f64 / 1048576.0,
        each / 1024.0,
        1073741824.0 / each
    );
    if let Some(error) = failed {
        println!("\nNo more could be opened: {error:#}");
    }
    Ok(())
}

/// The resident memory of a process, in bytes.
fn memory(pid: u32) -> Result<u64> {
    let status =
        fs::read_to_string(format!("/proc/{pid}/status")).context("memory is measured on Linux only")?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.split_whitespace().nth(1).context("no number")?.parse()?;
    Ok(kib * 1024)
}

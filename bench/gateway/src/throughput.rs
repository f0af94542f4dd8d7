//! Calls a second at several numbers of callers.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;
use tokio::task::JoinSet;

use crate::client::{Connection, Target, chat};

const CALLERS: [usize; 4] = [1, 4, 16, 64];

pub(crate) async fn run(targets: &[Target], time: Duration) -> Result<()> {
    println!("\n| calls a second, by callers | 1 | 4 | 16 | 64 |");
    println!("| --- | --: | --: | --: | --: |");
    for target in targets {
        let mut cells = String::new();
        for callers in CALLERS {
            let (done, failed) = step(target, callers, time).await;
            let rate = done as f64 / time.as_secs_f64();
            let failures = if failed == 0 { String::new() } else { format!(" ({failed} failed)") };
            cells += &format!(" {rate:.0}{failures} |");
        }
        println!("| {} |{cells}", target.name);
    }
    Ok(())
}

async fn step(target: &Target, callers: usize, time: Duration) -> (u64, u64) {
    let body = chat("Say hello", &json!({"max_completion_tokens": 16}));
    let end = Instant::now() + time;
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (target, body) = (target.clone(), body.clone());
        tasks.spawn(async move {
            let (mut done, mut failed) = (0, 0);
            let mut connection = None;
            while Instant::now() < end && failed < 100 {
                let open = match connection.take() {
                    Some(open) => Ok(open),
                    None => Connection::open(&target).await,
                };
                let Ok(mut open) = open else {
                    failed += 1;
                    continue;
                };
                match open.call(&body).await {
                    Ok(_) => {
                        done += 1;
                        connection = Some(open);
                    }
                    Err(error) => {
                        if failed == 0 {
                            eprintln!("{error:#}");
                        }
                        failed += 1;
                    }
                }
            }
            (done, failed)
        });
    }
    let mut sum = (0, 0);
    while let Some(Ok((done, failed))) = tasks.join_next().await {
        sum = (sum.0 + done, sum.1 + failed);
    }
    sum
}

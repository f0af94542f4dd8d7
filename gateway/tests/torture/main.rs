//! Gateways that are killed at every dangerous place while users call them: nothing may be lost, nothing charged or
//! ordered twice. A run is made from its seed:
//!
//! - `TRIPTYCH_TORTURE_RUNS` says how many runs (8 by default), `TRIPTYCH_TORTURE_SEED` where they begin;
//! - `TRIPTYCH_TEST_POSTGRES` names a server for the runs that want one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use reqwest::Client;
use sqlx::{AnyConnection, Row};

use crate::dice::Dice;
use crate::gateway::{BETWEEN_TRIES, Gateway, Place};
use crate::load::{Order, Told};

mod books;
mod dice;
mod gateway;
mod judge;
mod load;

/// Longest that a run may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(180);
/// Runs side by side: most of each is waiting.
const ABREAST: usize = 3;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_is_killed_again_and_again_loses_and_doubles_nothing() {
    run_all(1, "TRIPTYCH_TORTURE_RUNS", 8).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_gateways_of_which_one_is_killed_again_and_again_lose_and_double_nothing() {
    if std::env::var_os("TRIPTYCH_TEST_POSTGRES").is_none() {
        assert!(std::env::var_os("CI").is_none(), "TRIPTYCH_TEST_POSTGRES is not set");
        eprintln!("TRIPTYCH_TEST_POSTGRES is not set: two gateways are not tested");
        return;
    }
    run_all(2, "TRIPTYCH_TORTURE_PAIRS", 4).await;
}

async fn run_all(gateways: u32, runs: &str, default: u64) {
    triptych_gateway::init_tls();
    let first = number("TRIPTYCH_TORTURE_SEED", 1);
    let seeds = first..first + number(runs, default);
    let outcomes = futures_util::stream::iter(seeds).map(|seed| async move {
        let task = tokio::spawn(async move { run(seed, gateways).await });
        (seed, task.await.unwrap_or_else(|error| vec![error.to_string()]))
    });
    let outcomes: Vec<_> = outcomes.buffer_unordered(ABREAST).collect().await;
    let wrong: Vec<_> = outcomes.iter().filter(|(_, problems)| !problems.is_empty()).collect();
    for (seed, problems) in &wrong {
        eprintln!("seed {seed}:\n  {}", problems.join("\n  "));
    }
    let seeds: Vec<_> = wrong.iter().map(|(seed, _)| seed.to_string()).collect();
    assert!(
        wrong.is_empty(),
        "{} runs broke a rule. Again: TRIPTYCH_TORTURE_SEED={} {runs}=1 (seeds: {})",
        wrong.len(),
        seeds[0],
        seeds.join(", ")
    );
}

/// One run; what it broke.
async fn run(seed: u64, count: u32) -> Vec<String> {
    let mut dice = Dice::new(seed);
    let server = std::env::var("TRIPTYCH_TEST_POSTGRES").ok();
    let postgres = server.as_deref().filter(|_| count > 1 || dice.below(4) == 0);
    let place = Place::new(seed, postgres).await;
    let config =
        triptych_simulator::Config { max_concurrent_videos: 3, ..triptych_simulator::Config::instant() };
    let provider = triptych_simulator::spawn(config).await.unwrap();
    let kind = *dice.pick(&["openai", "generations"]);
    let (base, judge) = (provider.base_url(), judge::start().await);
    let mut gateways: Vec<_> =
        (0..count).map(|number| Gateway::new(&place, number, &base, kind, &judge)).collect();
    // The last one is killed; one that stands beside it is left alone.
    let mut mortal = gateways.pop().unwrap();
    for gateway in &mut gateways {
        assert!(gateway.start(None).await, "the gateway did not start");
    }
    let urls: Vec<_> =
        gateways.iter().map(|gateway| gateway.url.clone()).chain([mortal.url.clone()]).collect();
    let client = Client::builder().timeout(Duration::from_secs(20)).build().unwrap();
    let orders = load::orders(&mut dice);
    let calls: Vec<_> = orders
        .into_iter()
        .map(|order| {
            let (client, urls) = (client.clone(), urls.clone());
            tokio::spawn(async move { (order.clone(), load::carry_out(client, urls, order).await) })
        })
        .collect();
    for _ in 0..1 + dice.below(4) {
        let die_at = 1 + dice.below(45);
        if mortal.start(Some(die_at)).await {
            // A run may end before the place is reached: then it is killed where it is.
            let reached = tokio::time::timeout(Duration::from_millis(1500), mortal.death()).await;
            if reached.is_err() {
                mortal.kill().await;
            }
        }
    }
    assert!(mortal.start(None).await, "the gateway did not start again: {}", log(&place, count));
    let mut told: Vec<(Order, Told)> = Vec::new();
    for call in calls {
        told.push(call.await.unwrap());
    }
    if let Err(error) = come_to_rest(&client, &place, &mut mortal, &mut gateways).await {
        return vec![format!("{error}\n{}", log(&place, count))];
    }
    let bill = provider.bill();
    let problems = books::problems(&client, &mortal.url, &bill, &told, kind == "generations").await;
    if problems.is_empty() {
        mortal.kill().await;
        for mut gateway in gateways {
            gateway.kill().await;
        }
        std::fs::remove_dir_all(&place.folder).ok();
        return problems;
    }
    let log = log(&place, count);
    problems.into_iter().chain([format!("in {}\n{log}", place.folder.display())]).collect()
}

/// Waits until every job has ended. Jobs whose fate nobody knows end at their deadline, which is moved to now.
async fn come_to_rest(
    client: &Client,
    place: &Place,
    mortal: &mut Gateway,
    others: &mut [Gateway],
) -> Result<(), String> {
    let started = Instant::now();
    let mut database = place.connection().await;
    while !books::at_rest(client, &mortal.url).await {
        if started.elapsed() > PATIENCE {
            return Err(format!("the run does not come to rest: {}", open_things(&mut database).await));
        }
        // Jobs whose fate nobody knows keep their places at the provider, and those that wait for one wait on.
        let open = "SELECT COUNT(*), CAST(COALESCE(SUM(CASE WHEN state = 'indeterminate' THEN 1 ELSE 0 END), 0) \
                    AS BIGINT), CAST(COALESCE(SUM(CASE WHEN state = 'queued' THEN 1 ELSE 0 END), 0) AS BIGINT) \
                    FROM job WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired')";
        let row = sqlx::query(open).fetch_one(&mut database).await.map_err(|error| error.to_string())?;
        let (open, lost, queued): (i64, i64, i64) = (row.get(0), row.get(1), row.get(2));
        if lost > 0 && open == lost + queued && (queued == 0 || lost >= gateway::PLACES) {
            let overdue = "UPDATE job SET deadline_at = 1, due_at = 1 WHERE state = 'indeterminate'";
            sqlx::query(overdue).execute(&mut database).await.map_err(|error| error.to_string())?;
            // A worker that sleeps until the old deadline has to look again.
            mortal.kill().await;
            for other in others.iter_mut() {
                other.kill().await;
                other.start(None).await;
            }
            mortal.start(None).await;
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    Ok(())
}

/// What is left of a run that does not end.
async fn open_things(database: &mut AnyConnection) -> String {
    let mut told = Vec::new();
    for query in [
        "SELECT 'job ' || id || ' ' || state || ' due ' || due_at || ' lease ' || lease_until || ' of ' || \
         COALESCE(lease_owner, '') || ' misses ' || misses || ' deadline ' || deadline_at FROM job \
         WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired')",
        "SELECT 'hold ' || id || ' ' || kind || ' of ' || epoch || ' deadline ' || deadline FROM reservation \
         WHERE state = 'held'",
        "SELECT 'place ' || provider || ' ' || COALESCE(job_id, '') FROM upstream_slot WHERE job_id IS NOT NULL",
    ] {
        match sqlx::query(query).fetch_all(&mut *database).await {
            Ok(rows) => told.extend(rows.iter().map(|row| row.get::<String, _>(0))),
            Err(error) => told.push(error.to_string()),
        }
    }
    told.join("\n  ")
}

fn log(place: &Place, count: u32) -> String {
    let path = |number: u32| place.folder.join(format!("gateway-{number}.log"));
    (0..count).map(|number| gateway::last_lines(&path(number))).collect::<Vec<_>>().join("\n--\n")
}

//! Jobs that fail while several look at them: each is given back once, and the worker lives on.

use sqlx::{AnyConnection, Row};
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::Options;
use crate::jobs::{database, in_state};
use crate::support::{GRANT, Gateway, eventually};
use crate::videos::{clip, ended, job, order, price};

async fn count(database: &mut AnyConnection, query: &'static str) -> i64 {
    sqlx::query(query).fetch_one(database).await.unwrap().get(0)
}

/// How often a hold was given back, and how often a job has ended.
async fn ends(database: &mut AnyConnection) -> (i64, i64) {
    let given_back = count(database, "SELECT COUNT(*) FROM ledger_tx WHERE kind = 'release'").await;
    let ended =
        "SELECT COUNT(*) FROM job_event WHERE state IN ('completed', 'failed', 'cancelled', 'expired')";
    (given_back, count(database, ended).await)
}

#[tokio::test]
async fn a_failed_job_is_given_back_once_however_often_it_is_looked_at() {
    let mut gateway = Gateway::with(Options {
        kind: "generations".into(),
        provider: "webhook_secret_env = \"WEBHOOK_SECRET\"".into(),
        ..Options::default()
    })
    .await;
    let user = gateway.user("ada").await;
    let prompt = "[[fault:job-failed]] [[fault:webhook-twice]] Waves";
    let created = order(&gateway, &user, clip(prompt)).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "failed");
    let mut database = database(&gateway).await;
    for _ in 0..3 {
        sqlx::query("UPDATE job SET due_at = 1, lease_until = 0").execute(&mut database).await.unwrap();
        gateway.app.restart().await;
        for _ in 0..3 {
            assert_eq!(job(&gateway, &user, &created["id"]).await["status"], "failed");
        }
        // The worker has had its turn.
        let other = order(&gateway, &user, clip("Hills [[fault:job-failed]]")).await;
        ended(&gateway, &user, &other["id"]).await;
    }
    assert_eq!(gateway.settled(&user).await, GRANT);
    assert_eq!(ends(&mut database).await, (4, 4));
    gateway.check_books().await;
}

#[tokio::test]
async fn workers_that_meet_at_a_failed_job_give_it_back_once() {
    let mut gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let prompt = "[[fault:slow-poll=3000]] [[fault:job-failed]] Waves";
    let created = order(&gateway, &user, clip(prompt)).await;
    let polls = |gateway: &Gateway| {
        let asked = gateway.app.simulator.simulator().stats().requests;
        asked.get(&FaultRoute::VideoPoll).copied().unwrap_or(0)
    };
    eventually("the worker asks", async || (polls(&gateway) == 1).then_some(())).await;
    // The job's time is up as well, and no lease keeps a second worker from asking while the first one waits.
    let mut database = database(&gateway).await;
    let query = "UPDATE job SET due_at = 1, deadline_at = 1, lease_until = 0 WHERE state = 'running'";
    sqlx::query(query).execute(&mut database).await.unwrap();
    // The old worker goes on beside the new one.
    gateway.app.crash().await;
    let user = gateway.user("ada").await;
    eventually("both ask", async || (polls(&gateway) >= 2).then_some(())).await;
    assert_eq!(job(&gateway, &user, &created["id"]).await["status"], "in_progress");
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "failed");
    // Whoever was late has heard its answer, too.
    let other = order(&gateway, &user, clip("[[fault:slow-poll=3000]] Hills")).await;
    let other = ended(&gateway, &user, &other["id"]).await;
    assert_eq!(gateway.settled(&user).await, GRANT - price(&other));
    assert_eq!(ends(&mut database).await, (1, 2));
    gateway.check_books().await;
}

#[tokio::test]
async fn the_worker_goes_on_once_a_store_that_failed_is_back() {
    let gateway = Gateway::at_pace(|sim| sim.video_speed = 40.0).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    in_state(&gateway, "running").await;
    let mut database = database(&gateway).await;
    eventually("it is renamed", async || {
        sqlx::query("ALTER TABLE job RENAME TO away").execute(&mut database).await.ok()
    })
    .await;
    let path = format!("/v1/videos/{}", created["id"].as_str().unwrap());
    for _ in 0..20 {
        assert!(gateway.get(&user, &path).await.status().is_server_error());
        assert!(gateway.post(&user, "/v1/videos", clip("Hills")).await.status().is_server_error());
    }
    // The provider has finished in the meantime, and nobody could write it down.
    eventually("it is made", async || {
        (gateway.app.simulator.simulator().stats().videos.running == 0).then_some(())
    })
    .await;
    eventually("it is renamed", async || {
        sqlx::query("ALTER TABLE away RENAME TO job").execute(&mut database).await.ok()
    })
    .await;
    // A lease that could not be given back would last a minute.
    sqlx::query("UPDATE job SET lease_until = 0").execute(&mut database).await.unwrap();
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    let next = order(&gateway, &user, clip("Hills")).await;
    assert_eq!(ended(&gateway, &user, &next["id"]).await["status"], "completed");
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done) - price(&next));
    assert_eq!(gateway.billed(BillKind::Video).len(), 2);
    gateway.check_books().await;
}

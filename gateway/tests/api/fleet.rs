//! Several gateways on one PostgreSQL.

use serde_json::Value;
use triptych_simulator::BillKind;

use crate::app::{Options, TestApp, new_folder, postgres_for, spawn_app_with};
use crate::support::{Gateway, User, eventually};
use crate::videos::{clip, ended, order};

/// Two gateways before one provider, where there is a server for their database.
async fn two(options: impl Fn() -> Options) -> Option<(Gateway, Gateway)> {
    let folder = new_folder();
    // Only its name is needed.
    std::fs::remove_dir(&folder).unwrap();
    let database = Some(postgres_for(&folder).await?);
    let one: TestApp = spawn_app_with(Options { database: database.clone(), ..options() }).await;
    let (upstream, media) = (Some(one.simulator.base_url()), Some(one.folder.join("media")));
    let other = spawn_app_with(Options { database, media, upstream, ..options() }).await;
    Some((Gateway { app: one }, Gateway { app: other }))
}

async fn all_end(gateway: &Gateway, jobs: &[(User, Value)]) {
    for (user, created) in jobs {
        assert_eq!(ended(gateway, user, &created["id"]).await["status"], "completed");
    }
}

#[tokio::test]
async fn two_gateways_together_have_no_more_with_a_provider_than_it_may_have() {
    let options = || {
        let sim = triptych_simulator::Config { video_speed: 60.0, ..triptych_simulator::Config::instant() };
        Options { simulator: Some(sim), provider: "max_video_jobs = 2".into(), ..Options::default() }
    };
    let Some((one, other)) = two(options).await else { return };
    let (ada, bob) = (one.user("ada").await, other.user("bob").await);
    let mut jobs = Vec::new();
    for number in 0..4 {
        jobs.push((ada.clone(), order(&one, &ada, clip(&format!("Ada's {number}"))).await));
        jobs.push((bob.clone(), order(&other, &bob, clip(&format!("Bob's {number}"))).await));
    }
    // Each gateway knows the jobs that the other has taken.
    all_end(&other, &jobs).await;
    let stats = one.app.simulator.simulator().stats().videos;
    assert_eq!((stats.high_water, stats.accepted, stats.refused), (2, 8, 0));
    assert_eq!(one.billed(BillKind::Video).len(), 8);
    one.check_books().await;
}

#[tokio::test]
async fn a_gateway_that_starts_leaves_the_jobs_of_a_living_one_alone() {
    let options = || {
        let sim = triptych_simulator::Config { video_speed: 60.0, ..triptych_simulator::Config::instant() };
        Options { simulator: Some(sim), ..Options::default() }
    };
    let Some((one, mut other)) = two(options).await else { return };
    let ada = one.user("ada").await;
    let created = order(&one, &ada, clip("[[fault:slow-create=3000]] Waves")).await;
    crate::jobs::in_state(&one, "submitting").await;
    other.app.restart().await;
    let done = ended(&one, &ada, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    let events = eventually("the history is there", async || {
        let mut database = crate::jobs::database(&one).await;
        let rows =
            sqlx::query("SELECT state FROM job_event ORDER BY seq").fetch_all(&mut database).await.unwrap();
        let states: Vec<String> = rows.iter().map(|row| sqlx::Row::get(row, 0)).collect();
        (states.last()? == "completed").then_some(states)
    })
    .await;
    assert_eq!(events, ["queued", "submitting", "running", "storing", "completed"]);
    one.check_books().await;
}

#[tokio::test]
async fn a_gateway_takes_over_what_another_one_has_left() {
    let options = || {
        let sim = triptych_simulator::Config { video_speed: 30.0, ..triptych_simulator::Config::instant() };
        Options { simulator: Some(sim), ..Options::default() }
    };
    let Some((one, mut other)) = two(options).await else { return };
    let bob = other.user("bob").await;
    let mut jobs = Vec::new();
    for number in 0..3 {
        jobs.push((bob.clone(), order(&other, &bob, clip(&format!("Bob's {number}"))).await));
    }
    other.app.end().await;
    all_end(&one, &jobs).await;
    assert_eq!(one.billed(BillKind::Video).len(), 3);
    one.check_books().await;
}

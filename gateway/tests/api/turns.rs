//! Whose job goes first, and what its owner is told of the wait.

use serde_json::{Value, json};
use triptych_simulator::BillKind;

use crate::app::Options;
use crate::jobs::in_state;
use crate::support::{Gateway, eventually};
use crate::videos::{clip, ended, job, order};

/// One whose provider makes so many clips at once.
async fn gateway(places: u32, speed: f64, jobs: &str) -> Gateway {
    let sim = triptych_simulator::Config { video_speed: speed, ..triptych_simulator::Config::instant() };
    Gateway::with(Options {
        simulator: Some(sim),
        provider: format!("max_video_jobs = {places}"),
        jobs: Some(format!("poll_min_ms = 20\npoll_max_ms = 100\n{jobs}")),
        ..Options::default()
    })
    .await
}

fn batch(prompt: &str) -> Value {
    let mut body = clip(prompt);
    body["priority"] = json!("batch");
    body
}

#[tokio::test]
async fn places_in_the_queue_are_told_in_the_order_of_the_turns() {
    let gateway = gateway(1, 1.0, "").await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    order(&gateway, &ada, clip("Ada's first")).await;
    in_state(&gateway, "running").await;
    let later = order(&gateway, &ada, batch("Ada's, for later")).await;
    let second = order(&gateway, &ada, clip("Ada's second")).await;
    let third = order(&gateway, &ada, clip("Ada's third")).await;
    let bobs = order(&gateway, &bob, clip("Bob's")).await;
    let mut turns: Vec<(u64, &Value)> = Vec::new();
    for (user, created) in [(&ada, &later), (&ada, &second), (&ada, &third), (&bob, &bobs)] {
        let place = job(&gateway, user, &created["id"]).await["queue_position"].as_u64().unwrap();
        turns.push((place, &created["id"]));
    }
    turns.sort_by_key(|turn| turn.0);
    assert_eq!(turns.iter().map(|turn| turn.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let expected = [&bobs["id"], &second["id"], &third["id"], &later["id"]];
    assert_eq!(turns.iter().map(|turn| turn.1).collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_batch_job_goes_last() {
    let gateway = gateway(1, 20.0, "").await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    let first = order(&gateway, &ada, clip("Ada's first")).await;
    in_state(&gateway, "running").await;
    let later = order(&gateway, &bob, batch("Bob's, for later")).await;
    let second = order(&gateway, &ada, clip("Ada's second")).await;
    for (user, created) in [(&ada, &second), (&bob, &later)] {
        assert_eq!(ended(&gateway, user, &created["id"]).await["status"], "completed");
    }
    let made = gateway.billed(BillKind::Video).into_iter().filter_map(|item| item.client_ref);
    let expected = [&first, &second, &later].map(|job| job["id"].as_str().unwrap().to_owned());
    assert_eq!(made.collect::<Vec<_>>(), expected);
    gateway.check_books().await;
}

#[tokio::test]
async fn one_user_has_no_more_under_way_than_it_may() {
    let gateway = gateway(4, 60.0, "max_running_per_user = 1").await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    let mut jobs = Vec::new();
    for number in 0..3 {
        jobs.push((&ada, order(&gateway, &ada, clip(&format!("Ada's {number}"))).await));
    }
    jobs.push((&bob, order(&gateway, &bob, clip("Bob's")).await));
    for (user, created) in &jobs {
        assert_eq!(ended(&gateway, user, &created["id"]).await["status"], "completed");
    }
    assert!(gateway.app.simulator.simulator().stats().videos.high_water <= 2);
    gateway.check_books().await;
}

#[tokio::test]
async fn batch_jobs_leave_room_while_others_wait_for_their_users_turn() {
    let gateway = gateway(3, 1.0, "max_running_per_user = 1").await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    let (eve, dan) = (gateway.user("eve").await, gateway.user("dan").await);
    order(&gateway, &ada, clip("Ada's first")).await;
    in_state(&gateway, "running").await;
    let waiting = order(&gateway, &ada, clip("Ada's second")).await;
    // A batch job may have the half of three places, which is one.
    let one = order(&gateway, &bob, batch("Bob's")).await;
    eventually("the batch job has started", async || {
        (job(&gateway, &bob, &one["id"]).await["status"] == "in_progress").then_some(())
    })
    .await;
    let other = order(&gateway, &eve, batch("Eve's")).await;
    let prompt = order(&gateway, &dan, clip("Dan's")).await;
    eventually("Dan's has started", async || {
        (job(&gateway, &dan, &prompt["id"]).await["status"] == "in_progress").then_some(())
    })
    .await;
    assert_eq!(job(&gateway, &eve, &other["id"]).await["status"], "queued");
    assert_eq!(job(&gateway, &ada, &waiting["id"]).await["queue_position"], 1);
    assert_eq!(job(&gateway, &eve, &other["id"]).await["queue_position"], 2);
}

#[tokio::test]
async fn an_unfinished_job_says_how_long_it_may_take_once_others_were_made() {
    let gateway = gateway(1, 60.0, "").await;
    let user = gateway.user("ada").await;
    for _ in 0..3 {
        let created = order(&gateway, &user, clip("Waves")).await;
        assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "completed");
    }
    let estimate = eventually("there is an estimate", async || {
        // Another length: told from the model's.
        let mut body = clip("Hills");
        body["seconds"] = json!("10");
        let created = order(&gateway, &user, body).await;
        let found = created["estimate"].clone();
        ended(&gateway, &user, &created["id"]).await;
        found.is_object().then_some(found)
    })
    .await;
    let (p50, p90) = (estimate["p50_seconds"].as_u64().unwrap(), estimate["p90_seconds"].as_u64().unwrap());
    assert!((1..=p90).contains(&p50) && p90 <= 30, "{estimate}");
    assert!(estimate["starts_in_seconds"].as_u64().unwrap() >= 1, "{estimate}");
}

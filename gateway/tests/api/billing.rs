//! The ledger and the provider's bill, side by side.

use serde_json::json;
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{ADMIN_SECRET, ok};
use crate::support::{CREDIT, GRANT, Gateway, chat, streamed};

#[tokio::test]
async fn a_mixed_day_adds_up_on_both_sides() {
    let gateway = Gateway::start().await;
    let (ada, bob) = (gateway.user("ada").await, gateway.user("bob").await);
    for user in [&ada, &bob] {
        gateway.post(user, "/v1/chat/completions", chat("Hello.")).await.text().await.unwrap();
        gateway.post(user, "/v1/chat/completions", streamed("A story.")).await.text().await.unwrap();
        let body = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "size": "1536x1024", "n": 2});
        ok(gateway.post(user, "/v1/images/generations", body).await).await;
        let body = json!({"model": "sora-2", "prompt": "Waves", "duration": 5, "resolution": "480p"});
        ok(gateway.post(user, "/v1/videos", body).await).await;
    }
    gateway.fault(FaultRoute::Chat, &["500"]);
    assert_eq!(gateway.post(&ada, "/v1/chat/completions", chat("Hello.")).await.status(), 502);
    let left = gateway.settled(&ada).await + gateway.settled(&bob).await;
    gateway.check_books().await;

    let charges = gateway.app.charges().await;
    let committed = |kind: &str| {
        let of_kind = |charge: &&serde_json::Value| charge["kind"] == kind && charge["state"] == "committed";
        charges.iter().filter(of_kind).cloned().collect::<Vec<_>>()
    };
    for (kind, billed) in [("chat", BillKind::Chat), ("image", BillKind::Image), ("video", BillKind::Video)] {
        assert_eq!(committed(kind).len(), gateway.billed(billed).len(), "{kind}");
    }
    let totals = gateway.app.simulator.bill().totals;
    let sum = |field: &str| charges.iter().filter_map(|charge| charge[field].as_i64()).sum::<i64>();
    assert_eq!(sum("prompt_tokens"), totals.prompt_tokens as i64);
    assert_eq!(sum("completion_tokens"), totals.completion_tokens as i64);
    assert_eq!(sum("images"), totals.images as i64);
    assert_eq!(sum("seconds"), totals.video_seconds as i64);
    // The price list: chat by tokens, pictures 3 credits, clips by the second.
    let chat = totals.prompt_tokens as i64 * 500 + totals.completion_tokens as i64 * 750;
    let images = totals.images as i64 * 3 * CREDIT;
    let videos: i64 = committed("video").iter().map(|charge| charge["held"].as_i64().unwrap()).sum();
    assert_eq!(2 * GRANT - left, chat + images + videos);
}

#[tokio::test]
async fn many_calls_at_once_never_spend_what_is_not_there() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    // 500 pictures at two credits each are what the balance covers; each call asks for four.
    let calls = (0..140).map(|_| {
        let body = json!({"model": "gpt-image-1.5", "prompt": "[[fault:500]] Nothing", "n": 4});
        gateway.post(&user, "/v1/images/generations", body)
    });
    let mut tasks = futures_util::stream::FuturesUnordered::from_iter(calls);
    let (mut failed, mut refused) = (0, 0);
    while let Some(response) = futures_util::StreamExt::next(&mut tasks).await {
        match response.status().as_u16() {
            502 => failed += 1,
            402 => refused += 1,
            other => panic!("{other}: {}", response.text().await.unwrap()),
        }
    }
    assert_eq!(failed + refused, 140);
    assert_eq!(gateway.settled(&user).await, GRANT);
    let audit = ok(gateway.app.get(ADMIN_SECRET, "/admin/v1/audit").await).await;
    assert_eq!((&audit["ok"], &audit["open_reservations"]), (&json!(true), &json!(0)));
}

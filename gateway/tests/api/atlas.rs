//! Atlas Cloud behind the gateway: predictions, asked for until they are ready.

use serde_json::json;
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{Options, ok};
use crate::support::{GRANT, Gateway, chat};
use crate::videos::{clip, ended, order, price};

async fn atlas() -> Gateway {
    Gateway::with(Options { kind: "atlas".into(), ..Options::default() }).await
}

#[tokio::test]
async fn a_clip_is_made_by_a_prediction() {
    let gateway = atlas().await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(gateway.settled(&user).await, GRANT - price(&done));
    assert_eq!(gateway.billed(BillKind::Video).remove(0).shape, "atlas");
    let content = format!("/v1/videos/{}/content", created["id"].as_str().unwrap());
    assert_eq!(&gateway.get(&user, &content).await.bytes().await.unwrap()[4..8], b"ftyp");
    gateway.check_books().await;
}

#[tokio::test]
async fn a_prediction_that_fails_or_is_done_without_a_result_costs_nothing() {
    let gateway = atlas().await;
    let user = gateway.user("ada").await;
    for fault in ["job-failed", "done-with-error"] {
        gateway.fault(FaultRoute::Video, &[fault]);
        let created = order(&gateway, &user, clip("Waves")).await;
        assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "failed", "{fault}");
        assert_eq!(gateway.settled(&user).await, GRANT);
    }
    gateway.check_books().await;
}

#[tokio::test]
async fn pictures_and_chat_come_from_it_as_well() {
    let gateway = atlas().await;
    let user = gateway.user("ada").await;
    let picture = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "n": 2});
    let answer = ok(gateway.post(&user, "/v1/images/generations", picture.clone()).await).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 2);
    assert!(answer["data"][0]["b64_json"].is_string());
    ok(gateway.post(&user, "/v1/chat/completions", chat("Hello")).await).await;
    gateway.check_books().await;
    let before = gateway.settled(&user).await;
    gateway.fault(FaultRoute::Image, &["job-failed"]);
    assert_eq!(gateway.post(&user, "/v1/images/generations", picture).await.status(), 502);
    assert_eq!(gateway.settled(&user).await, before);
}

//! Clips that are made from finished ones.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use triptych_simulator::BillKind;

use crate::app::{Options, ok, refused};
use crate::support::{GRANT, Gateway, User};
use crate::videos::{clip, ended, order, price};

fn remix(gateway: &Gateway, user: &User, of: &Value, prompt: &str) -> RequestBuilder {
    let path = format!("/v1/videos/{}/remix", of.as_str().unwrap());
    gateway.call(user, Method::POST, &path).json(&json!({"prompt": prompt}))
}

#[tokio::test]
async fn a_remix_is_a_clip_of_the_same_price_from_the_same_provider() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let first = order(&gateway, &user, clip("Waves")).await;
    let first = ended(&gateway, &user, &first["id"]).await;
    let second = ok(remix(&gateway, &user, &first["id"], "At night").send().await.unwrap()).await;
    assert_eq!((&second["remixed_from_video_id"], &second["prompt"]), (&first["id"], &json!("At night")));
    for field in ["model", "seconds", "size"] {
        assert_eq!(second[field], first[field]);
    }
    let second = ended(&gateway, &user, &second["id"]).await;
    assert_eq!(second["status"], "completed", "{second}");
    assert_eq!((price(&second), &second["cost"]["charged"]), (price(&first), &json!(price(&first))));
    assert_eq!(gateway.settled(&user).await, GRANT - 2 * price(&first));
    assert_eq!(gateway.billed(BillKind::Video).len(), 2);
    gateway.check_books().await;
    // One that was made from another can be made into the next.
    let third = ok(remix(&gateway, &user, &second["id"], "In snow").send().await.unwrap()).await;
    assert_eq!(ended(&gateway, &user, &third["id"]).await["status"], "completed");
}

#[tokio::test]
async fn a_repeated_click_is_one_remix() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let first = order(&gateway, &user, clip("Waves")).await;
    let first = ended(&gateway, &user, &first["id"]).await;
    let call =
        |prompt: &str| remix(&gateway, &user, &first["id"], prompt).header("idempotency-key", "click").send();
    let (one, two) = tokio::join!(call("At night"), call("At night"));
    let (one, two) = (ok(one.unwrap()).await, ok(two.unwrap()).await);
    assert_eq!(one["id"], two["id"]);
    refused(call("In snow").await.unwrap(), StatusCode::UNPROCESSABLE_ENTITY, "idempotency_mismatch").await;
    ended(&gateway, &user, &one["id"]).await;
    assert_eq!(gateway.settled(&user).await, GRANT - 2 * price(&first));
    assert_eq!(gateway.billed(BillKind::Video).len(), 2);
}

#[tokio::test]
async fn what_cannot_be_remixed_is_refused_and_costs_nothing() {
    let gateway = Gateway::start().await;
    let (user, stranger) = (gateway.user("ada").await, gateway.user("eve").await);
    let failed = order(&gateway, &user, clip("[[fault:job-failed]] Waves")).await;
    ended(&gateway, &user, &failed["id"]).await;
    let answer = remix(&gateway, &user, &failed["id"], "At night").send().await.unwrap();
    refused(answer, StatusCode::CONFLICT, "conflict").await;
    let first = order(&gateway, &user, clip("Waves")).await;
    ended(&gateway, &user, &first["id"]).await;
    let foreign = remix(&gateway, &stranger, &first["id"], "At night").send().await.unwrap();
    refused(foreign, StatusCode::NOT_FOUND, "not_found").await;
    let empty = remix(&gateway, &user, &first["id"], " ").send().await.unwrap();
    refused(empty, StatusCode::BAD_REQUEST, "invalid_request").await;
    let poor = gateway.app.token("poor").await;
    let path = format!("/v1/videos/{}/remix", first["id"].as_str().unwrap());
    let answer = gateway.app.post(&poor, &path, &json!({"prompt": "At night"})).await;
    refused(answer, StatusCode::NOT_FOUND, "not_found").await;
    assert_eq!(gateway.billed(BillKind::Video).len(), 1);
    assert_eq!(gateway.settled(&user).await, GRANT - price(&first));
    assert_eq!(gateway.settled(&stranger).await, GRANT);

    let gateway = Gateway::with(Options { kind: "generations".into(), ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let first = order(&gateway, &user, clip("Waves")).await;
    ended(&gateway, &user, &first["id"]).await;
    let answer = remix(&gateway, &user, &first["id"], "At night").send().await.unwrap();
    assert_eq!(refused(answer, StatusCode::BAD_REQUEST, "invalid_request").await["param"], "video_id");
}

use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::app::{ok, refused, spawn_app};

#[tokio::test]
async fn the_catalogue_is_served_with_what_forms_and_prices_need() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    let models = ok(app.get(&token, "/v1/models").await).await;
    let list: triptych_protocol::ModelList = serde_json::from_value(models.clone()).unwrap();
    let ids: Vec<&str> = list.data.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["gpt-5.4", "gpt-5.4-turbo", "gpt-4o-audio", "gpt-image-1.5", "sora-2", "sora-2-pro"]);
    let sora = &list.data[4].triptych;
    assert!(["resolution", "aspect_ratio", "duration"].iter().all(|name| sora.parameter(name).is_some()));
    assert_eq!(ok(app.get(&token, "/v1/models/sora-2").await).await, models["data"][4]);
    refused(app.get(&token, "/v1/models/sora-9").await, StatusCode::NOT_FOUND, "not_found").await;
}

#[tokio::test]
async fn an_estimate_needs_no_credits_and_holds_none() {
    let app = spawn_app().await;
    let token = app.token("ann").await;
    let estimate = async |body: Value| ok(app.post(&token, "/v1/estimate", &body).await).await;
    let clip = json!({"model": "sora-2", "prompt": "x", "duration": 10, "resolution": "1080p"});
    assert_eq!(estimate(clip).await, json!({"amount": 75_000_000, "bound": "exact", "price_version": 1}));
    let picture = json!({"model": "gpt-image-1.5", "prompt": "x", "n": 2});
    assert_eq!(estimate(picture).await["amount"], 4_000_000);
    let chat = json!({"model": "gpt-5.4", "messages": [{"role": "user", "content": "hi"}]});
    assert_eq!(estimate(chat).await["bound"], "at_most");
    let wrong = json!({"model": "sora-2", "prompt": "x", "duration": 1000});
    let error =
        refused(app.post(&token, "/v1/estimate", &wrong).await, StatusCode::BAD_REQUEST, "invalid_request");
    assert_eq!(error.await["param"], "duration");
    assert_eq!(app.balance(&token).await, (0, 0));
    assert!(app.charges().await.is_empty());
}

//! Pictures: exact prices, kept files, and providers that fail.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::ok;
use crate::support::{CREDIT, GRANT, Gateway, scripted};

const PATH: &str = "/v1/images/generations";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn picture(n: u32) -> Value {
    json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "n": n, "size": "1024x1024"})
}

#[tokio::test]
async fn pictures_cost_exactly_their_price_and_come_as_bytes() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let answer = ok(gateway.post(&user, PATH, picture(2)).await).await;
    let data = answer["data"].as_array().unwrap();
    assert_eq!(data.len(), 2);
    for item in data {
        assert!(STANDARD.decode(item["b64_json"].as_str().unwrap()).unwrap().starts_with(PNG));
        assert!(item.get("url").is_none());
    }
    let cost = json!({"held": 4 * CREDIT, "charged": 4 * CREDIT, "returned": 0, "estimated": false});
    assert_eq!(answer["triptych"]["cost"], cost);
    assert_eq!(answer["size"], "1024x1024");
    assert_eq!(gateway.settled(&user).await, GRANT - 4 * CREDIT);
    let item = gateway.billed(BillKind::Image).remove(0);
    assert_eq!((item.images, item.size.as_deref()), (2, Some("1024x1024")));
    gateway.check_books().await;
}

#[tokio::test]
async fn a_picture_can_be_had_as_a_link() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let mut body = picture(1);
    body["response_format"] = json!("url");
    let answer = ok(gateway.post(&user, PATH, body).await).await;
    let item = &answer["data"][0];
    assert!(item.get("b64_json").is_none() && item["asset"].as_str().unwrap().starts_with("asset_"));
    // No token: the link is enough, for `<img>` sends none.
    let file = gateway.app.client.get(item["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(file.status(), 200);
    assert_eq!(file.headers()["content-type"], "image/png");
    assert_eq!(file.headers()["x-content-type-options"], "nosniff");
    assert!(file.bytes().await.unwrap().starts_with(PNG));
}

#[tokio::test]
async fn a_provider_that_fails_costs_nothing() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    for (fault, status) in [("500", 502), ("429", 429), ("reset", 502), ("lost-create", 502)] {
        gateway.fault(FaultRoute::Image, &[fault]);
        assert_eq!(gateway.post(&user, PATH, picture(1)).await.status(), status, "{fault}");
        assert_eq!(gateway.settled(&user).await, GRANT);
    }
    gateway.app.assert_sound().await;
}

#[tokio::test]
async fn only_pictures_that_came_are_charged() {
    let png = STANDARD.encode([PNG, &[0; 64]].concat());
    let page = STANDARD.encode("<html>");
    let body = json!({"created": 1, "data": [{"b64_json": png}, {"b64_json": page}, {"b64_json": "%%"}, {}]});
    let gateway = Gateway::before(scripted("application/json", body.to_string().into()).await).await;
    let user = gateway.user("ada").await;
    let answer = ok(gateway.post(&user, PATH, picture(4)).await).await;
    assert_eq!(answer["data"].as_array().unwrap().len(), 1);
    assert_eq!(answer["triptych"]["cost"]["held"], 8 * CREDIT);
    assert_eq!(answer["triptych"]["cost"]["charged"], 2 * CREDIT);
    assert_eq!(gateway.settled(&user).await, GRANT - 2 * CREDIT);
}

#[tokio::test]
async fn an_answer_without_a_picture_costs_nothing() {
    let body = json!({"data": [{"b64_json": STANDARD.encode("<svg onload=alert(1)>")}]});
    let gateway = Gateway::before(scripted("application/json", body.to_string().into()).await).await;
    let user = gateway.user("ada").await;
    assert_eq!(gateway.post(&user, PATH, picture(1)).await.status(), 502);
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn a_link_of_the_providers_to_another_server_is_not_followed() {
    let body = json!({"data": [{"url": "http://169.254.169.254/latest/meta-data"}]});
    let gateway = Gateway::before(scripted("application/json", body.to_string().into()).await).await;
    let user = gateway.user("ada").await;
    assert_eq!(gateway.post(&user, PATH, picture(1)).await.status(), 502);
    assert_eq!(gateway.settled(&user).await, GRANT);
}

#[tokio::test]
async fn a_picture_that_cannot_be_kept_is_handed_over_all_the_same() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    // A file where the folder should be.
    std::fs::write(gateway.app.folder.join("media/image"), "").unwrap();
    let mut body = picture(1);
    body["response_format"] = json!("url");
    let answer = ok(gateway.post(&user, PATH, body).await).await;
    assert!(answer["data"][0]["b64_json"].is_string());
    assert_eq!(gateway.settled(&user).await, GRANT - 2 * CREDIT);
}

#[tokio::test]
async fn a_repeat_with_the_same_key_draws_nothing_new() {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let call = || {
        gateway.call(&user, Method::POST, PATH).header("idempotency-key", "click").json(&picture(1)).send()
    };
    let first = call().await.unwrap().text().await.unwrap();
    assert_eq!(call().await.unwrap().text().await.unwrap(), first);
    assert_eq!(gateway.settled(&user).await, GRANT - 2 * CREDIT);
    assert_eq!(gateway.billed(BillKind::Image).len(), 1);
}

#[tokio::test]
async fn a_caller_that_hangs_up_is_charged_for_what_was_drawn() {
    let gateway = Gateway::at_pace(|sim| sim.image_delay = std::time::Duration::from_millis(300)).await;
    let user = gateway.user("ada").await;
    let call = gateway.call(&user, Method::POST, PATH).json(&picture(1));
    assert!(call.timeout(std::time::Duration::from_millis(100)).send().await.is_err());
    crate::support::eventually("the picture is drawn", async || {
        (!gateway.billed(BillKind::Image).is_empty()).then_some(())
    })
    .await;
    assert_eq!(gateway.settled(&user).await, GRANT - 2 * CREDIT);
    gateway.check_books().await;
}

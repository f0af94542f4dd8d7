use reqwest::header::HeaderMap;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{ADMIN_SECRET, ORIGIN, Options, TestApp, ok, refused, spawn_app_with};
use crate::support::{CREDIT, chat};

const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
const SITE: &str = "[[sites]]\nkey = \"site_pk_test\"\ntenant = \"acme\"\norigins = [\"https://page.example\"]\n\
                    daily_grant = 4\n";
const PAGE: &str = "https://page.example";

async fn with(more: &str) -> TestApp {
    spawn_app_with(Options { tables: format!("{SITE}{more}"), ..Options::default() }).await
}

/// As the browser at an address does it; a proxy tells the address.
async fn visit(app: &TestApp, from: &str, body: Value) -> Response {
    let mut all = json!({"site_key": "site_pk_test"});
    all.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    let call = app.request(Method::POST, "/v1/site/sessions").header("origin", PAGE);
    call.header("x-forwarded-for", from).json(&all).send().await.unwrap()
}

fn behind_proxy(more: &str) -> String {
    format!(
        "{more}\n[server]\nclient_address_header = \"x-forwarded-for\"\ntrusted_proxies = [\"127.0.0.1\"]"
    )
}

async fn balance(app: &TestApp, session: &Value) -> (i64, i64) {
    let token = session["client_secret"].as_str().unwrap();
    let call = app.request(Method::GET, "/v1/credits").bearer_auth(token).header("origin", PAGE);
    let balance = ok(call.send().await.unwrap()).await;
    (balance["available"].as_i64().unwrap(), balance["held"].as_i64().unwrap())
}

#[tokio::test]
async fn a_visitor_gets_a_token_and_a_days_grant_and_is_known_again() {
    let app = with("").await;
    let answer = visit(&app, "192.0.2.1", json!({})).await;
    assert_eq!(answer.headers()["access-control-allow-origin"], PAGE);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let first = ok(answer).await;
    assert_eq!(first["object"], "triptych.session");
    assert_eq!(balance(&app, &first).await, (4 * CREDIT, 0));
    let again = ok(visit(&app, "192.0.2.1", json!({"visitor": first["visitor"]})).await).await;
    assert_eq!((&again["user"], &again["visitor"]), (&first["user"], &first["visitor"]));
    assert_eq!(balance(&app, &again).await, (4 * CREDIT, 0));
    // A name of one's own making is nobody's.
    for visitor in ["v1.2.3", "", "admin", "v0.99999999999999.00"] {
        let other = ok(visit(&app, "192.0.2.1", json!({"visitor": visitor})).await).await;
        assert_ne!(other["user"], first["user"]);
    }
    let token = first["client_secret"].as_str().unwrap();
    let say = app.request(Method::POST, "/v1/chat/completions").bearer_auth(token).header("origin", PAGE);
    ok(say.json(&chat("Hello.")).send().await.unwrap()).await;
    // Not from the tenant's other pages, and what the grant does not cover is refused.
    let elsewhere = app.request(Method::GET, "/v1/credits").bearer_auth(token).header("origin", ORIGIN);
    refused(elsewhere.send().await.unwrap(), FORBIDDEN, "scope_denied").await;
    let body = json!({"model": "sora-2", "prompt": "Waves", "duration": 5, "resolution": "480p"});
    refused(app.post(token, "/v1/videos", &body).await, StatusCode::PAYMENT_REQUIRED, "insufficient_credits")
        .await;
    app.assert_sound().await;
}

#[tokio::test]
async fn a_site_key_works_from_its_own_pages_only() {
    let app = with("").await;
    let from = async |origin: Option<&str>, key: &str| {
        let headers: HeaderMap =
            origin.map(|origin| (reqwest::header::ORIGIN, origin.parse().unwrap())).into_iter().collect();
        let call = app.request(Method::POST, "/v1/site/sessions").headers(headers);
        call.json(&json!({"site_key": key})).send().await.unwrap()
    };
    for origin in
        [None, Some(ORIGIN), Some("https://evil.example"), Some("null"), Some("https://page.example.evil")]
    {
        refused(from(origin, "site_pk_test").await, FORBIDDEN, "scope_denied").await;
    }
    refused(from(Some(PAGE), "site_pk_other").await, StatusCode::NOT_FOUND, "not_found").await;
    ok(from(Some(PAGE), "site_pk_test").await).await;
}

#[tokio::test]
async fn all_visitors_of_one_address_share_what_it_gets_a_day() {
    let app = with(&behind_proxy("grant_per_address = 10")).await;
    let mut given = Vec::new();
    for _ in 0..4 {
        given
            .push(balance(&app, &ok(visit(&app, "2001:db8:1:2::1", json!({})).await).await).await.0 / CREDIT);
    }
    assert_eq!(given, [4, 4, 2, 0]);
    let neighbour = ok(visit(&app, "2001:db8:1:2::ffff", json!({})).await).await;
    assert_eq!(balance(&app, &neighbour).await, (0, 0), "a household is one address");
    let other = ok(visit(&app, "2001:db8:1:3::1", json!({})).await).await;
    assert_eq!(balance(&app, &other).await, (4 * CREDIT, 0));
    app.assert_sound().await;
}

#[tokio::test]
async fn visitors_at_once_do_not_get_more_than_their_address() {
    let app = with("grant_per_address = 10").await;
    let visits = futures_util::future::join_all((0..12).map(|_| visit(&app, "", json!({})))).await;
    let mut sum = 0;
    for answer in visits {
        sum += balance(&app, &ok(answer).await).await.0;
    }
    assert_eq!(sum, 10 * CREDIT);
    app.assert_sound().await;
}

#[tokio::test]
async fn tokens_of_an_hour_are_limited_by_address_and_by_site() {
    let app = with(&behind_proxy("sessions_per_hour = 4\nsessions_per_address = 2")).await;
    let status = async |from: &str| visit(&app, from, json!({})).await.status();
    let mut ended = Vec::new();
    for from in ["192.0.2.1", "192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"] {
        ended.push(status(from).await.as_u16());
    }
    assert_eq!(ended, [200, 200, 429, 200, 200, 429]);
}

#[tokio::test]
async fn what_a_site_may_spend_a_day_holds_for_all_visitors() {
    let app = with("spend_per_day = 5").await;
    let draw = async || {
        let session = ok(visit(&app, "", json!({})).await).await;
        let token = session["client_secret"].as_str().unwrap().to_owned();
        let body = json!({"model": "gpt-image-1.5", "prompt": "A boat", "size": "1536x1024"});
        app.post(&token, "/v1/images/generations", &body).await.status().as_u16()
    };
    assert_eq!([draw().await, draw().await], [200, 429]);
}

#[tokio::test]
async fn a_new_visitor_solves_a_puzzle_once() {
    let app = with("challenge = { work_bits = 8 }").await;
    let error = refused(visit(&app, "", json!({})).await, FORBIDDEN, "challenge_required").await;
    assert!(error["message"].as_str().unwrap().contains("/v1/site/challenges"));
    let call = app.request(Method::POST, "/v1/site/challenges").header("origin", PAGE);
    let puzzle = ok(call.json(&json!({"site_key": "site_pk_test"})).send().await.unwrap()).await;
    assert_eq!((&puzzle["kind"], &puzzle["bits"]), (&json!("work"), &json!(8)));
    let challenge = puzzle["challenge"].as_str().unwrap();
    let good = |proof: &String| Sha256::digest(proof.as_bytes())[0] == 0;
    let proof = (0..).map(|number| format!("{challenge}:{number}")).find(good).unwrap();
    let wrong = (0..).map(|number| format!("{challenge}:{number}")).find(|proof| !good(proof)).unwrap();
    let easier = proof.replacen("8.", "1.", 1);
    for proof in [wrong, easier, "nonsense".to_owned(), String::new()] {
        refused(visit(&app, "", json!({"challenge": proof})).await, FORBIDDEN, "challenge_required").await;
    }
    let session = ok(visit(&app, "", json!({"challenge": proof})).await).await;
    refused(visit(&app, "", json!({"challenge": proof})).await, FORBIDDEN, "challenge_required").await;
    ok(visit(&app, "", json!({"visitor": session["visitor"]})).await).await;
}

#[tokio::test]
async fn an_operators_own_check_is_asked_as_turnstile_is() {
    let (asked, mut questions) = tokio::sync::mpsc::unbounded_channel::<Value>();
    let answer = move |axum::Json(question): axum::Json<Value>| {
        let success = question["response"] == "human";
        asked.send(question).unwrap();
        async move { axum::Json(json!({"success": success, "error-codes": []})) }
    };
    let router = axum::Router::new().route("/siteverify", axum::routing::post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/siteverify", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    let app = with(&format!("challenge = {{ url = \"{url}\", secret_env = \"GLOBEX_SECRET\" }}")).await;
    refused(visit(&app, "", json!({})).await, FORBIDDEN, "challenge_required").await;
    refused(visit(&app, "", json!({"challenge": "robot"})).await, FORBIDDEN, "challenge_required").await;
    ok(visit(&app, "", json!({"challenge": "human"})).await).await;
    let question = questions.recv().await.unwrap();
    assert_eq!(question["response"], "robot");
    assert_eq!(question["secret"], crate::app::OTHER_SECRET);
    assert_eq!(question["remoteip"], "127.0.0.1");
}

#[tokio::test]
async fn operators_see_visitors_as_users() {
    let app = with("").await;
    let session = ok(visit(&app, "", json!({})).await).await;
    let user = session["user"].as_str().unwrap();
    assert!(user.starts_with("site:site_pk_test/v"));
    let path = format!("/admin/v1/balance?tenant=acme&user={user}");
    assert_eq!(ok(app.get(ADMIN_SECRET, &path).await).await["available"], 4 * CREDIT);
}

//! The ledger and the provider's bill, side by side.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;
use serde_json::json;
use triptych_gateway::app::router;
use triptych_simulator::{BillKind, FaultRoute};

use crate::app::{ADMIN_SECRET, Options, ok, refused};
use crate::described::{filled, mounted};
use crate::support::{CREDIT, GRANT, Gateway, chat, eventually, streamed};
use crate::videos::{clip, ended, order};

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

#[tokio::test]
async fn of_many_calls_at_once_those_that_the_balance_covers_are_sold() {
    let gateway = Gateway::at_pace(|config| config.image_delay = Duration::from_millis(200)).await;
    let token = gateway.app.user_with("poor", 50).await;
    // Eight credits each.
    let body = json!({"model": "gpt-image-1.5", "prompt": "A boat", "n": 4});
    let calls = (0..20).map(|_| gateway.app.post(&token, "/v1/images/generations", &body));
    let answers = join_all(calls).await;
    let count = |status| answers.iter().filter(|answer| answer.status() == status).count();
    assert_eq!((count(StatusCode::OK), count(StatusCode::PAYMENT_REQUIRED)), (6, 14));
    assert_eq!(gateway.app.balance(&token).await, (2 * CREDIT, 0));
    assert_eq!(gateway.billed(BillKind::Image).len(), 6);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_clip_costs_what_the_operators_own_price_list_says() {
    let built_in = include_str!("../../catalogue.toml");
    let own = built_in.replace("\"720p\", credits = 4 }", "\"720p\", credits = \"9.25\" }");
    assert_ne!(own, built_in);
    let files = vec![("own.toml", own.into_bytes())];
    let top = "catalogue = \"own.toml\"".to_owned();
    let gateway = Gateway::with(Options { top, files, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let cost = 5 * 9_250_000;
    let created = order(&gateway, &user, clip("Waves")).await;
    assert_eq!(gateway.balance(&user).await.available.micro(), GRANT - cost);
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["cost"], json!({"estimated": cost, "charged": cost}));
    assert_eq!(gateway.settled(&user).await, GRANT - cost);
    gateway.check_books().await;
}

/// Makes a table refuse every new row, as a full disk would.
fn refusing(table: &str, on_postgres: bool) -> String {
    let trigger = format!("CREATE TRIGGER refusal BEFORE INSERT ON {table}");
    match on_postgres {
        true => format!("{trigger} EXECUTE FUNCTION refuse()"),
        false => format!("{trigger} BEGIN SELECT RAISE(ABORT, 'the table is full'); END"),
    }
}

#[tokio::test]
async fn nothing_is_sold_that_cannot_be_written_down() {
    let tables = "[limits.user]\nrequests_per_minute = 1000".to_owned();
    let gateway = Gateway::with(Options { tables, ..Options::default() }).await;
    let user = gateway.user("ada").await;
    let picture = json!({"model": "gpt-image-1.5", "prompt": "A boat"});
    let speech = json!({"model": "gpt-4o-mini-tts", "input": "Hello", "voice": "alloy"});
    let calls = [
        ("/v1/chat/completions", chat("Hello.")),
        ("/v1/chat/completions", streamed("Hello.")),
        ("/v1/responses", json!({"model": "gpt-5.4", "input": "Hello."})),
        ("/v1/images/generations", picture),
        ("/v1/audio/speech", speech),
        ("/v1/videos", clip("Waves")),
    ];
    let mut database = crate::jobs::database(&gateway).await;
    let on_postgres = gateway.app.database.starts_with("postgres");
    if on_postgres {
        let function = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                        $$ BEGIN RAISE EXCEPTION 'the table is full'; END $$";
        sqlx::query(function).execute(&mut database).await.unwrap();
    }
    for table in ["reservation", "usage_window", "ledger_tx"] {
        let mut run = async |query: String| {
            // The gateway may be writing at the moment.
            eventually("the table is changed", async || {
                sqlx::query(sqlx::AssertSqlSafe(query.clone())).execute(&mut database).await.ok()
            })
            .await;
        };
        run(refusing(table, on_postgres)).await;
        for (path, body) in &calls {
            let answer = gateway.post(&user, path, body.clone()).await;
            assert!(answer.status().is_server_error(), "{table} {path}: {}", answer.status());
        }
        run(match on_postgres {
            true => format!("DROP TRIGGER refusal ON {table}"),
            false => "DROP TRIGGER refusal".to_owned(),
        })
        .await;
    }
    assert!(gateway.app.simulator.simulator().stats().requests.is_empty());
    assert_eq!(gateway.settled(&user).await, GRANT);
    for (path, body) in &calls {
        assert!(gateway.post(&user, path, body.clone()).await.status().is_success(), "{path}");
    }
    gateway.settled(&user).await;
    gateway.check_books().await;
}

#[tokio::test]
async fn no_call_whatever_reaches_a_provider_without_credits() {
    let gateway = Gateway::start().await;
    let token = gateway.app.token("poor").await;
    let multipart = || {
        let file = |bytes: &'static [u8]| reqwest::multipart::Part::bytes(bytes).file_name("file");
        let form = reqwest::multipart::Form::new().text("prompt", "A boat");
        let png = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, crate::edits::POINT);
        let image = reqwest::multipart::Part::bytes(png.unwrap()).file_name("a.png");
        (form, image, file)
    };
    for path in mounted(&router(gateway.app.state.clone())) {
        let path = filled(&path, "x");
        let call = gateway.app.request(reqwest::Method::POST, &path).bearer_auth(&token);
        let (form, image, file) = multipart();
        let call = match path.as_str() {
            "/v1/images/edits" => call.multipart(form.text("model", "gpt-image-1.5").part("image", image)),
            "/v1/audio/transcriptions" => {
                let wav = crate::audio::wav().leak();
                call.multipart(form.text("model", "gpt-transcribe").part("file", file(wav)))
            }
            "/v1/images/generations" => call.json(&json!({"model": "gpt-image-1.5", "prompt": "A boat"})),
            "/v1/audio/speech" => {
                call.json(&json!({"model": "gpt-4o-mini-tts", "input": "Hello", "voice": "alloy"}))
            }
            "/v1/responses" => call.json(&json!({"model": "gpt-5.4", "input": "x"})),
            path if path.starts_with("/v1/video") => call.json(&clip("Waves")),
            _ => call.json(&chat("x")),
        };
        let answer = call.send().await.unwrap();
        let priced = [
            "/v1/chat/completions",
            "/v1/responses",
            "/v1/images/generations",
            "/v1/images/edits",
            "/v1/audio/speech",
            "/v1/audio/transcriptions",
            "/v1/videos",
            "/v1/video/generations",
        ];
        if priced.contains(&path.as_str()) {
            refused(answer, StatusCode::PAYMENT_REQUIRED, "insufficient_credits").await;
        }
        assert!(gateway.app.simulator.simulator().stats().requests.is_empty(), "{path}");
    }
}

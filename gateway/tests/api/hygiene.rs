//! Rules for all calls at once: who may reach them, whose things they show, and what they leave in the log.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use triptych_gateway::app::router;

use crate::app::{Options, new_folder, ok, spawn_app_with};
use crate::described::{filled, mounted, operations};
use crate::support::{chat, eventually, streamed};

/// Paths that need no token: they show nothing of anybody, or carry a signature of their own.
const OPEN: [&str; 5] = ["/healthz", "/readyz", "/openapi.json", "/widget/{path}", "/demo/token"];

#[tokio::test]
async fn no_call_does_anything_without_credentials() {
    let app = spawn_app_with(Options::default()).await;
    for path in mounted(&router(app.state.clone())).iter().filter(|path| !OPEN.contains(&path.as_str())) {
        for method in [Method::GET, Method::POST, Method::DELETE] {
            let request = app.request(method.clone(), &filled(path, "x"));
            let body =
                json!({"model": "gpt-5.4", "prompt": "x", "messages": [{"role": "user", "content": "x"}]});
            let request = if method == Method::POST { request.json(&body) } else { request };
            let status = request.send().await.unwrap().status().as_u16();
            assert!(matches!(status, 400 | 401 | 404 | 405), "{method} {path}: {status}");
        }
    }
    assert!(app.simulator.bill().items.is_empty());
    for path in
        ["/v1/embeddings", "/v1/files", "/v1", "/admin", "/.env", "/v1/chat/completions/x", "//v1/models"]
    {
        let answer = app.request(Method::GET, path).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn whatever_is_somebody_elses_does_not_exist() {
    let app = spawn_app_with(Options::default()).await;
    let ann = app.user_with("ann", 100).await;
    let bob = app.user_with("bob", 100).await;
    let picture = json!({"model": "gpt-image-1.5", "prompt": "a cat"});
    let picture = ok(app.post(&ann, "/v1/images/generations", &picture).await).await;
    let video = json!({"model": "sora-2", "prompt": "a cat", "seconds": "4", "size": "1280x720"});
    let video = ok(app.post(&ann, "/v1/videos", &video).await).await;
    let stream = app.post(&ann, "/v1/chat/completions", &streamed("hello")).await;
    let stream = stream.headers()["x-stream-id"].to_str().unwrap().to_owned();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let video = text(&video["id"]);
    eventually("the clip is there", async || {
        let video = ok(app.get(&ann, &format!("/v1/videos/{video}")).await).await;
        (video["status"] == "completed").then_some(())
    })
    .await;
    let ids = [text(&picture["data"][0]["asset"]), video, stream, "gpt-5.4".to_owned()];
    for path in mounted(&router(app.state.clone()))
        .iter()
        .filter(|path| path.starts_with("/v1/") && path.contains('{'))
    {
        for id in ids.iter().filter(|id| *id != "gpt-5.4" || !path.starts_with("/v1/models")) {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let request = app.request(method.clone(), &filled(path, id)).bearer_auth(&bob);
                let request =
                    if method == Method::POST { request.json(&json!({"prompt": "x"})) } else { request };
                let status = request.send().await.unwrap().status().as_u16();
                // A webhook of a provider knows no users and refuses for want of a signature; tokens are taken back
                // with the secret of the user's host, and a user's token is none.
                let other = path.contains("webhook") || (path.starts_with("/v1/sessions/") && status == 401);
                assert!(matches!(status, 404 | 405) || other, "{method} {path} {id}: {status}");
            }
        }
    }
    for list in ["/v1/videos", "/v1/credits/entries"] {
        let list = ok(app.get(&bob, list).await).await.to_string();
        assert!(ids[..3].iter().all(|id| !list.contains(id)), "{list}");
    }
}

const CONFIG: &str = r#"
listen = "127.0.0.1:0"
database = "sqlite:triptych.db"
media = "media"
[[tenants]]
id = "acme"
secret_env = "ACME_SECRET"
initial_grant = 100
[[providers]]
id = "one"
kind = "openai"
base_url = "UPSTREAM"
key_env = "PROVIDER_KEY"
"#;

fn env(name: &str) -> String {
    format!("sentinel-{name}-0123456789-0123456789-0123456789")
}

/// Sends to the gateway under test whatever the answer may be.
async fn send(client: &Client, method: Method, url: &str, token: &str, body: &Value) -> Response {
    client.request(method, url).bearer_auth(token).json(body).send().await.unwrap()
}

#[cfg(unix)]
#[tokio::test]
async fn the_log_holds_no_secret_no_prompt_and_no_control_character() {
    let simulator = triptych_simulator::spawn(triptych_simulator::Config::instant()).await.unwrap();
    let folder = new_folder();
    let config = folder.join("gateway.toml");
    std::fs::write(&config, CONFIG.replace("UPSTREAM", &simulator.base_url())).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_triptych-gateway"));
    command.arg("--config").arg(&config).env("RUST_LOG", "triptych_gateway=trace,info");
    for name in ["TRIPTYCH_TOKEN_KEY", "TRIPTYCH_ADMIN_SECRET", "ACME_SECRET", "PROVIDER_KEY"] {
        command.env(name, env(name));
    }
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let log = std::thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening on ").unwrap().to_owned();
    let client = Client::new();

    let ansi = "sentinel\u{1b}[31mred\r\nforged line";
    let mut tokens = Vec::new();
    for user in ["sentinel-user", ansi] {
        let (secret, url, body) = (env("ACME_SECRET"), format!("{url}/v1/sessions"), json!({"user": user}));
        let answer: Value = send(&client, Method::POST, &url, &secret, &body).await.json().await.unwrap();
        tokens.extend(answer["client_secret"].as_str().map(str::to_owned));
    }
    let token = tokens.first().unwrap().clone();
    let prompt = "sentinel-prompt \u{1b}[31m";
    let mut wrong = chat(prompt);
    wrong["model"] = json!(ansi);
    let bodies = [
        chat(prompt),
        streamed(prompt),
        wrong,
        json!({"model": "gpt-image-1.5", "prompt": prompt}),
        json!({"model": "sora-2", "prompt": prompt, "seconds": "4", "size": "1280x720"}),
        json!({"model": "sora-2", "prompt": prompt, "input": prompt, "voice": prompt, "seconds": ansi}),
        json!([prompt]),
    ];
    let mut paths = BTreeSet::new();
    for path in ["/openapi.json", "/admin/openapi.json"] {
        let (url, secret) = (format!("{url}{path}"), env("TRIPTYCH_ADMIN_SECRET"));
        let document: Value = client.get(url).bearer_auth(secret).send().await.unwrap().json().await.unwrap();
        paths.extend(operations(&document).into_iter().map(|operation| operation.path));
    }
    assert!(paths.len() > 30, "{paths:?}");
    for path in paths {
        let path = filled(&path, "sentinel-id%1b[31m");
        for body in &bodies {
            send(&client, Method::POST, &format!("{url}{path}?q=sentinel-query"), &token, body)
                .await
                .text()
                .await
                .ok();
        }
        for token in [&token, &env("TRIPTYCH_ADMIN_SECRET"), "sentinel-wrong"] {
            let url = format!("{url}{path}?q=sentinel-query&signature=sentinel-signature");
            client.get(url).bearer_auth(token).header("x-sentinel", "sentinel-header").send().await.unwrap();
        }
    }
    // A provider that cannot be reached, and one that refuses, are logged as well.
    drop(simulator);
    for body in &bodies {
        send(&client, Method::POST, &format!("{url}/v1/chat/completions"), &token, body)
            .await
            .text()
            .await
            .ok();
    }
    Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    child.wait().unwrap();
    let log = log.join().unwrap();
    std::fs::remove_dir_all(folder).unwrap();
    assert!(log.lines().count() > 50, "{log}");
    for line in log.lines() {
        assert!(!line.contains("sentinel"), "{line}");
        assert!(!line.contains(&token[..40]) && !line.contains("eyJ"), "{line}");
        assert!(line.chars().all(|letter| !letter.is_control()), "{line:?}");
        // A forged line would not begin with a time.
        assert!(line.starts_with("20"), "{line}");
    }
}

//! Clips that the operator's judge looks at before their owners do.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode as Status};
use axum::response::{IntoResponse, Response};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use triptych_gateway::webhook;
use triptych_simulator::BillKind;

use crate::app::{Options, POLICY_SECRET, ok, refused};
use crate::jobs::database;
use crate::support::{GRANT, Gateway, User, eventually};
use crate::videos::{clip, ended, job, order, price};

/// What the judge says next about a clip.
#[derive(Clone, Copy)]
enum Say {
    Refuse,
    /// Nothing that is a verdict.
    Fail,
    /// Yes, once it is let go on.
    Wait,
}

/// A question and the bytes of its clip.
type Seen = (Value, Vec<u8>);

/// A judge that allows what it was not told to treat otherwise.
#[derive(Clone)]
struct Judge {
    url: String,
    next: Arc<Mutex<VecDeque<Say>>>,
    /// What it is always to say, where nothing is next.
    always: Arc<Mutex<Option<Say>>>,
    /// What it was asked about clips, and the bytes that it found.
    seen: Arc<Mutex<Vec<Seen>>>,
    go_on: Arc<Semaphore>,
}

impl Judge {
    async fn start() -> Judge {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let judge = Judge {
            url: format!("http://{}", listener.local_addr().unwrap()),
            next: Arc::default(),
            always: Arc::default(),
            seen: Arc::default(),
            go_on: Arc::new(Semaphore::new(0)),
        };
        let own = judge.clone();
        let answer = axum::routing::post(move |headers: HeaderMap, body: Bytes| {
            let judge = own.clone();
            async move { judge.answer(&headers, &body).await }
        });
        let app = axum::Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, app).await });
        judge
    }

    async fn answer(&self, headers: &HeaderMap, body: &[u8]) -> Response {
        let secret = webhook::Secret::parse(POLICY_SECRET).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        webhook::verify(&[secret], headers, body, now.as_secs() as i64).unwrap();
        let question: Value = serde_json::from_slice(body).unwrap();
        let allow = axum::Json(json!({"allow": true})).into_response();
        if question["stage"] == "before" {
            return allow;
        }
        let link = question["clip"]["url"].as_str().unwrap();
        let file = reqwest::get(link).await.unwrap().bytes().await.unwrap();
        self.seen.lock().unwrap().push((question, file.to_vec()));
        let next = self.next.lock().unwrap().pop_front();
        let always = *self.always.lock().unwrap();
        match next.or(always) {
            None => allow,
            Some(Say::Refuse) => axum::Json(json!({"allow": false, "reason": "house rules"})).into_response(),
            Some(Say::Fail) => Status::BAD_GATEWAY.into_response(),
            Some(Say::Wait) => {
                self.go_on.acquire().await.unwrap().forget();
                allow
            }
        }
    }

    fn says(self, next: &[Say]) -> Judge {
        self.next.lock().unwrap().extend(next);
        self
    }

    fn always(self, say: Say) -> Judge {
        *self.always.lock().unwrap() = Some(say);
        self
    }

    fn asked(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn options(&self, kind: &str, more: &str) -> Options {
        let tables = format!(
            "[policy]\nurl = \"{}\"\nsecret_env = \"POLICY_SECRET\"\nclip_timeout_ms = 20000\n{more}",
            self.url
        );
        Options { kind: kind.into(), tables, ..Options::default() }
    }
}

/// Files that the gateway keeps.
fn files(gateway: &Gateway) -> usize {
    let folder = gateway.app.folder.join("media").join("video");
    std::fs::read_dir(folder).map_or(0, |files| files.count())
}

/// Nobody sees a clip of the job, by any way.
async fn assert_unseen(gateway: &Gateway, user: &User, id: &Value) {
    let shown = job(gateway, user, id).await;
    assert!(shown["url"].is_null() && shown["expires_at"].is_null(), "{shown}");
    let path = format!("/v1/videos/{}", id.as_str().unwrap());
    for content in ["content", "content?variant=thumbnail", "content?variant=spritesheet"] {
        let answer = gateway.get(user, &format!("{path}/{content}")).await;
        refused(answer, StatusCode::CONFLICT, "conflict").await;
    }
    let remix = gateway.call(user, Method::POST, &format!("{path}/remix")).json(&json!({"prompt": "Again"}));
    refused(remix.send().await.unwrap(), StatusCode::CONFLICT, "conflict").await;
}

#[tokio::test]
async fn a_clip_that_is_refused_is_not_shown_not_paid_and_not_kept() {
    for kind in ["openai", "generations", "atlas"] {
        let judge = Judge::start().await.says(&[Say::Refuse]);
        let gateway = Gateway::with(judge.options(kind, "")).await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip("Waves")).await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], "failed", "{kind}: {done}");
        assert_eq!(
            done["error"],
            json!({"code": "content_refused", "message": "The clip was refused: house rules. Nothing was charged."})
        );
        assert_eq!(done["cost"]["charged"], 0);
        assert_eq!(gateway.settled(&user).await, GRANT);
        assert_eq!(gateway.app.assert_sound().await["loss_total"], price(&created));
        assert_unseen(&gateway, &user, &created["id"]).await;
        eventually("the file is gone", async || (files(&gateway) == 0).then_some(())).await;
        let (question, file) = judge.seen.lock().unwrap().remove(0);
        assert_eq!(&file[4..8], b"ftyp");
        let link = question["clip"]["url"].as_str().unwrap().to_owned();
        let answer = gateway.app.client.get(&link).send().await.unwrap();
        refused(answer, StatusCode::NOT_FOUND, "not_found").await;
        assert_eq!(
            question,
            json!({
                "stage": "after", "texts": [], "pictures": [],
                "about": {"tenant": "acme", "user": "ada", "model": "sora-2", "kind": "video"},
                "clip": {
                    "id": created["id"], "url": link, "type": "video/mp4", "bytes": file.len(), "prompt": "Waves",
                    "seconds": 5, "size": "1280x720", "resolution": "720p", "aspect_ratio": "16:9",
                    "remixed_from": null,
                },
            })
        );
        gateway.check_books().await;
    }
}

#[tokio::test]
async fn a_clip_is_seen_by_nobody_until_it_was_judged_and_is_its_owners_then() {
    let judge = Judge::start().await.says(&[Say::Wait, Say::Refuse]);
    let gateway = Gateway::with(judge.options("openai", "")).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    eventually("the judge is asked", async || (judge.asked() == 1).then_some(())).await;
    assert_eq!(job(&gateway, &user, &created["id"]).await["status"], "in_progress");
    assert_unseen(&gateway, &user, &created["id"]).await;
    assert_eq!(gateway.balance(&user).await.held.micro(), price(&created));
    judge.go_on.add_permits(1);
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    let file = gateway.app.client.get(done["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(file.bytes().await.unwrap(), judge.seen.lock().unwrap()[0].1);
    assert_eq!(gateway.settled(&user).await, GRANT - price(&created));
    assert_eq!((judge.asked(), files(&gateway)), (1, 1));

    // What is made from it is judged like it.
    let path = format!("/v1/videos/{}/remix", created["id"].as_str().unwrap());
    let remix = ok(gateway.post(&user, &path, json!({"prompt": "At night"})).await).await;
    let done = ended(&gateway, &user, &remix["id"]).await;
    assert_eq!(done["error"]["code"], "content_refused", "{done}");
    assert_eq!(judge.seen.lock().unwrap()[1].0["clip"]["remixed_from"], created["id"]);
    assert_eq!(gateway.settled(&user).await, GRANT - price(&created));
    assert_eq!(gateway.app.assert_sound().await["loss_total"], price(&remix));
    gateway.check_books().await;
}

#[tokio::test]
async fn a_clip_waits_for_a_judge_that_is_away() {
    let judge = Judge::start().await.says(&[Say::Fail; 5]);
    let mut gateway = Gateway::with(judge.options("openai", "")).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(judge.asked(), 6);
    // It was fetched once, and it is the same that was judged.
    let links = judge.seen.lock().unwrap().iter().map(|(_, file)| file.clone()).collect::<Vec<_>>();
    assert!(links.iter().all(|file| *file == links[0]));
    assert_eq!(files(&gateway), 1);
    assert_eq!(gateway.settled(&user).await, GRANT - price(&created));

    // A day later the provider bills what nobody may see.
    judge.clone().always(Say::Fail);
    let second = order(&gateway, &user, clip("Sand")).await;
    let mut database = database(&gateway).await;
    let done = eventually("the job is given up", async || {
        sqlx::query("UPDATE job SET deadline_at = 1 WHERE state = 'storing'")
            .execute(&mut database)
            .await
            .unwrap();
        let job = job(&gateway, &user, &second["id"]).await;
        (job["status"] == "failed").then_some(job)
    })
    .await;
    assert_eq!(done["error"]["code"], "unavailable");
    assert_unseen(&gateway, &user, &second["id"]).await;
    assert_eq!(gateway.settled(&user).await, GRANT - price(&created));
    assert_eq!(gateway.app.assert_sound().await["loss_total"], price(&second));
    eventually("its file is gone", async || (files(&gateway) == 1).then_some(())).await;
    gateway.check_books().await;

    // Where the operator wants that, a judge that stays away is passed over.
    gateway.app.restart_with("[policy]", "[policy]\non_failure = \"allow\"").await;
    let (user, asked) = (gateway.user("ben").await, judge.asked());
    let third = order(&gateway, &user, clip("Snow")).await;
    let done = ended(&gateway, &user, &third["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    assert_eq!(judge.asked() - asked, 3);
    assert_eq!(gateway.settled(&user).await, GRANT - price(&third));
}

#[tokio::test]
async fn a_gateway_that_dies_while_a_clip_is_judged_has_it_judged_again() {
    for (last, status) in [(None, "completed"), (Some(Say::Refuse), "failed")] {
        let judge = Judge::start().await.says(&[Say::Wait]);
        let judge = if let Some(say) = last { judge.always(say) } else { judge };
        let mut gateway = Gateway::with(judge.options("openai", "")).await;
        let user = gateway.user("ada").await;
        let created = order(&gateway, &user, clip("Waves")).await;
        eventually("the judge is asked", async || (judge.asked() == 1).then_some(())).await;
        gateway.app.crash().await;
        let user = gateway.user("ada").await;
        eventually("the judge is asked again", async || {
            let due = "UPDATE job SET due_at = 1, lease_until = 0";
            sqlx::query(due).execute(&mut database(&gateway).await).await.unwrap();
            (judge.asked() >= 2).then_some(())
        })
        .await;
        let done = ended(&gateway, &user, &created["id"]).await;
        assert_eq!(done["status"], status, "{done}");
        // The one that was dead hears its answer, too late.
        judge.go_on.add_permits(1);
        let (charged, loss) = if last.is_none() { (price(&created), 0) } else { (0, price(&created)) };
        assert_eq!(gateway.settled(&user).await, GRANT - charged);
        assert_eq!(gateway.app.assert_sound().await["loss_total"], loss);
        assert_eq!(gateway.billed(BillKind::Video).len(), 1);
        let left = usize::from(last.is_none());
        eventually("only what is shown is kept", async || (files(&gateway) == left).then_some(())).await;
        assert_eq!(job(&gateway, &user, &created["id"]).await["status"], status);
        gateway.check_books().await;
    }
}

#[tokio::test]
async fn clips_are_not_judged_where_answers_are_not() {
    let judge = Judge::start().await.always(Say::Refuse);
    let gateway = Gateway::with(judge.options("openai", "after = \"off\"")).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    assert_eq!(ended(&gateway, &user, &created["id"]).await["status"], "completed");
    assert_eq!((judge.asked(), gateway.settled(&user).await), (0, GRANT - price(&created)));
}

//! Files in a store that others have written: s3s, or with `TRIPTYCH_TEST_S3` (its address) any server that has the
//! bucket `media` and takes the key of `bucket.rs`.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::Request;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use hyper_util::rt::TokioIo;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::app::{Options, new_folder, ok};
use crate::bucket::{KEY_ID, NAME, SECRET};
use crate::jobs::database;
use crate::support::{Gateway, User, eventually};
use crate::videos::{clip, ended, order};

/// More than two parts of an upload.
const BIG: usize = 12 * 1024 * 1024 + 77;

/// A store with an empty place in it.
struct Server {
    url: String,
    prefix: String,
    folder: Option<PathBuf>,
}

impl Server {
    async fn start() -> Server {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("run-{}/{number}", std::process::id());
        if let Ok(url) = std::env::var("TRIPTYCH_TEST_S3") {
            return Server { url, prefix, folder: None };
        }
        let folder = new_folder();
        // A folder is a bucket there.
        std::fs::create_dir(folder.join(NAME)).unwrap();
        let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(&folder).unwrap());
        service.set_auth(SimpleAuth::from_single(KEY_ID, SECRET));
        let service = service.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let server = hyper::server::conn::http1::Builder::new();
                tokio::spawn(server.serve_connection(TokioIo::new(socket), service.clone()));
            }
        });
        Server { url, prefix, folder: Some(folder) }
    }

    async fn gateway(&self, more: &str, upstream: Option<String>) -> Gateway {
        let tables = format!(
            "[media_store]\nendpoint = \"{}\"\nkey_id_env = \"BUCKET_KEY_ID\"\nsecret_env = \"BUCKET_SECRET\"\n{more}\n",
            self.url
        );
        let bucket = Some(format!("s3://{NAME}/{}", self.prefix));
        Gateway::with(Options { bucket, tables, upstream, ..Options::default() }).await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(folder) = &self.folder {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

async fn picture(gateway: &Gateway, user: &User) -> String {
    let body = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "response_format": "url"});
    let answer = ok(gateway.post(user, "/v1/images/generations", body).await).await;
    answer["data"][0]["url"].as_str().unwrap().to_owned()
}

async fn get(gateway: &Gateway, url: &str, range: Option<&str>) -> reqwest::Response {
    let request = gateway.app.client.get(url);
    range.into_iter().fold(request, |request, range| request.header("range", range)).send().await.unwrap()
}

/// The beginning of a clip, and noise that shows when parts are mixed up.
fn big_clip() -> Vec<u8> {
    let mut bytes = b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2".to_vec();
    bytes.extend((0..BIG - bytes.len()).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8));
    bytes
}

/// A provider whose clips are ready at once, and big.
async fn filmer(clip: Arc<Vec<u8>>) -> String {
    let answer = move |request: Request| {
        let clip = clip.clone();
        async move {
            if request.uri().path().ends_with("/content") {
                return ([(header::CONTENT_TYPE, "video/mp4")], clip.to_vec()).into_response();
            }
            let job: Value = json!({
                "id": "video_1", "object": "video", "model": "sora-2", "status": "completed", "progress": 100,
                "created_at": 1, "seconds": "5", "size": "1280x720",
            });
            Response::into_response(axum::Json(job).into_response())
        }
    };
    let app = axum::Router::new().fallback(answer);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

#[tokio::test]
async fn another_ones_store_keeps_pictures_and_gives_them_back_whole_and_in_parts() {
    let server = Server::start().await;
    let mut gateway = server.gateway("", None).await;
    let user = gateway.user("ada").await;
    let url = picture(&gateway, &user).await;
    let whole = get(&gateway, &url, None).await;
    assert_eq!(
        (whole.status().as_u16(), &whole.headers()["content-type"]),
        (200, &"image/png".parse().unwrap())
    );
    let whole = whole.bytes().await.unwrap();
    for (range, from, to) in
        [("bytes=4-7", 4, 8), ("bytes=5-", 5, whole.len()), ("bytes=-3", whole.len() - 3, whole.len())]
    {
        let part = get(&gateway, &url, Some(range)).await;
        assert_eq!(part.status(), 206, "{range}");
        assert_eq!(part.bytes().await.unwrap(), whole.slice(from..to), "{range}");
    }
    assert_eq!(get(&gateway, &url, Some("bytes=999999999-")).await.status(), 416);

    // What has expired is deleted there, and the rest stays.
    let mut rows = database(&gateway).await;
    sqlx::query("UPDATE asset SET expires_at = 1").execute(&mut rows).await.unwrap();
    let kept = picture(&gateway, &user).await;
    gateway.app.restart().await;
    eventually("what has expired is gone", async || {
        let left = sqlx::query("SELECT id FROM asset").fetch_all(&mut rows).await.unwrap();
        (left.len() == 1).then_some(())
    })
    .await;
    let path = |url: &str| format!("{}{}", gateway.app.url, &url[url.find("/v1/").unwrap()..]);
    assert_eq!(get(&gateway, &path(&kept), None).await.status(), 200);
    assert_eq!(get(&gateway, &path(&url), None).await.status(), 404);
    if let Some(folder) = &server.folder {
        let held = std::fs::read_dir(folder.join(NAME).join(&server.prefix).join("image")).unwrap();
        let held = held
            .filter(|file| file.as_ref().unwrap().path().extension().is_some_and(|ending| ending == "png"));
        assert_eq!(held.count(), 1);
    }
    gateway.check_books().await;
}

#[tokio::test]
async fn a_big_clip_comes_to_another_ones_store_in_parts_and_is_whole_there() {
    let server = Server::start().await;
    let bytes = Arc::new(big_clip());
    let gateway = server.gateway("", Some(filmer(bytes.clone()).await)).await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    let url = done["url"].as_str().unwrap();
    let stored = get(&gateway, url, None).await;
    assert_eq!(stored.headers()["content-type"], "video/mp4");
    assert!(stored.bytes().await.unwrap() == *bytes, "the clip differs");
    // Across the seam of two parts.
    let seam = 5 * 1024 * 1024;
    let part = get(&gateway, url, Some(&format!("bytes={}-{}", seam - 10, seam + 9))).await;
    assert_eq!(part.bytes().await.unwrap(), bytes[seam - 10..seam + 10]);
    gateway.app.assert_sound().await;
}

#[tokio::test]
async fn another_ones_store_takes_our_signatures_and_no_others() {
    let server = Server::start().await;
    let gateway = server.gateway("presign = true", None).await;
    let user = gateway.user("ada").await;
    let url = picture(&gateway, &user).await;
    let sent = get(&gateway, &url, None).await;
    assert_eq!(sent.status(), 307);
    let place = sent.headers()["location"].to_str().unwrap().to_owned();
    let file = get(&gateway, &place, None).await;
    assert_eq!(file.status(), 200, "{}", file.text().await.unwrap());
    assert_eq!(file.headers()["content-type"], "image/png");
    assert!(file.headers()["content-disposition"].to_str().unwrap().starts_with("inline"));
    let whole = file.bytes().await.unwrap();
    let part = get(&gateway, &place, Some("bytes=1-3")).await;
    assert_eq!((part.status().as_u16(), part.bytes().await.unwrap()), (206, whole.slice(1..4)));
    if server.folder.is_some() {
        let changed = place.replacen("image%2Fpng", "text%2Fhtml", 1);
        assert_ne!(changed, place);
        assert_eq!(get(&gateway, &changed, None).await.status(), 403);
    }
}

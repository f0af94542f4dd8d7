//! Files in a bucket, and the clearing of both kinds of media store.

use std::time::{Duration, SystemTime};

use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::app::{Options, ok};
use crate::bucket::{Bucket, File, NAME, now};
use crate::jobs::database;
use crate::support::{Gateway, User, eventually};
use crate::videos::{clip, ended, order};

const TWO_DAYS: u64 = 2 * 24 * 60 * 60;

async fn on_bucket(bucket: &Bucket, more: &str) -> Gateway {
    let media = format!("s3://{NAME}/some/place");
    Gateway::with(Options { bucket: Some(media), tables: bucket.table(more), ..Options::default() }).await
}

/// The link to a new picture.
async fn picture(gateway: &Gateway, user: &User) -> String {
    let body = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "response_format": "url"});
    let answer = ok(gateway.post(user, "/v1/images/generations", body).await).await;
    answer["data"][0]["url"].as_str().unwrap().to_owned()
}

async fn film(gateway: &Gateway, user: &User) -> Value {
    let created = order(gateway, user, clip("Waves")).await;
    let done = ended(gateway, user, &created["id"]).await;
    assert_eq!(done["status"], "completed", "{done}");
    done
}

async fn get(gateway: &Gateway, url: &str, range: Option<&str>) -> Response {
    let request = gateway.app.client.get(url);
    let request = range.into_iter().fold(request, |request, range| request.header("range", range));
    request.send().await.unwrap()
}

fn keys(bucket: &Bucket) -> Vec<String> {
    bucket.held().files.keys().cloned().collect()
}

#[tokio::test]
async fn pictures_and_clips_are_kept_in_a_bucket_and_served_from_it_in_parts() {
    let bucket = Bucket::start().await;
    let gateway = on_bucket(&bucket, "").await;
    let user = gateway.user("ada").await;
    let picture = picture(&gateway, &user).await;
    let done = film(&gateway, &user).await;
    let video = done["url"].as_str().unwrap();
    for (url, kind) in [(picture.as_str(), "image/png"), (video, "video/mp4")] {
        let whole = get(&gateway, url, None).await;
        assert_eq!(whole.status(), 200);
        assert_eq!(whole.headers()["content-type"], kind);
        assert_eq!(whole.headers()["x-content-type-options"], "nosniff");
        assert!(whole.headers()["content-security-policy"].to_str().unwrap().contains("sandbox"));
        assert!(whole.headers()["content-disposition"].to_str().unwrap().starts_with("inline"));
        let whole = whole.bytes().await.unwrap();
        let part = get(&gateway, url, Some("bytes=4-7")).await;
        assert_eq!(part.status(), 206);
        assert_eq!(part.headers()["content-range"], format!("bytes 4-7/{}", whole.len()).as_str());
        assert_eq!(part.bytes().await.unwrap(), whole.slice(4..8));
        let held = bucket.held();
        let file = held.files.values().find(|file| file.kind == kind).unwrap();
        assert_eq!(file.bytes, whole);
    }
    {
        let held = bucket.held();
        assert!(held.files.keys().all(|key| key.starts_with("some/place/")));
        // The clip came in parts, and nothing of an upload is left.
        assert_eq!((held.parts.len(), held.uploads.len()), (1, 0));
    }
    bucket.held().files.clear();
    assert_eq!(get(&gateway, &picture, None).await.status(), 404);
    assert_eq!(get(&gateway, video, None).await.status(), 404);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_clip_whose_upload_failed_is_fetched_again_and_leaves_no_parts() {
    let bucket = Bucket::start().await;
    bucket.held().refuse_parts = 1;
    let gateway = on_bucket(&bucket, "").await;
    let user = gateway.user("ada").await;
    film(&gateway, &user).await;
    let held = bucket.held();
    let begun = held.log.iter().filter(|line| line.starts_with("POST")).count();
    // Begun twice, completed once.
    assert_eq!((begun, held.refuse_parts, held.uploads.len(), held.files.len()), (3, 0, 0, 1));
}

#[tokio::test]
async fn browsers_are_sent_to_the_bucket_where_that_is_asked_for() {
    let bucket = Bucket::start().await;
    let gateway = on_bucket(&bucket, "presign = true\npresign_seconds = 60").await;
    let user = gateway.user("ada").await;
    let url = picture(&gateway, &user).await;
    let sent = get(&gateway, &url, None).await;
    assert_eq!(sent.status(), 307);
    assert_eq!(sent.headers()["cache-control"], "no-store");
    assert_eq!(sent.headers()["referrer-policy"], "no-referrer");
    let place = sent.headers()["location"].to_str().unwrap().to_owned();
    assert!(place.starts_with(&format!("{}/{NAME}/some/place/image/asset_", bucket.url)), "{place}");
    assert!(place.contains("X-Amz-Expires=60"), "{place}");
    assert!(sent.bytes().await.unwrap().is_empty());
    let file = get(&gateway, &place, None).await;
    assert_eq!(file.status(), 200);
    assert_eq!(file.headers()["content-type"], "image/png");
    assert!(file.headers()["content-disposition"].to_str().unwrap().starts_with("inline"));
    let whole = file.bytes().await.unwrap();
    let part = get(&gateway, &place, Some("bytes=1-3")).await;
    assert_eq!((part.status().as_u16(), part.bytes().await.unwrap()), (206, whole.slice(1..4)));
    // Another name, type or file is another signature.
    for (from, to) in [("image%2Fpng", "text%2Fhtml"), ("asset_", "asset_0"), ("Expires=60", "Expires=6000")]
    {
        let changed = place.replacen(from, to, 1);
        assert_ne!(changed, place);
        assert_eq!(get(&gateway, &changed, None).await.status(), 403, "{changed}");
    }
    let saved = get(&gateway, &format!("{url}&download=1"), None).await;
    let saved = get(&gateway, saved.headers()["location"].to_str().unwrap(), None).await;
    assert!(saved.headers()["content-disposition"].to_str().unwrap().starts_with("attachment"));
    let asked = gateway.app.client.request(Method::HEAD, &url).send().await.unwrap();
    let asked = gateway.app.client.head(asked.headers()["location"].to_str().unwrap()).send().await.unwrap();
    assert_eq!(
        (asked.status().as_u16(), asked.headers()["content-length"].to_str().unwrap()),
        (200, &*whole.len().to_string())
    );
    // Our own link is checked before anything is signed.
    let wrong = get(&gateway, &url.replace("signature=", "signature=0"), None).await;
    assert_eq!((wrong.status().as_u16(), wrong.headers().get("location")), (404, None));
}

#[tokio::test]
async fn a_bucket_is_cleared_of_what_expired_and_of_what_belongs_to_nobody() {
    let bucket = Bucket::start().await;
    let mut gateway = on_bucket(&bucket, "").await;
    let user = gateway.user("ada").await;
    let expired = picture(&gateway, &user).await;
    let lives = {
        let mut database = database(&gateway).await;
        sqlx::query("UPDATE asset SET expires_at = 1").execute(&mut database).await.unwrap();
        picture(&gateway, &user).await
    };
    let old = now() - TWO_DAYS as i64;
    let file = |changed| File { bytes: b"x".to_vec(), kind: String::new(), changed };
    let orphans =
        ["some/place/image/asset_1.png", "some/place/video/asset_2.mp4", "some/place/image/asset_3.png"];
    // Young, not of our making, and not of our prefix.
    let others = ["some/place/image/asset_4.png", "some/place/image/logo.png", "some/image/asset_5.png"];
    {
        let mut held = bucket.held();
        held.files.values_mut().for_each(|file| file.changed = old);
        held.files.extend(orphans.map(|key| (key.to_owned(), file(old))));
        held.files.extend(others.map(|key| (key.to_owned(), file(old))));
        held.files.get_mut(others[0]).unwrap().changed = now();
    }
    gateway.app.restart().await;
    eventually("the bucket is cleared", async || (keys(&bucket).len() == 4).then_some(())).await;
    let left = keys(&bucket);
    assert!(others.iter().all(|key| left.iter().any(|left| left == key)), "{left:?}");
    let path = |url: &str| format!("{}{}", gateway.app.url, &url[url.find("/v1/").unwrap()..]);
    assert_eq!(get(&gateway, &path(&lives), None).await.status(), 200);
    assert_eq!(get(&gateway, &path(&expired), None).await.status(), 404);
    gateway.check_books().await;
}

#[tokio::test]
async fn a_folder_is_cleared_of_what_belongs_to_nobody() {
    let mut gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let url = picture(&gateway, &user).await;
    let folder = gateway.app.folder.join("media/image");
    let names = || -> Vec<String> {
        let entries = std::fs::read_dir(&folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    for name in ["asset_1.png", "asset_2.png#1", "logo.png"] {
        std::fs::write(folder.join(name), "x").unwrap();
    }
    let old = SystemTime::now() - Duration::from_secs(TWO_DAYS);
    for name in names() {
        let file = std::fs::File::options().write(true).open(folder.join(name)).unwrap();
        file.set_modified(old).unwrap();
    }
    std::fs::write(folder.join("asset_3.png"), "x").unwrap();
    gateway.app.restart().await;
    eventually("the folder is cleared", async || (names().len() == 3).then_some(())).await;
    let left = names();
    assert!(["logo.png", "asset_3.png"].iter().all(|name| left.iter().any(|left| left == name)), "{left:?}");
    let path = &url[url.find("/v1/").unwrap()..];
    assert_eq!(gateway.get(&user, path).await.status(), 200);
}

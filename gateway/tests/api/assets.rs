//! Files: signed links, parts, and nothing for those without a link.

use reqwest::{Method, Response};
use serde_json::json;

use crate::app::ok;
use crate::jobs::database;
use crate::support::{Gateway, eventually};
use crate::videos::{clip, ended, job, order};

/// A gateway and a link to a picture that it keeps.
async fn with_picture() -> (Gateway, String) {
    let gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let body = json!({"model": "gpt-image-1.5", "prompt": "A lighthouse", "response_format": "url"});
    let answer = ok(gateway.post(&user, "/v1/images/generations", body).await).await;
    let url = answer["data"][0]["url"].as_str().unwrap().to_owned();
    (gateway, url)
}

async fn get(gateway: &Gateway, url: &str, range: Option<&str>) -> Response {
    let mut request = gateway.app.client.request(Method::GET, url);
    if let Some(range) = range {
        request = request.header("range", range);
    }
    request.send().await.unwrap()
}

#[tokio::test]
async fn a_player_can_ask_for_parts() {
    let (gateway, url) = with_picture().await;
    let whole = get(&gateway, &url, None).await;
    assert_eq!(whole.headers()["accept-ranges"], "bytes");
    let whole = whole.bytes().await.unwrap();
    let part = get(&gateway, &url, Some("bytes=1-3")).await;
    assert_eq!(part.status(), 206);
    assert_eq!(part.headers()["content-range"], format!("bytes 1-3/{}", whole.len()).as_str());
    assert_eq!(part.headers()["content-length"], "3");
    assert_eq!(part.bytes().await.unwrap(), whole.slice(1..4));
    let end = get(&gateway, &url, Some("bytes=-5")).await;
    assert_eq!(end.bytes().await.unwrap(), whole.slice(whole.len() - 5..));
    let behind = get(&gateway, &url, Some(&format!("bytes={}-", whole.len()))).await;
    assert_eq!(behind.status(), 416);
    assert_eq!(behind.headers()["content-range"], format!("bytes */{}", whole.len()).as_str());
}

#[tokio::test]
async fn a_file_can_be_nothing_but_media() {
    let (gateway, url) = with_picture().await;
    let file = get(&gateway, &url, None).await;
    let headers = file.headers();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    assert!(headers["cache-control"].to_str().unwrap().contains("private"));
    assert!(headers["content-disposition"].to_str().unwrap().starts_with("inline"));
    let saved = get(&gateway, &format!("{url}&download=1"), None).await;
    let disposition = saved.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(disposition.starts_with("attachment") && disposition.ends_with(".png\""), "{disposition}");
}

#[tokio::test]
async fn a_link_that_was_changed_opens_nothing() {
    let (gateway, url) = with_picture().await;
    let (path, query) = url.split_once('?').unwrap();
    for bad in [
        path.to_owned(),
        format!("{path}?{}", query.replacen("expires=", "expires=9", 1)),
        format!("{path}?{}{}", &query[..query.len() - 1], if query.ends_with('0') { '1' } else { '0' }),
        format!("{path}0?{query}"),
        format!("{path}?expires=x&signature=y"),
    ] {
        let refused = get(&gateway, &bad, None).await;
        assert!(matches!(refused.status().as_u16(), 400 | 404), "{bad}: {}", refused.status());
    }
}

#[tokio::test]
async fn a_link_goes_on_working_after_a_restart() {
    let (mut gateway, url) = with_picture().await;
    let before = get(&gateway, &url, None).await.bytes().await.unwrap();
    let old = gateway.app.url.clone();
    gateway.app.restart().await;
    let moved = url.replace(&old, &gateway.app.url);
    assert_eq!(get(&gateway, &moved, None).await.bytes().await.unwrap(), before);
}

#[tokio::test]
async fn a_file_whose_time_is_up_is_deleted() {
    let mut gateway = Gateway::start().await;
    let user = gateway.user("ada").await;
    let created = order(&gateway, &user, clip("Waves")).await;
    let done = ended(&gateway, &user, &created["id"]).await;
    let folder = gateway.app.folder.join("media/video");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    let mut database = database(&gateway).await;
    sqlx::query("UPDATE asset SET expires_at = 1").execute(&mut database).await.unwrap();
    let link = done["url"].as_str().unwrap().strip_prefix(&gateway.app.url).unwrap().to_owned();
    assert_eq!(gateway.get(&user, &link).await.status(), 404);
    gateway.app.restart().await;
    eventually("the file is gone", async || (std::fs::read_dir(&folder).unwrap().count() == 0).then_some(()))
        .await;
    let user = gateway.user("ada").await;
    let path = format!("/v1/videos/{}/content", created["id"].as_str().unwrap());
    assert_eq!(gateway.get(&user, &path).await.status(), 404);
    eventually("the job has no link any more", async || {
        let job = job(&gateway, &user, &created["id"]).await;
        (job["url"].is_null() && job["status"] == "completed").then_some(())
    })
    .await;
    gateway.check_books().await;
}

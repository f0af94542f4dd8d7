//! A store that speaks S3, with one bucket. It takes nothing that is not signed with its key, by the rules of
//! AWS Signature Version 4.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

pub(crate) const KEY_ID: &str = "bucket-key-id";
pub(crate) const SECRET: &str = "bucket-secret-0123456789";
pub(crate) const NAME: &str = "media";
const REGION: &str = "eu-test-1";
/// Keys in one answer to a listing.
const PAGE: usize = 2;

/// A running store.
#[derive(Clone)]
pub(crate) struct Bucket {
    pub(crate) url: String,
    held: Arc<Mutex<Held>>,
}

#[derive(Default)]
pub(crate) struct Held {
    pub(crate) files: BTreeMap<String, File>,
    /// Uploads that have begun and not ended, by id.
    pub(crate) uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    /// How many parts are refused from now on.
    pub(crate) refuse_parts: usize,
    /// Parts of the uploads that were completed.
    pub(crate) parts: Vec<usize>,
    /// `METHOD key` of each request, in order.
    pub(crate) log: Vec<String>,
    next_upload: usize,
}

#[derive(Clone)]
pub(crate) struct File {
    pub(crate) bytes: Vec<u8>,
    pub(crate) kind: String,
    /// Unix time in seconds.
    pub(crate) changed: i64,
}

impl Bucket {
    pub(crate) async fn start() -> Bucket {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let bucket = Bucket { url, held: Arc::default() };
        let app = axum::Router::new().fallback(answer).with_state(bucket.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        bucket
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap()
    }

    /// The tables of a gateway that keeps its files here.
    pub(crate) fn table(&self, more: &str) -> String {
        format!(
            "[media_store]\nendpoint = \"{}\"\nregion = \"{REGION}\"\nkey_id_env = \"BUCKET_KEY_ID\"\n\
             secret_env = \"BUCKET_SECRET\"\n{more}\n",
            self.url
        )
    }
}

async fn answer(State(bucket): State<Bucket>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 64 << 20).await.unwrap();
    let raw = head.uri.query().unwrap_or_default();
    if let Err(wrong) = check_signature(&head.method, head.uri.path(), raw, &head.headers, &body) {
        return (StatusCode::FORBIDDEN, format!("<Error><Code>{wrong}</Code></Error>")).into_response();
    }
    let query: BTreeMap<String, String> = url::form_urlencoded::parse(raw.as_bytes()).into_owned().collect();
    let Some(key) = head.uri.path().strip_prefix(&format!("/{NAME}")) else {
        return (StatusCode::NOT_FOUND, "<Error><Code>NoSuchBucket</Code></Error>").into_response();
    };
    let key = key.trim_start_matches('/').to_owned();
    let mut held = bucket.held();
    held.log.push(format!("{} {key}", head.method));
    let kind = head.headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or("").to_owned();
    let upload = query.get("uploadId").cloned();
    match (head.method.as_str(), upload) {
        ("GET", _) if query.contains_key("list-type") => list(&held, &query),
        ("GET" | "HEAD", _) => read(&held, &key, &query, &head.headers, head.method == Method::HEAD),
        ("PUT", Some(id)) => {
            if held.refuse_parts > 0 {
                held.refuse_parts -= 1;
                return (StatusCode::BAD_REQUEST, "<Error><Code>Refused</Code></Error>").into_response();
            }
            let number: u32 = query["partNumber"].parse().unwrap();
            held.uploads.get_mut(&id).unwrap().insert(number, body.to_vec());
            ([("etag", format!("\"part-{number}\""))], "").into_response()
        }
        ("PUT", None) => {
            held.files.insert(key, File { bytes: body.to_vec(), kind, changed: now() });
            ([("etag", "\"whole\"")], "").into_response()
        }
        ("POST", None) if query.contains_key("uploads") => {
            held.next_upload += 1;
            let id = format!("{}|{kind}", held.next_upload);
            held.uploads.insert(id.clone(), BTreeMap::new());
            xml(format!(
                "<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
            ))
        }
        ("POST", Some(id)) => {
            let parts = held.uploads.remove(&id).unwrap();
            let told = String::from_utf8_lossy(&body).matches("<PartNumber>").count();
            assert_eq!(told, parts.len());
            held.parts.push(told);
            let kind = id.split_once('|').unwrap().1.to_owned();
            let bytes = parts.into_values().flatten().collect();
            held.files.insert(key, File { bytes, kind, changed: now() });
            xml("<CompleteMultipartUploadResult><ETag>\"whole\"</ETag></CompleteMultipartUploadResult>"
                .into())
        }
        ("DELETE", Some(id)) => {
            held.uploads.remove(&id);
            StatusCode::NO_CONTENT.into_response()
        }
        ("DELETE", None) => {
            held.files.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::NOT_IMPLEMENTED.into_response(),
    }
}

fn read(
    held: &Held,
    key: &str,
    query: &BTreeMap<String, String>,
    headers: &HeaderMap,
    head: bool,
) -> Response {
    let Some(file) = held.files.get(key) else {
        return (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response();
    };
    let total = file.bytes.len();
    let range = headers.get("range").map(|range| range.to_str().unwrap().strip_prefix("bytes=").unwrap());
    let part = range.map(|range| {
        let (from, to) = range.split_once('-').unwrap();
        let from: usize = from.parse().unwrap();
        from..to.parse::<usize>().map_or(total, |to| (to + 1).min(total))
    });
    let bytes = part.clone().map_or(&file.bytes[..], |part| &file.bytes[part]);
    let changed = chrono::DateTime::from_timestamp(file.changed, 0).unwrap();
    let mut response = Response::builder()
        .status(if part.is_some() { 206 } else { 200 })
        .header("etag", "\"whole\"")
        .header("last-modified", changed.format("%a, %d %b %Y %H:%M:%S GMT").to_string())
        .header("accept-ranges", "bytes")
        .header("content-length", bytes.len())
        .header("content-type", query.get("response-content-type").unwrap_or(&file.kind));
    for name in ["content-disposition", "cache-control"] {
        if let Some(value) = query.get(&format!("response-{name}")) {
            response = response.header(name, value);
        }
    }
    if let Some(part) = part {
        response = response.header("content-range", format!("bytes {}-{}/{total}", part.start, part.end - 1));
    }
    response.body(if head { Body::empty() } else { Body::from(bytes.to_vec()) }).unwrap()
}

fn list(held: &Held, query: &BTreeMap<String, String>) -> Response {
    let prefix = query.get("prefix").map_or("", String::as_str);
    let after = query.get("continuation-token").map_or("", String::as_str);
    let mut found = held.files.iter().filter(|(key, _)| key.starts_with(prefix) && key.as_str() > after);
    let page: Vec<_> = found.by_ref().take(PAGE).collect();
    let more = found.next().and(page.last()).map(|(key, _)| {
        format!("<IsTruncated>true</IsTruncated><NextContinuationToken>{key}</NextContinuationToken>")
    });
    let files = page.iter().map(|(key, file)| {
        let changed = chrono::DateTime::from_timestamp(file.changed, 0).unwrap();
        let changed = changed.format("%Y-%m-%dT%H:%M:%S.000Z");
        let size = file.bytes.len();
        format!(
            "<Contents><Key>{key}</Key><LastModified>{changed}</LastModified><Size>{size}</Size></Contents>"
        )
    });
    let files: String = files.collect();
    xml(format!("<ListBucketResult>{}{files}</ListBucketResult>", more.unwrap_or_default()))
}

fn xml(text: String) -> Response {
    ([("content-type", "application/xml")], text).into_response()
}

pub(crate) fn now() -> i64 {
    std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() as i64
}

/// Checks the signature in the header, or in the query of a link.
fn check_signature(
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), &'static str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty()).collect();
    pairs.sort_unstable();
    let in_query: BTreeMap<String, String> =
        url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    let (credential, signed, signature, date, digest);
    if let Some(given) = in_query.get("X-Amz-Signature") {
        if headers.contains_key("authorization") {
            return Err("OnlyOneAuthMechanismAllowed");
        }
        pairs.retain(|pair| !pair.starts_with("X-Amz-Signature="));
        let field = |name: &str| in_query.get(name).cloned().unwrap_or_default();
        (credential, signed) = (field("X-Amz-Credential"), field("X-Amz-SignedHeaders"));
        (signature, date, digest) = (given.clone(), field("X-Amz-Date"), "UNSIGNED-PAYLOAD".to_owned());
        let begun = chrono::NaiveDateTime::parse_from_str(&date, "%Y%m%dT%H%M%SZ").map_err(|_| "Date")?;
        let life: i64 = field("X-Amz-Expires").parse().map_err(|_| "Expires")?;
        if begun.and_utc().timestamp() + life < now() {
            return Err("Expired");
        }
    } else {
        let header = text("authorization").strip_prefix("AWS4-HMAC-SHA256 ").ok_or("AccessDenied")?;
        let fields: BTreeMap<&str, &str> =
            header.split(',').filter_map(|field| field.trim().split_once('=')).collect();
        let field = |name: &str| fields.get(name).copied().unwrap_or_default().to_owned();
        (credential, signed, signature) = (field("Credential"), field("SignedHeaders"), field("Signature"));
        (date, digest) = (text("x-amz-date").to_owned(), text("x-amz-content-sha256").to_owned());
        if digest != hex(&Sha256::digest(body)) {
            return Err("XAmzContentSHA256Mismatch");
        }
    }
    let scope = credential.strip_prefix(&format!("{KEY_ID}/")).ok_or("InvalidAccessKeyId")?;
    let day = date.get(..8).ok_or("Date")?;
    if scope != format!("{day}/{REGION}/s3/aws4_request") || !signed.split(';').any(|name| name == "host") {
        return Err("Scope");
    }
    let headers: String = signed.split(';').map(|name| format!("{name}:{}\n", text(name))).collect();
    let canonical = format!("{method}\n{path}\n{}\n{headers}\n{signed}\n{digest}", pairs.join("&"));
    let canonical = hex(&Sha256::digest(canonical));
    let message = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{canonical}");
    let mut key = format!("AWS4{SECRET}").into_bytes();
    for part in [day, REGION, "s3", "aws4_request"] {
        key = mac(&key, part);
    }
    if hex(&mac(&key, &message)) == signature { Ok(()) } else { Err("SignatureDoesNotMatch") }
}

fn mac(key: &[u8], message: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap().chain_update(message);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

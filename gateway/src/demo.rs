//! The demo's pages, served from a folder as they are now: an edit shows with the next reload.

use std::path::{Component, Path, PathBuf};

use axum::body::Body;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, LOCATION};
use axum::http::{HeaderName, StatusCode};
use axum::response::Response;
use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::widget_files::{content_type, matches};

/// Serves the file that a path names, `index.html` for a folder.
pub(crate) async fn page(folder: &Path, path: &str, request: &HeaderMap) -> Result<Response, Error> {
    let missing = || Error::not_found("page");
    let mut file = locate(folder, path).ok_or_else(missing)?;
    if tokio::fs::metadata(&file).await.is_ok_and(|found| found.is_dir()) {
        if !path.ends_with('/') {
            return Ok(to_folder(path));
        }
        file.push("index.html");
    }
    // A link in the folder could lead out of it.
    let (root, real) = (tokio::fs::canonicalize(folder).await, tokio::fs::canonicalize(&file).await);
    match (&root, &real) {
        (Ok(root), Ok(real)) if real.starts_with(root) => {}
        _ => return Err(missing()),
    }
    let content = tokio::fs::read(&file).await.map_err(|_| missing())?;
    let hash: String = Sha256::digest(&content).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let known = matches(request, &hash);
    let mut response = Response::new(if known { Body::empty() } else { Body::from(content) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    let kind = content_type(&file.to_string_lossy());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
    if let Ok(etag) = HeaderValue::from_str(&format!("\"{hash}\"")) {
        headers.insert(ETAG, etag);
    }
    Ok(response)
}

/// Relative links in a folder's page need the slash at the end of its address.
fn to_folder(path: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    let last = path.rsplit('/').next().unwrap_or_default();
    // Relative, so that no path can be made to lead to another host.
    if let Ok(location) = HeaderValue::from_str(&format!("./{last}/")) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// The file that a URL's path stands for, or `None` where it is hidden or points out of the folder.
fn locate(folder: &Path, path: &str) -> Option<PathBuf> {
    let decoded = decode(path.trim_start_matches('/'))?;
    if decoded.contains(['\\', '\0', ':']) {
        return None;
    }
    let relative = Path::new(&decoded);
    let plain = |component: Component<'_>| match component {
        Component::Normal(name) => !name.to_string_lossy().starts_with('.'),
        _ => false,
    };
    relative.components().all(plain).then(|| folder.join(relative))
}

fn decode(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            bytes.push((digit(rest.next())? * 16 + digit(rest.next())?) as u8);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leaves_the_folder() {
        let folder = Path::new("/srv/www");
        for path in [
            "/../secret",
            "/a/%2e%2e/%2e%2e/secret",
            "/..%2fsecret",
            "/.env",
            "/a/.git/config",
            "/%00",
            "/a%5c..",
            "//etc/passwd%",
            "/%zz",
            "/%c3",
        ] {
            assert_eq!(locate(folder, path), None, "{path}");
        }
        assert_eq!(locate(folder, "/"), Some(PathBuf::from("/srv/www/")));
        assert_eq!(locate(folder, "//etc/passwd"), Some(PathBuf::from("/srv/www/etc/passwd")));
        assert_eq!(locate(folder, "/a%20b/c.html"), Some(PathBuf::from("/srv/www/a b/c.html")));
    }
}

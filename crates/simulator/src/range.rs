use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// A whole file or the one range of it that the request names.
pub(crate) fn respond(file: Bytes, content_type: &'static str, headers: &HeaderMap) -> Response {
    let wanted = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let total = file.len();
    let (status, body, range) = match wanted.and_then(|value| parse(value, total)) {
        None => (StatusCode::OK, file, None),
        Some(None) => (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new(), Some(format!("bytes */{total}"))),
        Some(Some((first, last))) => (
            StatusCode::PARTIAL_CONTENT,
            file.slice(first..=last),
            Some(format!("bytes {first}-{last}/{total}")),
        ),
    };
    let mut response = (status, Body::from(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(value) = range.and_then(|range| HeaderValue::from_str(&range).ok()) {
        headers.insert(header::CONTENT_RANGE, value);
    }
    response
}

/// `None`: no range that we understand, so all of it. `Some(None)`: a range outside the file.
fn parse(value: &str, total: usize) -> Option<Option<(usize, usize)>> {
    let (first, last) = value.strip_prefix("bytes=")?.split_once('-')?;
    let end = total.checked_sub(1);
    let (first, last) = match (first.trim(), last.trim()) {
        ("", suffix) => {
            let length: usize = suffix.parse().ok()?;
            if length == 0 {
                return Some(None);
            }
            (total.saturating_sub(length), end)
        }
        (first, "") => (first.parse().ok()?, end),
        (first, last) => (first.parse().ok()?, end.map(|end| last.parse().unwrap_or(end).min(end))),
    };
    Some(last.filter(|last| first <= *last).map(|last| (first, last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_http_says() {
        for (value, expected) in [
            ("bytes=0-3", Some(Some((0, 3)))),
            ("bytes=4-", Some(Some((4, 9)))),
            ("bytes=-3", Some(Some((7, 9)))),
            ("bytes=5-99", Some(Some((5, 9)))),
            ("bytes=10-", Some(None)),
            ("bytes=6-2", Some(None)),
            ("bytes=-0", Some(None)),
            ("lines=1-2", None),
        ] {
            assert_eq!(parse(value, 10), expected, "{value}");
        }
    }
}

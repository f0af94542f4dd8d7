//! URLs in users' requests. A provider fetches them, from wherever it stands: a model server in the gateway's own
//! network would reach what the user cannot.

use std::time::Duration;

use reqwest::Url;
use serde_json::{Map, Value};
use url::Host;

use crate::error::Error;
use crate::net::is_public;
use crate::state::AppState;

/// Files that one request may point at or carry.
const MOST: usize = 16;
/// For all of their names to be looked up.
const LOOKUP_TIME: Duration = Duration::from_secs(5);
/// Fields whose text, or whose `url`, is an address.
const FIELDS: [&str; 8] =
    ["image_url", "video_url", "audio_url", "file_url", "file_data", "input_reference", "image", "mask"];

/// Refuses a request that points at anything but the public internet, before it is paid for or passed on.
///
/// Where one of the providers is in the own network, no addresses are taken but those of hosts that the operator
/// vouches for, because what a name leads to can change after this check.
pub(crate) async fn check(state: &AppState, body: &[u8]) -> Result<(), Error> {
    // A form has files of its own, which were looked at when they came.
    let Ok(body) = serde_json::from_slice::<Map<String, Value>>(body) else { return Ok(()) };
    let mut links = Vec::new();
    for (name, value) in &body {
        collect(name, value, name, &mut links);
    }
    if links.len() > MOST {
        let (field, _) = links.swap_remove(MOST);
        return Err(Error::invalid(field, format!("A request carries at most {MOST} files.")));
    }
    links.retain(|(_, link)| !is_data(link));
    let inside = state.config.providers.iter().any(|provider| is_inside(&provider.base_url));
    let checking = async {
        for (field, link) in links {
            let refuse = |why: &dyn std::fmt::Display| {
                Error::invalid(
                    &field,
                    format!("The file at `{field}` cannot be used: {why}. Send it as a `data:` URL."),
                )
            };
            if inside && !state.fetcher.vouches(link) {
                return Err(refuse(&"this model takes no addresses"));
            }
            state.fetcher.check(link).await.map_err(|blocked| refuse(&blocked))?;
        }
        Ok(())
    };
    tokio::time::timeout(LOOKUP_TIME, checking).await.unwrap_or_else(|_| {
        Err(Error::invalid("", "The hosts of the request's files could not be found in time."))
    })
}

/// Collects addresses with the paths of their fields.
fn collect<'a>(name: &str, value: &'a Value, path: &str, links: &mut Vec<(String, &'a str)>) {
    match value {
        Value::String(text) if FIELDS.contains(&name) && is_address(text) => {
            links.push((path.to_owned(), text))
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(name, item, &format!("{path}[{index}]"), links);
            }
        }
        Value::Object(fields) => {
            for (field, value) in fields {
                let path = format!("{path}.{field}");
                // `{"image_url": {"url": …}}` is the same as `{"image_url": …}`.
                let name = if field == "url" && FIELDS.contains(&name) { name } else { field };
                collect(name, value, &path, links);
            }
        }
        _ => {}
    }
}

/// Base64 without a scheme, as some servers take it, has no colon.
fn is_address(text: &str) -> bool {
    text.contains(':') || text.trim_start().starts_with("//")
}

fn is_data(link: &str) -> bool {
    link.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"))
}

/// True for a server of the own network, as far as its address tells.
fn is_inside(base: &str) -> bool {
    let Ok(url) = base.parse::<Url>() else { return true };
    match url.host() {
        Some(Host::Domain(name)) => {
            !name.trim_end_matches('.').contains('.')
                || name.ends_with(".internal")
                || name.ends_with(".local")
        }
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn addresses_are_found_in_each_of_the_places_that_servers_read() {
        let body = json!({
            "messages": [
                {"role": "user", "content": "see http://in.text/ "},
                {"role": "user", "content": [
                    {"type": "text", "text": "https://also.text"},
                    {"type": "image_url", "image_url": {"url": "http://a/"}},
                    {"type": "image_url", "image_url": "http://b/"},
                    {"type": "input_image", "image_url": "DATA:image/png;base64,AA"},
                    {"type": "file", "file": {"file_data": "http://c/"}},
                    {"type": "video_url", "video_url": {"url": "//d/"}},
                ]},
            ],
            "image": ["http://e/", "aGVsbG8="],
            "input_reference": {"image_url": {"url": "file:///etc/passwd"}},
        });
        let mut links = Vec::new();
        for (name, value) in body.as_object().unwrap() {
            collect(name, value, name, &mut links);
        }
        let found: Vec<&str> = links.iter().map(|(_, link)| *link).filter(|link| !is_data(link)).collect();
        assert_eq!(found, ["http://e/", "file:///etc/passwd", "http://a/", "http://b/", "http://c/", "//d/"]);
        assert!(links.iter().any(|(path, _)| path == "messages[1].content[1].image_url.url"));
    }

    #[test]
    fn a_model_server_of_the_own_network_is_told_by_its_address() {
        for base in
            ["http://127.0.0.1:8080/v1", "http://ollama:11434", "http://[::1]/v1", "http://10.1.1.1", "x"]
        {
            assert!(is_inside(base), "{base}");
        }
        assert!(!is_inside("https://api.openai.com/v1"));
    }
}

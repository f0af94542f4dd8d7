use axum::http::HeaderMap;

use super::Fault;
use crate::error::ApiError;

/// The faults named by the header `x-sim-fault`.
pub(crate) fn from_headers(headers: &HeaderMap) -> Result<Vec<Fault>, ApiError> {
    let Some(value) = headers.get("x-sim-fault").and_then(|value| value.to_str().ok()) else {
        return Ok(Vec::new());
    };
    value.split(',').map(parse).collect()
}

/// Takes the markers out of a prompt: the text that is left, the faults for every time, and the
/// faults for the first time only.
pub(crate) fn from_text(text: &str) -> Result<(String, Vec<Fault>, Vec<Fault>), ApiError> {
    let (mut left, mut always, mut once) = (String::new(), Vec::new(), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find("[[fault") {
        let (before, marker) = rest.split_at(start);
        let Some(end) = marker.find("]]") else { break };
        let inner = marker.get("[[fault".len()..end).unwrap_or_default();
        let (faults, name) = match (inner.strip_prefix(':'), inner.strip_prefix("-once:")) {
            (Some(name), _) => (&mut always, name),
            (None, Some(name)) => (&mut once, name),
            (None, None) => {
                return Err(ApiError::invalid(None, format!("bad fault marker `[[fault{inner}]]`")));
            }
        };
        faults.push(parse(name)?);
        left.push_str(before);
        rest = marker.get(end + 2..).unwrap_or_default();
    }
    left.push_str(rest);
    Ok((left.trim().to_owned(), always, once))
}

fn parse(text: &str) -> Result<Fault, ApiError> {
    text.parse().map_err(|message: String| ApiError::invalid(Some("fault"), message))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn markers_are_taken_out_of_the_prompt() {
        let (left, always, once) =
            from_text("draw [[fault:delay=20]]a cat [[fault-once:500]]").expect("good markers");
        assert_eq!(left, "draw a cat");
        assert_eq!(always, ["delay=20".parse().unwrap()]);
        assert_eq!(once, ["500".parse().unwrap()]);
    }

    #[test]
    fn an_unclosed_marker_is_only_text() {
        let (left, always, _) = from_text("see [[fault:500").unwrap();
        assert_eq!(left, "see [[fault:500");
        assert!(always.is_empty());
    }
}

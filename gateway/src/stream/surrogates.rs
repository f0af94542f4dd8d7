//! Halves of emoji: some providers cut a stream between the two escapes of one, which JavaScript joins again and Rust
//! cannot hold.

/// True where JSON text may hold escapes of surrogates.
pub(super) fn has_surrogates(data: &str) -> bool {
    data.contains("\\ud") || data.contains("\\uD")
}

/// Replaces escapes of surrogates, paired or not, for reading only.
pub(super) fn without_surrogates(data: &str) -> String {
    let mut text = String::with_capacity(data.len());
    let mut rest = data;
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        let surrogate = escape.get(2..6).is_some_and(|digits| {
            digits.starts_with(['d', 'D'])
                && matches!(digits.as_bytes().get(1), Some(b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F'))
        });
        let cut = if surrogate { 6 } else { 2 };
        text.push_str(if surrogate { "\\ufffd" } else { "\\u" });
        rest = escape.get(cut..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn half_of_an_emoji_can_be_read() {
        let data = r#"{"choices":[{"delta":{"content":"a\ud83d"}}]}"#;
        assert!(serde_json::from_str::<Value>(data).is_err());
        assert!(serde_json::from_str::<Value>(&without_surrogates(data)).is_ok());
        assert_eq!(without_surrogates(r"\u00e9\ud7ff"), r"\u00e9\ud7ff");
    }
}

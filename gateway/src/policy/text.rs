use serde_json::Value;

/// Fields that hold names, addresses and files rather than words.
const NO_TEXT: [&str; 14] = [
    "role",
    "type",
    "id",
    "call_id",
    "tool_call_id",
    "object",
    "model",
    "url",
    "image_url",
    "data",
    "file_data",
    "file_id",
    "b64_json",
    "detail",
];
/// Of a body that is no JSON.
const MOST_RAW: usize = 256 * 1024;

/// Every text of a request or an answer, wherever it stands.
pub(crate) fn texts(value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

/// The texts of a request's body. One that is no JSON, such as a form, is judged as it is.
pub(super) fn of_body(body: &[u8]) -> Vec<String> {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => texts(&value),
        Err(_) => vec![String::from_utf8_lossy(body.get(..MOST_RAW).unwrap_or(body)).into_owned()],
    }
}

fn collect(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) if !text.trim().is_empty() => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(fields) => {
            for (name, value) in fields {
                // Only names of things are passed over: an object below such a name may hold anything.
                if !(value.is_string() && NO_TEXT.contains(&name.as_str())) {
                    collect(value, found);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn texts_are_found_wherever_they_stand() {
        let body = json!({
            "model": "m", "messages": [
                {"role": "user", "content": "one"},
                {"role": "user", "content": [{"type": "text", "text": "two"}, {"type": "image_url", "image_url": {"url": "data:x"}}]},
            ],
            "tools": [{"function": {"description": "three"}}], "type": {"text": "four"},
        });
        let mut found = texts(&body);
        found.sort();
        assert_eq!(found, ["four", "one", "three", "two"]);
        assert_eq!(of_body(b"--x\r\nprompt"), ["--x\r\nprompt"]);
    }
}

use serde_json::{Map, Value, json};

use crate::error::Error;

/// Items of a conversation that are sent back to the model, besides messages.
const ITEMS: [&str; 5] =
    ["function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning"];

/// The call as a chat call, which has a price. What has none of its own here, or would be kept or looked up at the
/// provider, is refused.
///
/// # Errors
/// `invalid_request` naming the field.
pub(super) fn as_chat(body: &Map<String, Value>) -> Result<Value, Error> {
    let set = |name: &str| body.get(name).filter(|value| !value.is_null());
    if set("background").is_some_and(|value| *value != false) {
        let message = "`background` is not taken: an answer comes at once, and its stream can be resumed.";
        return Err(Error::invalid("background", message));
    }
    for name in ["previous_response_id", "conversation", "prompt"] {
        if set(name).is_some() {
            // The provider's key can read all of them, whosever they are.
            let message =
                format!("`{name}` is not taken: nothing is kept. Send the conversation in `input`.");
            return Err(Error::invalid(name, message));
        }
    }
    let mut messages = Vec::new();
    if let Some(text) = set("instructions") {
        let text = text.as_str().ok_or_else(|| Error::invalid("instructions", "`instructions` is text."))?;
        messages.push(json!({"role": "system", "content": text}));
    }
    match set("input") {
        Some(Value::String(text)) => messages.push(json!({"role": "user", "content": text})),
        Some(Value::Array(items)) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                messages.push(message(item, &format!("input[{index}]"))?);
            }
        }
        _ => return Err(Error::invalid("input", "Send text or a list of items in `input`.")),
    }
    let tools = set("tools").map(|tools| tools.as_array().map(Vec::as_slice).unwrap_or_default());
    for (index, tool) in tools.into_iter().flatten().enumerate() {
        let kind = tool.get("type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(kind, "function" | "custom") {
            // A search or a picture has a price of its own, which is not in the usage.
            let at = format!("tools[{index}].type");
            return Err(Error::invalid(at, "Only tools of the types `function` and `custom` are taken."));
        }
    }
    let mut chat = json!({"model": body.get("model"), "messages": messages});
    for (ours, theirs) in
        [("tools", "tools"), ("text", "response_format"), ("max_output_tokens", "max_completion_tokens")]
    {
        if let Some(value) = set(ours) {
            chat[theirs] = value.clone();
        }
    }
    Ok(chat)
}

fn message(item: &Value, at: &str) -> Result<Value, Error> {
    let kind = item.get("type").and_then(Value::as_str);
    if let Some(kind) = kind.filter(|kind| *kind != "message") {
        if !ITEMS.contains(&kind) {
            let message = format!("Items of this type are not taken; the others are {}.", ITEMS.join(", "));
            return Err(Error::invalid(format!("{at}.type"), message));
        }
        return Ok(json!({"role": "user", "content": item.to_string()}));
    }
    let content = match item.get("content") {
        Some(Value::Array(parts)) => {
            let parts = parts.iter().enumerate();
            let parts = parts.map(|(index, content)| part(content, &format!("{at}.content[{index}]")));
            Value::Array(parts.collect::<Result<_, _>>()?)
        }
        Some(content) => content.clone(),
        None => Value::Null,
    };
    Ok(json!({"role": item.get("role"), "content": content}))
}

fn part(part: &Value, at: &str) -> Result<Value, Error> {
    match part.get("type").and_then(Value::as_str) {
        Some("input_text" | "output_text") => Ok(json!({"type": "text", "text": part.get("text")})),
        Some("refusal") => Ok(json!({"type": "text", "text": part.get("refusal")})),
        Some("input_image") if part.get("file_id").is_none_or(Value::is_null) => Ok(json!({
            "type": "image_url", "image_url": {"url": part.get("image_url"), "detail": part.get("detail")},
        })),
        _ => {
            let message =
                "Parts are `input_text`, `output_text`, `refusal`, and `input_image` with an `image_url`.";
            Err(Error::invalid(format!("{at}.type"), message))
        }
    }
}

/// An error about the chat call in the words of this one.
pub(super) fn in_their_words(error: Error) -> Error {
    let param = error.param_name().map(|param| match param {
        "max_completion_tokens" | "max_tokens" => "max_output_tokens".to_owned(),
        param => param.replace("messages", "input"),
    });
    match param {
        Some(param) => error.param(param),
        None => error,
    }
}

/// All text of an answer.
pub(super) fn text_of(answer: &Value) -> String {
    let items = answer.get("output").and_then(Value::as_array).into_iter().flatten();
    let parts = items.flat_map(|item| item.get("content").and_then(Value::as_array).into_iter().flatten());
    parts.filter_map(|part| part.get("text").or_else(|| part.get("refusal"))?.as_str()).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn chat(mut body: Value) -> Result<Value, Error> {
        body["model"] = json!("gpt-5.4");
        as_chat(body.as_object().unwrap())
    }

    #[test]
    fn everything_that_the_model_reads_is_in_the_chat_that_is_priced() {
        let chat = chat(json!({
            "instructions": "Be short.", "max_output_tokens": 9, "text": {"format": {"type": "text"}},
            "tools": [{"type": "function", "name": "f", "parameters": {}}],
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
                {"type": "function_call_output", "call_id": "c", "output": "42"},
            ],
        }))
        .unwrap();
        assert_eq!(chat["max_completion_tokens"], 9);
        assert_eq!(chat["messages"].as_array().unwrap().len(), 3);
        assert_eq!(chat["messages"][1]["content"][0], json!({"type": "text", "text": "Hi"}));
        assert!(chat["messages"][2]["content"].as_str().unwrap().contains("42"));
        assert!(chat["tools"].is_array() && chat["response_format"].is_object());
    }

    #[test]
    fn what_lies_at_the_provider_or_has_a_price_of_its_own_is_refused() {
        for (name, value) in [
            ("background", json!(true)),
            ("previous_response_id", json!("resp_1")),
            ("conversation", json!("conv_1")),
            ("prompt", json!({"id": "pmpt_1"})),
            ("tools", json!([{"type": "web_search"}])),
            ("input", json!([{"type": "item_reference", "id": "msg_1"}])),
            ("input", json!([{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}])),
            ("input", json!([{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}])),
            ("input", json!([])),
        ] {
            let mut body = json!({"input": "Hi"});
            body[name] = value;
            assert!(chat(body.clone()).is_err(), "{body}");
        }
        assert!(chat(json!({"input": "Hi", "background": false, "store": true})).is_ok());
    }
}

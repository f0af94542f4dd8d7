use reqwest::multipart::Form;
use reqwest::{RequestBuilder, Response};
use serde_json::{Map, Value, json};

use super::event_stream;
use crate::provider::connection::{Connection, WHOLE_ANSWER};
use crate::provider::failure::UpstreamError;
use crate::provider::request::ImageCall;

/// Pictures in one piece.
pub(in crate::provider) async fn whole(up: &Connection, call: &ImageCall) -> Result<Value, UpstreamError> {
    up.json(request(up, call, false), WHOLE_ANSWER).await
}

/// Pictures with partial ones ahead.
pub(in crate::provider) async fn stream(
    up: &Connection,
    call: &ImageCall,
) -> Result<Response, UpstreamError> {
    event_stream(up, request(up, call, true)).await
}

/// `POST /images/generations` with JSON, or `POST /images/edits` with a form where there is something to edit.
fn request(up: &Connection, call: &ImageCall, stream: bool) -> RequestBuilder {
    let fields = fields(up, call, stream);
    if call.sources.is_empty() {
        return up.post("/images/generations").json(&fields);
    }
    let mut form = Form::new();
    for (name, value) in fields {
        let text = match value {
            Value::String(text) => text,
            other => other.to_string(),
        };
        form = form.text(name, text);
    }
    // One picture is `image`, several are a list, which a form writes with brackets.
    let name = if call.sources.len() == 1 { "image" } else { "image[]" };
    for source in &call.sources {
        form = form.part(name, source.part());
    }
    if let Some(mask) = &call.mask {
        form = form.part("mask", mask.part());
    }
    up.post("/images/edits").multipart(form)
}

fn fields(up: &Connection, call: &ImageCall, stream: bool) -> Map<String, Value> {
    let mut fields = call.extra.clone();
    fields.insert("model".into(), up.model(&call.model).into());
    fields.insert("prompt".into(), call.prompt.as_str().into());
    fields.insert("n".into(), call.n.into());
    fields.insert("size".into(), call.size.as_str().into());
    super::identify(up, &mut fields, &call.safety_identifier);
    if stream {
        fields.insert("stream".into(), json!(true));
        fields.insert("partial_images".into(), call.partial_images.into());
    }
    fields
}

use reqwest::Response;
use reqwest::multipart::Form;

use crate::provider::connection::{Connection, WHOLE_ANSWER};
use crate::provider::failure::UpstreamError;
use crate::provider::request::{SpeechCall, TranscriptionCall};

/// `POST /audio/speech`.
pub(in crate::provider) async fn speech(
    up: &Connection,
    call: &SpeechCall,
) -> Result<Response, UpstreamError> {
    let mut body = call.body.clone();
    body.remove("triptych");
    body.insert("model".into(), up.model(&call.model).into());
    up.send(up.post("/audio/speech").json(&body), up.first_byte_timeout()).await
}

/// `POST /audio/transcriptions`, always a form.
pub(in crate::provider) async fn transcription(
    up: &Connection,
    call: &TranscriptionCall,
) -> Result<Response, UpstreamError> {
    let mut form = Form::new().text("model", up.model(&call.model).to_owned());
    for (name, value) in &call.fields {
        form = form.text(name.clone(), value.clone());
    }
    let form = form.part("file", call.file.part());
    up.send(up.post("/audio/transcriptions").multipart(form), WHOLE_ANSWER).await
}

use axum::body::Bytes;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{HeaderMap, header};

use crate::error::ApiError;

/// A request body that is a form or JSON.
pub(crate) enum Sent {
    Form(Form),
    Json(Bytes),
}

/// The fields and files of a multipart form.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: Vec<(String, String)>,
    /// Field name, file name and content.
    pub(crate) files: Vec<(String, String, Bytes)>,
}

impl Form {
    /// The last value sent under that name.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    /// A number sent under that name.
    pub(crate) fn number(&self, name: &'static str) -> Result<Option<u32>, ApiError> {
        let parse = |text: &str| {
            text.parse().map_err(|_| ApiError::invalid(Some(name), format!("`{name}` must be a number.")))
        };
        self.text(name).map(parse).transpose()
    }

    /// The files of one field, whose name may end in `[]` or `[0]`.
    pub(crate) fn files(&self, name: &str) -> Vec<&Bytes> {
        let is = |field: &str| field.split('[').next() == Some(name);
        self.files.iter().filter(|(field, _, _)| is(field)).map(|(_, _, file)| file).collect()
    }
}

/// Reads a body of either kind.
pub(crate) async fn read(request: Request) -> Result<(HeaderMap, Sent), ApiError> {
    let headers = request.headers().clone();
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let refuse = |error: String| ApiError::invalid(None, error);
    if content_type.is_some_and(|value| value.starts_with("multipart/form-data")) {
        let form = Multipart::from_request(request, &()).await.map_err(|error| refuse(error.body_text()))?;
        return Ok((headers, Sent::Form(read_form(form).await?)));
    }
    let body = Bytes::from_request(request, &()).await.map_err(|error| refuse(error.body_text()))?;
    Ok((headers, Sent::Json(body)))
}

/// Reads a body that must be a form.
pub(crate) async fn read_only_form(request: Request) -> Result<(HeaderMap, Form), ApiError> {
    match read(request).await? {
        (headers, Sent::Form(form)) => Ok((headers, form)),
        (_, Sent::Json(_)) => Err(ApiError::invalid(None, "This call takes multipart/form-data.")),
    }
}

async fn read_form(mut multipart: Multipart) -> Result<Form, ApiError> {
    let refuse = |error: axum::extract::multipart::MultipartError| ApiError::invalid(None, error.body_text());
    let mut form = Form::default();
    while let Some(field) = multipart.next_field().await.map_err(refuse)? {
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            Some(file_name) => {
                form.files.push((name, file_name, field.bytes().await.map_err(refuse)?));
            }
            None => form.fields.push((name, field.text().await.map_err(refuse)?)),
        }
    }
    Ok(form)
}

//! Forms with files: each part is looked at while it arrives, and what is too much is refused before it is in memory.

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_LENGTH;
use bytes::{Bytes, BytesMut};
use triptych_protocol::ErrorCode;

use crate::config::Limits;
use crate::error::Error;
use crate::picture;

/// Bytes of a file that tell what it is.
const MAGIC: usize = 64;
/// Fields of a form, texts and files together.
const MOST_FIELDS: usize = 64;
/// Longest name of a field.
const LONGEST_NAME: usize = 64;
/// Longest side of a picture, in pixels.
const LONGEST_SIDE: u32 = 16_384;

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accept {
    /// PNG, JPEG or WebP; comes without what is private in it.
    Picture,
    /// What transcription servers take, clips among it.
    Sound,
    /// MP4 or WebM.
    Clip,
}

/// A file as it may be passed on.
#[derive(Clone, Debug)]
pub(crate) struct File {
    /// Made from the kind of file; what the caller called it is his own affair.
    pub(crate) name: String,
    /// As its first bytes tell.
    pub(crate) mime: &'static str,
    pub(crate) bytes: Bytes,
}

/// A form that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    /// In the order in which they came; a name may be there more than once.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) files: Vec<(String, File)>,
}

/// Reads a form. A file in a field that takes none is refused unread.
///
/// # Errors
/// `invalid_request` or `too_large`, naming the field.
pub(crate) async fn read(
    mut request: Request,
    limits: &Limits,
    accept: &[(&str, Accept)],
) -> Result<Form, Error> {
    let announced =
        request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limits.upload_bytes as u64) {
        let message = format!("The form is larger than {} bytes.", limits.upload_bytes);
        return Err(Error::new(ErrorCode::TooLarge, message));
    }
    DefaultBodyLimit::max(limits.upload_bytes).apply(&mut request);
    let multipart = Multipart::from_request(request, &()).await;
    let mut multipart = multipart.map_err(|error| unreadable(error.status(), &error.body_text()))?;
    let mut form = Form::default();
    // Texts are parsed and passed around, so together they may be no longer than a JSON body.
    let mut room = limits.body_bytes;
    while let Some(field) = multipart.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        if name.is_empty() || name.len() > LONGEST_NAME || name.contains(char::is_control) {
            return Err(Error::new(ErrorCode::InvalidRequest, "A field of the form has no usable name."));
        }
        if form.fields.len() + form.files.len() >= MOST_FIELDS {
            return Err(Error::new(
                ErrorCode::TooLarge,
                format!("The form has more than {MOST_FIELDS} fields."),
            ));
        }
        if field.file_name().is_none() {
            let text = text(field, &name, &mut room).await?;
            form.fields.push((name, text));
            continue;
        }
        // SDKs write `image[]` for a list.
        let plain = name.strip_suffix("[]").unwrap_or(&name);
        let Some((_, kind)) = accept.iter().find(|(accepted, _)| *accepted == plain) else {
            return Err(Error::invalid(plain, format!("`{plain}` takes no file here.")));
        };
        if form.files.len() >= limits.upload_files {
            let message = format!("The form has more than {} files.", limits.upload_files);
            return Err(Error::new(ErrorCode::TooLarge, message).param(plain));
        }
        let plain = plain.to_owned();
        let file = file(field, &plain, *kind, limits).await?;
        form.files.push((plain, file));
    }
    Ok(form)
}

async fn text(mut field: Field<'_>, name: &str, room: &mut usize) -> Result<String, Error> {
    let mut text = Vec::new();
    while let Some(part) = field.chunk().await.map_err(broken)? {
        *room = room.checked_sub(part.len()).ok_or_else(|| {
            Error::new(ErrorCode::TooLarge, "The form's texts are too large. Send a shorter prompt.")
                .param(name)
        })?;
        text.extend_from_slice(&part);
    }
    String::from_utf8(text).map_err(|_| Error::invalid(name, "The form's texts must be UTF-8."))
}

async fn file(mut field: Field<'_>, name: &str, kind: Accept, limits: &Limits) -> Result<File, Error> {
    let mut bytes = BytesMut::new();
    let mut found = None;
    while let Some(part) = field.chunk().await.map_err(broken)? {
        if bytes.len() + part.len() > limits.upload_file_bytes {
            let message = format!("The file in `{name}` is larger than {} bytes.", limits.upload_file_bytes);
            return Err(Error::new(ErrorCode::TooLarge, message).param(name));
        }
        bytes.extend_from_slice(&part);
        if found.is_none() && bytes.len() >= MAGIC {
            found = Some(sniff(&bytes, name, kind)?);
        }
    }
    let (mime, ending) = match found {
        Some(found) => found,
        None => sniff(&bytes, name, kind)?,
    };
    let mut bytes = bytes.freeze();
    if kind == Accept::Picture {
        let picture = picture::read(&bytes).map_err(|broken| {
            Error::invalid(name, format!("The picture in `{name}` cannot be used: {broken}."))
        })?;
        let pixels = u64::from(picture.width) * u64::from(picture.height);
        if pixels > limits.picture_pixels || picture.width.max(picture.height) > LONGEST_SIDE {
            let message = format!(
                "The picture in `{name}` has {} × {} pixels; {LONGEST_SIDE} a side and {} altogether is the most.",
                picture.width, picture.height, limits.picture_pixels
            );
            return Err(Error::new(ErrorCode::TooLarge, message).param(name));
        }
        bytes = picture.stripped;
    }
    Ok(File { name: format!("file.{ending}"), mime, bytes })
}

/// The type and the ending that the first bytes tell, where the field takes such files.
fn sniff(head: &[u8], name: &str, kind: Accept) -> Result<(&'static str, &'static str), Error> {
    let found = infer::get(head).map(|found| found.mime_type()).unwrap_or_default();
    Ok(match (kind, found) {
        (Accept::Picture, "image/png") => ("image/png", "png"),
        (Accept::Picture, "image/jpeg") => ("image/jpeg", "jpg"),
        (Accept::Picture, "image/webp") => ("image/webp", "webp"),
        (Accept::Clip | Accept::Sound, "video/mp4" | "video/x-m4v" | "video/quicktime") => {
            ("video/mp4", "mp4")
        }
        (Accept::Clip | Accept::Sound, "video/webm" | "video/x-matroska") => ("video/webm", "webm"),
        (Accept::Sound, "audio/mpeg") => ("audio/mpeg", "mp3"),
        (Accept::Sound, "audio/m4a") => ("audio/mp4", "m4a"),
        (Accept::Sound, "audio/ogg" | "audio/opus") => ("audio/ogg", "ogg"),
        (Accept::Sound, "audio/x-flac") => ("audio/flac", "flac"),
        (Accept::Sound, "audio/x-wav") => ("audio/wav", "wav"),
        (Accept::Sound, "audio/aac") => ("audio/aac", "aac"),
        _ => {
            let wanted = match kind {
                Accept::Picture => "a PNG, JPEG or WebP picture",
                Accept::Sound => "a recording (MP3, MP4, M4A, WAV, OGG, FLAC, AAC or WebM)",
                Accept::Clip => "an MP4 or WebM clip",
            };
            return Err(Error::invalid(name, format!("The file in `{name}` is not {wanted}.")));
        }
    })
}

fn broken(error: MultipartError) -> Error {
    unreadable(error.status(), &error.body_text())
}

fn unreadable(status: StatusCode, text: &str) -> Error {
    let code =
        if status == StatusCode::PAYLOAD_TOO_LARGE { ErrorCode::TooLarge } else { ErrorCode::InvalidRequest };
    Error::new(code, format!("The form cannot be read: {text}"))
}

#[cfg(test)]
mod tests;

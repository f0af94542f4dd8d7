#![allow(clippy::unwrap_used)]

use std::convert::Infallible;

use axum::body::Body;
use futures_util::stream;

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x02\0\0\0\x01\x08\x02\0\0\0crc!\0\0\0\x05tEXthome!crc!\0\0\0\0IENDcrc!";

fn limits() -> Limits {
    Limits {
        body_bytes: 1024,
        upload_bytes: 100_000,
        upload_file_bytes: 2000,
        upload_files: 2,
        picture_pixels: 1000,
        ..Limits::default()
    }
}

/// A part of a form: name, file name and content.
type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

fn body(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|file| format!("; filename=\"{file}\"")).unwrap_or_default();
        let head = format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
        body.extend_from_slice(&[head.as_bytes(), content, b"\r\n"].concat());
    }
    body.extend_from_slice(b"--x--\r\n");
    body
}

async fn send(parts: &[Part<'_>]) -> Result<Form, Error> {
    let request = Request::builder().header("content-type", "multipart/form-data; boundary=x");
    let request = request.body(Body::from(body(parts))).unwrap();
    read(request, &limits(), &[("image", Accept::Picture), ("file", Accept::Sound), ("video", Accept::Clip)])
        .await
}

async fn refused(parts: &[Part<'_>]) -> (ErrorCode, Option<String>) {
    let error = send(parts).await.unwrap_err();
    (error.code(), error.body().error.param)
}

#[tokio::test]
async fn texts_and_files_arrive_under_names_of_our_own_and_without_what_is_private() {
    let form = send(&[
        ("prompt", None, b"a cat"),
        ("image[]", Some("../../etc/passwd.svg"), PNG),
        ("file", Some("x"), b"ID3\x03\0\0\0\0\0\0sound"),
    ]);
    let form = form.await.unwrap();
    assert_eq!(form.fields, [("prompt".to_owned(), "a cat".to_owned())]);
    let (name, picture) = &form.files[0];
    assert_eq!((name.as_str(), picture.name.as_str(), picture.mime), ("image", "file.png", "image/png"));
    assert_eq!(picture.bytes.len(), PNG.len() - 17);
    assert_eq!(form.files[1].1.mime, "audio/mpeg");
}

#[tokio::test]
async fn a_file_is_what_its_bytes_are_and_not_what_it_is_called() {
    let invalid = ErrorCode::InvalidRequest;
    let image = Some("image".to_owned());
    for content in
        [&b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>"[..], b"%PDF-1.7", b"GIF89a", b"", b"MZ"]
    {
        assert_eq!(refused(&[("image", Some("cat.png"), content)]).await, (invalid, image.clone()));
    }
    assert_eq!(refused(&[("image", Some("cat.png"), &PNG[..40])]).await, (invalid, image));
    assert_eq!(refused(&[("file", Some("a.mp3"), PNG)]).await, (invalid, Some("file".to_owned())));
    assert_eq!(
        refused(&[("video", Some("a.mp4"), b"ID3\x03 sound")]).await,
        (invalid, Some("video".to_owned()))
    );
    assert_eq!(refused(&[("prompt", Some("a.txt"), b"text")]).await, (invalid, Some("prompt".to_owned())));
}

#[tokio::test]
async fn what_is_too_much_is_refused_by_its_name() {
    let large = ErrorCode::TooLarge;
    let file = [PNG, &[0; 3000]].concat();
    assert_eq!(refused(&[("image", Some("a"), &file)]).await, (large, Some("image".to_owned())));
    let three = [("image", Some("a"), PNG); 3];
    assert_eq!(refused(&three).await, (large, Some("image".to_owned())));
    assert_eq!(refused(&[("prompt", None, &[b'a'; 1025])]).await, (large, Some("prompt".to_owned())));
    assert_eq!(refused(&[("n", None, &b"1"[..]); 65]).await.0, large);
    let mut wide = PNG.to_vec();
    wide[18] = 0x04;
    assert_eq!(refused(&[("image", Some("a"), &wide)]).await, (large, Some("image".to_owned())));
}

#[tokio::test]
async fn a_form_that_announces_too_much_is_refused_unread() {
    let request = Request::builder()
        .header("content-type", "multipart/form-data; boundary=x")
        .header("content-length", "100001")
        .body(Body::from_stream(stream::pending::<Result<Bytes, Infallible>>()));
    let error = read(request.unwrap(), &limits(), &[]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::TooLarge);
}

#[tokio::test]
async fn a_file_that_is_of_the_wrong_kind_is_not_read_to_its_end() {
    let begin = Bytes::from(body(&[("image", Some("a"), &[b'z'; 200])]));
    let parts = stream::iter([Ok::<_, Infallible>(begin.slice(..begin.len() - 20))]);
    let endless = futures_util::StreamExt::chain(parts, stream::pending());
    let request = Request::builder().header("content-type", "multipart/form-data; boundary=x");
    let request = request.body(Body::from_stream(endless)).unwrap();
    let error = read(request, &limits(), &[("image", Accept::Picture)]).await.unwrap_err();
    assert_eq!(error.code(), ErrorCode::InvalidRequest);
}

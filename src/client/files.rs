//! Reads the files that the user attaches: text as text, all else in base64, pictures made small enough first.
//! Pictures are drawn and never linked to, so that no `blob:` address has to be allowed by the page's policy.

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, BlobPropertyBag, CanvasRenderingContext2d, File, FileReader, HtmlCanvasElement, ImageBitmap,
    ImageEncodeOptions, OffscreenCanvas, OffscreenCanvasRenderingContext2d, ProgressEvent,
};

use crate::attachment::{Attachment, Kind, LONGEST_SIDE, is_sent_as_it_is, within};

/// The sides of what shows a picture before it is sent, in pixels: twice those of its box.
const THUMBNAIL: u32 = 480;
/// How well a picture that is made smaller is kept, from 0 to 1.
const QUALITY: f64 = 0.85;

/// A file that was read, and the sides of a picture before and after, where it was made smaller.
pub(crate) type Taken = (Attachment, Option<Shrunk>);

/// What became of a picture's sides, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shrunk {
    pub(crate) from: (u32, u32),
    pub(crate) to: (u32, u32),
}

/// Reads a file as something of a kind, with at most so many bytes. None where it cannot be read as that, or not be
/// made so small. `progress` hears how much is read, in percent.
pub(crate) async fn read(
    file: &File,
    name: String,
    (kind, mime): (Kind, &str),
    most: u64,
    progress: impl Fn(u32) + 'static,
) -> Option<Taken> {
    let size = file.size() as u64;
    if kind == Kind::Text {
        let text = text(file).await?;
        let attachment = Attachment { name, mime: mime.to_owned(), size, data: text.into() };
        return Some((attachment, None));
    }
    if kind != Kind::Picture {
        let data = base64(file, progress).await?.into();
        return Some((Attachment { name, mime: mime.to_owned(), size, data }, None));
    }
    let bitmap = bitmap(file).await?;
    let from = (bitmap.width(), bitmap.height());
    if is_sent_as_it_is(&file.type_()) && size <= most && from.0.max(from.1) <= LONGEST_SIDE {
        bitmap.close();
        let data = base64(file, progress).await?.into();
        return Some((Attachment { name, mime: file.type_(), size, data }, None));
    }
    let smaller = shrink(&bitmap, from, most).await;
    bitmap.close();
    let (blob, to) = smaller?;
    let (size, data) = (blob.size() as u64, base64(&blob, progress).await?.into());
    let attachment = Attachment { name, mime: "image/jpeg".to_owned(), size, data };
    Some((attachment, (from != to).then_some(Shrunk { from, to })))
}

/// Draws a picture into a canvas, small.
pub(crate) async fn draw(canvas: &HtmlCanvasElement, attachment: &Attachment) -> Option<()> {
    let bytes = Uint8Array::from(decode(&attachment.data)?.as_slice());
    let options = BlobPropertyBag::new();
    options.set_type(&attachment.mime);
    let blob = Blob::new_with_u8_array_sequence_and_options(&Array::of1(&bytes), &options).ok()?;
    let bitmap = bitmap(&blob).await?;
    let (width, height) = within(THUMBNAIL, bitmap.width(), bitmap.height());
    canvas.set_width(width);
    canvas.set_height(height);
    let context: CanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
    let drawn = context.draw_image_with_image_bitmap_and_dw_and_dh(
        &bitmap,
        0.0,
        0.0,
        f64::from(width),
        f64::from(height),
    );
    bitmap.close();
    drawn.ok()
}

/// Smaller and smaller, until it is small enough.
async fn shrink(bitmap: &ImageBitmap, from: (u32, u32), most: u64) -> Option<(Blob, (u32, u32))> {
    let mut longest = LONGEST_SIDE;
    while longest >= 256 {
        let (width, height) = within(longest, from.0, from.1);
        let canvas = OffscreenCanvas::new(width, height).ok()?;
        let context: OffscreenCanvasRenderingContext2d = canvas.get_context("2d").ok()??.unchecked_into();
        let (w, h) = (f64::from(width), f64::from(height));
        // What shows through is black otherwise.
        context.set_fill_style_str("#fff");
        context.fill_rect(0.0, 0.0, w, h);
        context.draw_image_with_image_bitmap_and_dw_and_dh(bitmap, 0.0, 0.0, w, h).ok()?;
        let options = ImageEncodeOptions::new();
        options.set_type("image/jpeg");
        options.set_quality(QUALITY);
        let encoded = canvas.convert_to_blob_with_options(&options).ok()?;
        let blob: Blob = JsFuture::from(encoded).await.ok()?.unchecked_into();
        if blob.size() as u64 <= most {
            return Some((blob, (width, height)));
        }
        longest = longest * 3 / 4;
    }
    None
}

async fn bitmap(blob: &Blob) -> Option<ImageBitmap> {
    let promise = web_sys::window()?.create_image_bitmap_with_blob(blob).ok()?;
    Some(JsFuture::from(promise).await.ok()?.unchecked_into())
}

/// The text of a file; none where it is no text.
async fn text(blob: &Blob) -> Option<String> {
    let bytes = Uint8Array::new(&JsFuture::from(blob.array_buffer()).await.ok()?).to_vec();
    let text = String::from_utf8(bytes).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// The browser's own base64, which is quick and does not stop the page.
async fn base64(blob: &Blob, progress: impl Fn(u32) + 'static) -> Option<String> {
    let reader = FileReader::new().ok()?;
    let moved = Closure::<dyn FnMut(ProgressEvent)>::new(move |event: ProgressEvent| {
        if event.total() > 0.0 {
            progress((event.loaded() / event.total() * 100.0) as u32);
        }
    });
    reader.set_onprogress(Some(moved.as_ref().unchecked_ref()));
    let ended = Promise::new(&mut |resolve, _| reader.set_onloadend(Some(&resolve)));
    reader.read_as_data_url(blob).ok()?;
    JsFuture::from(ended).await.ok()?;
    let url = reader.result().unwrap_or(JsValue::NULL).as_string()?;
    url.split_once(',').map(|(_, data)| data.to_owned())
}

/// What was encoded in base64. Stored text is not trusted: anything else is nothing.
fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut held) = (0u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_back_and_nothing_else_is() {
        for (text, bytes) in
            [("", ""), ("YQ==", "a"), ("YWI=", "ab"), ("YWJj", "abc"), ("fn5+Pz8/", "~~~???")]
        {
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()), "{text}");
        }
        for text in ["a b", "data:,", "é", "YQ==YQ=="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}

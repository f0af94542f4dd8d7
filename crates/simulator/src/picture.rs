use std::time::Duration;

use axum::body::Bytes;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::canvas::Canvas;
use crate::error::ApiError;
use crate::fault::Faults;
use crate::painting;
use crate::sse::{self, Pace, Script};
use crate::state::now_ms;

/// Pictures to be drawn, and what is said about them.
pub(crate) struct Album {
    pub(crate) prompt: String,
    /// Added to the number of each picture; another number is another picture.
    pub(crate) offset: usize,
    pub(crate) count: u32,
    pub(crate) partials: u32,
    pub(crate) size: (u32, u32),
    pub(crate) quality: String,
    pub(crate) background: String,
    pub(crate) edit: bool,
    pub(crate) usage: Usage,
}

#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) text_tokens: u64,
    pub(crate) image_tokens: u64,
    pub(crate) output_tokens: u64,
}

/// PNGs in base64.
pub(crate) struct Pictures {
    /// Coarse ones first.
    partials: Vec<String>,
    whole: Vec<String>,
}

impl Album {
    pub(crate) async fn draw(self) -> Result<(Pictures, Self), ApiError> {
        let drawn = tokio::task::spawn_blocking(move || self.pictures().map(|pictures| (pictures, self)));
        drawn.await.map_err(|_| ApiError::server())?.map_err(|_| ApiError::server())
    }

    /// The answer in one piece.
    pub(crate) fn answer(&self, pictures: &Pictures, faults: &Faults) -> Value {
        let data: Vec<Value> = pictures.whole.iter().map(|file| json!({"b64_json": file})).collect();
        let mut answer = json!({
            "created": now_ms() / 1000, "background": self.background, "output_format": "png",
            "quality": self.quality, "size": self.size_text(), "data": data,
        });
        if let Some(usage) = faults.usage(self.usage()) {
            answer["usage"] = usage;
        }
        answer
    }

    /// The answer as events; with several pictures only the last event of each is sent whole.
    pub(crate) async fn into_stream(self, delay: Duration, faults: Faults) -> Result<Response, ApiError> {
        let begun = Instant::now();
        let parts = f64::from(self.partials + 1);
        let (pictures, album) = self.draw().await?;
        let pace = Pace {
            first_at: begun + delay.div_f64(parts),
            per_second: if delay.is_zero() { 0.0 } else { parts / delay.as_secs_f64() },
        };
        let script = Events { album, pictures, faults: faults.clone() };
        Ok(sse::respond(script, faults, pace, Default::default()))
    }

    fn pictures(&self) -> Result<Pictures, png::EncodingError> {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let file = |canvas: &Canvas| painting::to_png(canvas).map(|file| STANDARD.encode(file));
        let paint = |index| painting::paint(&self.prompt, width, height, self.offset + index);
        let first = paint(0);
        let coarse = |index: u32| file(&mosaic(&first, 32 >> index));
        Ok(Pictures {
            partials: (0..self.partials).map(coarse).collect::<Result<_, _>>()?,
            whole: (0..self.count as usize).map(|index| file(&paint(index))).collect::<Result<_, _>>()?,
        })
    }

    fn size_text(&self) -> String {
        format!("{}x{}", self.size.0, self.size.1)
    }

    fn usage(&self) -> Value {
        let Usage { text_tokens, image_tokens, output_tokens } = self.usage;
        let input_tokens = text_tokens + image_tokens;
        json!({
            "input_tokens": input_tokens,
            "input_tokens_details": {"text_tokens": text_tokens, "image_tokens": image_tokens},
            "output_tokens": output_tokens, "total_tokens": input_tokens + output_tokens,
            "output_tokens_details": {"text_tokens": 0, "image_tokens": output_tokens},
        })
    }
}

/// The picture in squares of one colour each, as if it were not finished.
fn mosaic(canvas: &Canvas, block: usize) -> Canvas {
    let mut pixels = canvas.pixels.clone();
    for (at, pixel) in pixels.chunks_exact_mut(3).enumerate() {
        let (x, y) = (at % canvas.width, at / canvas.width);
        let from = ((y / block * block) * canvas.width + x / block * block) * 3;
        if let Some(source) = canvas.pixels.get(from..from + 3) {
            pixel.copy_from_slice(source);
        }
    }
    Canvas { width: canvas.width, height: canvas.height, pixels }
}

struct Events {
    album: Album,
    pictures: Pictures,
    faults: Faults,
}

impl Events {
    fn event(&self, end: &str, mut fields: Value) -> String {
        let kind = format!("{}.{end}", if self.album.edit { "image_edit" } else { "image_generation" });
        fields["type"] = json!(kind);
        fields["created_at"] = json!(now_ms() / 1000);
        fields["size"] = json!(self.album.size_text());
        fields["quality"] = json!(self.album.quality);
        fields["background"] = json!(self.album.background);
        fields["output_format"] = json!("png");
        sse::typed(&kind, &fields)
    }
}

impl Script for Events {
    fn opening(&mut self) -> Bytes {
        Bytes::new()
    }

    fn pieces(&self) -> usize {
        self.pictures.partials.len()
    }

    fn piece(&mut self, index: usize) -> Bytes {
        let fields = json!({"b64_json": self.pictures.partials.get(index), "partial_image_index": index});
        self.event("partial_image", fields).into()
    }

    fn raw_piece(&mut self, json: &str) -> Bytes {
        Bytes::from(format!("data: {{\"type\":\"image_generation.partial_image\",\"b64_json\":{json}}}\n\n"))
    }

    fn closing(&mut self) -> Bytes {
        let mut events = String::new();
        for (index, file) in self.pictures.whole.iter().enumerate() {
            let mut fields = json!({"b64_json": file});
            // The last one speaks for all.
            if index + 1 == self.pictures.whole.len()
                && let Some(usage) = self.faults.usage(self.album.usage())
            {
                fields["usage"] = usage;
            }
            events += &self.event("completed", fields);
        }
        events.into()
    }

    fn error(&mut self, _failed: bool) -> Bytes {
        let mut body = ApiError::server().body();
        body["type"] = json!("error");
        sse::typed("error", &body).into()
    }
}

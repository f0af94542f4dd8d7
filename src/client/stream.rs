use futures_util::future::{Either, select};
use futures_util::pin_mut;
use gloo_net::http::Response;
use triptych_protocol::ChatChunk;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::ReadableStreamDefaultReader;

use super::{clock, from_json, property};
use crate::error::{Failure, FailureKind};
use crate::sse::Decoder;

/// How long a stream may be silent before it counts as broken, in milliseconds. Longer than the gateway waits for
/// its provider, so that the gateway's own word comes first.
const LONGEST_SILENCE: i32 = 90_000;

/// What came over a stream.
pub(crate) enum StreamEvent {
    /// The server has taken the call; its answer is read from here.
    Opened { stream: Option<String>, reader: Reader },
    /// A chunk, and the id under which the stream can be taken up after it.
    Chunk { chunk: Box<ChatChunk>, event: String },
}

/// What an answer is read from.
pub(crate) struct Reader(ReadableStreamDefaultReader);

impl Reader {
    /// Reads no further and closes the connection.
    pub(crate) fn hang_up(&self) {
        drop(self.0.cancel());
    }
}

/// Reads a stream to its `[DONE]`. An end without one is a broken connection.
pub(super) async fn read(response: Response, sink: &mut dyn FnMut(StreamEvent)) -> Result<(), Failure> {
    let is_stream =
        response.headers().get("content-type").is_some_and(|kind| kind.starts_with("text/event-stream"));
    if !is_stream {
        return Err(Failure::new(
            FailureKind::Server,
            "The server did not answer with a stream. Check the gateway's address.",
        ));
    }
    let body = response.body().ok_or_else(Failure::network)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let stream = response.headers().get("x-stream-id");
    sink(StreamEvent::Opened { stream, reader: Reader(reader.clone()) });
    let mut decoder = Decoder::new();
    loop {
        let Some(bytes) = next(&reader).await? else { return Err(Failure::network()) };
        for event in decoder.push(&bytes) {
            if event.data == "[DONE]" {
                // Read to its very end, so that the connection is closed in order and can be used again.
                wasm_bindgen_futures::spawn_local(
                    async move { while let Ok(Some(_)) = next(&reader).await {} },
                );
                return Ok(());
            }
            let chunk: Box<ChatChunk> = from_json(&event.data.as_str().into())?;
            sink(StreamEvent::Chunk { chunk, event: event.id });
        }
    }
}

async fn next(reader: &ReadableStreamDefaultReader) -> Result<Option<Vec<u8>>, Failure> {
    let (read, silence) = (JsFuture::from(reader.read()), clock::sleep(LONGEST_SILENCE));
    pin_mut!(read, silence);
    let result = match select(read, silence).await {
        Either::Left((result, _)) => result.map_err(|_| Failure::network())?,
        Either::Right(_) => {
            drop(reader.cancel());
            return Err(Failure::network());
        }
    };
    if property(&result, "done").is_truthy() {
        return Ok(None);
    }
    let bytes: js_sys::Uint8Array = property(&result, "value").dyn_into().map_err(|_| Failure::network())?;
    Ok(Some(bytes.to_vec()))
}

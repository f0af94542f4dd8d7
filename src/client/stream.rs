use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_net::http::Response;
use js_sys::Uint8Array;
use triptych_protocol::ChatChunk;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Document, ReadableStreamDefaultReader};

use super::clock::{self, Timer};
use super::from_json;
use crate::chunk::{Words, words};
use crate::error::{Failure, FailureKind};
use crate::locale::Text;
use crate::sse::Decoder;

/// How long a stream may be silent before it counts as broken, in milliseconds. Longer than the gateway waits for
/// its provider, so that the gateway's own word comes first.
const LONGEST_SILENCE: i32 = 90_000;

/// How long a reader rests after words that came soon after the last ones, in milliseconds: two frames, and what comes
/// meanwhile is read and painted in one go. Either costs more than the words do, and of a stream that fast nobody sees
/// the single words.
const REST: i32 = 30;
/// How soon that is, in milliseconds. What is there even sooner lay there already, and more may lie behind it, since
/// not every browser joins what has come: all of it is read before the next rest.
const SOON: std::ops::Range<f64> = 0.3..6.0;
/// For how many readings there is no rest after one that has joined nothing.
const NO_REST: u32 = 32;

#[wasm_bindgen]
extern "C" {
    /// What a reader answers: <https://streams.spec.whatwg.org/#dictdef-readablestreamreadresult>.
    type Answer;
    #[wasm_bindgen(method, getter, structural)]
    fn done(this: &Answer) -> bool;
    #[wasm_bindgen(method, getter, structural)]
    fn value(this: &Answer) -> JsValue;
}

/// What came over a stream.
pub(crate) enum StreamEvent {
    /// The server has taken the call; its answer is read from here.
    Opened { stream: Option<String>, reader: Reader },
    /// More words of the answer, and the id under which the stream can be taken up after them.
    Words { words: Words, event: String },
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
        return Err(Failure::ours(FailureKind::Server, Text::FailedStream));
    }
    let body = response.body().ok_or_else(Failure::network)?;
    let reader: ReadableStreamDefaultReader = body.get_reader().unchecked_into();
    let stream = response.headers().get("x-stream-id");
    sink(StreamEvent::Opened { stream, reader: Reader(reader.clone()) });
    let mut decoder = Decoder::new();
    let silence = Silence::over(&reader);
    let page = web_sys::window().and_then(|window| window.document());
    let (mut rested, mut no_rest) = (false, 0_u32);
    loop {
        let asked = clock::monotonic();
        let Some(bytes) = next(&reader).await? else { return Err(Failure::network()) };
        let waited = silence.broken() - asked;
        // What came together is told together.
        let mut all = Told::default();
        let events = decoder.push(&bytes);
        no_rest = if rested && events.len() < 2 { NO_REST } else { no_rest.saturating_sub(1) };
        for event in events {
            if let Some(more) = words(&event.data) {
                all.add(more, event.id);
                continue;
            }
            all.tell(sink);
            if event.data == "[DONE]" {
                // Read to its very end, so that the connection is closed in order and can be used again.
                wasm_bindgen_futures::spawn_local(async move {
                    while let Ok(Some(_)) = next(&reader).await {
                        silence.broken();
                    }
                });
                return Ok(());
            }
            let chunk: Box<ChatChunk> = from_json(&event.data)?;
            sink(StreamEvent::Chunk { chunk, event: event.id });
        }
        all.tell(sink);
        // A page that nobody sees has timers that are late by seconds.
        rested = no_rest == 0 && SOON.contains(&waited) && !page.as_ref().is_some_and(Document::hidden);
        if rested {
            clock::sleep(REST).await;
        }
    }
}

/// Words that came together.
#[derive(Default)]
struct Told {
    words: Words,
    last: Option<String>,
}

impl Told {
    fn add(&mut self, more: Words, event: String) {
        self.words.said.push_str(&more.said);
        self.words.thought.push_str(&more.thought);
        self.last = Some(event);
    }

    fn tell(&mut self, sink: &mut dyn FnMut(StreamEvent)) {
        if let Some(event) = self.last.take() {
            sink(StreamEvent::Words { words: std::mem::take(&mut self.words), event });
        }
    }
}

/// Ends the reading of a stream that is silent for too long. One timer looks now and then; one for each piece would cost
/// more than the piece.
struct Silence {
    since: Rc<Cell<f64>>,
    timer: Rc<RefCell<Option<Timer>>>,
}

impl Silence {
    fn over(reader: &ReadableStreamDefaultReader) -> Silence {
        let silence = Silence { since: Rc::new(Cell::new(clock::monotonic())), timer: Rc::default() };
        watch(&silence.since, &silence.timer, reader.clone(), LONGEST_SILENCE);
        silence
    }

    /// Something came; tells when.
    fn broken(&self) -> f64 {
        let now = clock::monotonic();
        self.since.set(now);
        now
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        self.timer.take();
    }
}

fn watch(
    since: &Rc<Cell<f64>>,
    timer: &Rc<RefCell<Option<Timer>>>,
    reader: ReadableStreamDefaultReader,
    wait: i32,
) {
    let (seen, next) = (since.clone(), Rc::downgrade(timer));
    let look = move || {
        let rest = f64::from(LONGEST_SILENCE) - (clock::monotonic() - seen.get());
        if rest <= 0.0 {
            // The reading ends with nothing more, as where the connection broke.
            drop(reader.cancel());
        } else if let Some(timer) = next.upgrade() {
            watch(&seen, &timer, reader, rest.ceil() as i32);
        }
    };
    // The timer that called is dropped only after the next one stands: it owns the closure that is running.
    let before = timer.replace(Timer::new(wait, look));
    if let Some(before) = before {
        wasm_bindgen_futures::spawn_local(async move { drop(before) });
    }
}

async fn next(reader: &ReadableStreamDefaultReader) -> Result<Option<Vec<u8>>, Failure> {
    let answer = JsFuture::from(reader.read()).await.map_err(|_| Failure::network())?;
    let answer: Answer = answer.unchecked_into();
    if answer.done() {
        return Ok(None);
    }
    let bytes: Uint8Array = answer.value().dyn_into().map_err(|_| Failure::network())?;
    Ok(Some(bytes.to_vec()))
}

use std::rc::Rc;

use reactive_graph::owner::use_context;
use triptych_markdown::Stream;
use web_sys::Element;

use super::super::markdown::{Chunks, Hosts, Painter};
use crate::app::{App, MessageView};
use crate::reactive::{RwSignal, watch};
use crate::session::{MessageId, Status};

/// Which text of a message is painted.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Source {
    /// What it says.
    Text,
    /// What was thought before.
    Reasoning,
}

/// Paints what came since the last time into `body`. Finished blocks are left alone.
pub(super) fn paint(app: App, id: MessageId, view: MessageView, source: Source, body: Element) {
    let mut painter = None::<(Painter, Option<Stream>, usize)>;
    let chunks = use_context::<RwSignal<Chunks>>();
    let chunks = move || chunks.and_then(|chunks| chunks.try_get_untracked()).unwrap_or_else(Chunks::none);
    let hosts = move || app.signals.image_hosts.with_untracked(|list| Hosts::new(app.own_files(), list));
    let announce = move |said: &'static str| app.announce(said);
    let length = if source == Source::Text { view.length } else { view.thought };
    watch(move |_: Option<()>| {
        let length = length.get();
        let ended = view.state.with(|state| !state.status.is_live() && state.status != Status::Left);
        // An answer that counted as ended and goes on after all is painted anew.
        if !ended && painter.as_ref().is_some_and(|(_, stream, _)| stream.is_none()) {
            body.set_text_content(None);
            painter = None;
        }
        let (painter, stream, done) = painter.get_or_insert_with(|| {
            let painter = Painter::new(body.clone(), chunks(), hosts(), app.words(), Rc::new(announce));
            let mut stream = if chunks().math { Stream::with_math() } else { Stream::new() };
            if source == Source::Text && app.is_json(id) {
                stream.push("```json\n");
            }
            (painter, Some(stream), 0)
        });
        let Some(words) = stream else { return };
        // A change of state alone paints nothing; the frame that brings the words does. The end waits for none.
        if ended || length > *done {
            let fresh = match source {
                Source::Text => app.text_from(id, *done),
                Source::Reasoning => app.reasoning_from(id, *done),
            };
            *done += fresh.len();
            words.push(&fresh);
            painter.apply(words.edit());
        }
        if ended {
            painter.apply(words.finish());
            *stream = None;
        }
    });
}

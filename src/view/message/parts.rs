//! What an answer has besides its words: thoughts, calls of tools, sources, a refusal. Few answers have any of it.

use web_sys::Event;

use super::super::dom::{El, View, each, el, group, item, when};
use super::super::part;
use super::super::text::{link_host, safe_link};
use super::consent::{self, Place};
use super::{Source, paint};
use crate::app::{App, MessageState, MessageView};
use crate::locale::Text;
use crate::reactive::{ArcRwSignal, Memo, RwSignal};
use crate::session::MessageId;
use crate::thread::Citation;

/// What was thought before the first word, folded away. Nothing of it is painted before it is opened.
pub(super) fn thoughts(app: App, id: MessageId, view: MessageView, live: Memo<bool>) -> View {
    let thought = view.thought.clone();
    when(move || thought.get() > 0, move || folded_thoughts(app, id, view.clone(), live))
}

fn folded_thoughts(app: App, id: MessageId, view: MessageView, live: Memo<bool>) -> El {
    let opened = RwSignal::new(false);
    let (state, length) = (view.state.clone(), view.length.clone());
    let thinking = Memo::new(move || live.get() && length.get() == 0);
    let label = move || {
        if thinking.get() {
            return app.text(Text::Thinking).to_owned();
        }
        match state.with(|state| state.pace.thought_seconds()) {
            Some(seconds) => app.words().fill(Text::ThoughtFor, &[&app.words().number(&seconds.to_string())]),
            None => app.text(Text::Thought).to_owned(),
        }
    };
    let inner = move || {
        let body = el("div", "body").attr("dir", "auto");
        paint(app, id, view.clone(), Source::Reasoning, body.element().clone());
        body
    };
    el("details", "folded")
        .attr("part", "reasoning")
        .on("toggle", move |_: Event| opened.set(true))
        .child(el("summary", "").text_of(label))
        .child(when(move || opened.get(), inner))
}

/// Calls of tools, sources and a refusal.
pub(super) fn parts(app: App, id: MessageId, state: ArcRwSignal<MessageState>) -> View {
    let any = state.clone();
    let any = move || {
        any.with(|state| !(state.refusal.is_empty() && state.calls.is_empty() && state.citations.is_empty()))
    };
    when(any, move || {
        let state = state.clone();
        part::more(app, move |more| (more.extras)(app, id, state.clone()))
    })
}

/// Each in its place.
pub(in crate::view) fn extras(app: App, id: MessageId, state: ArcRwSignal<MessageState>) -> View {
    let calls = state.clone();
    // A call that the user has opened stays open while it goes on.
    let calls = each(move || {
        let state = &calls;
        let one = |place: usize| {
            let state = state.clone();
            item(place.to_string(), move || consent::call(app, id, Place { state, place }))
        };
        (0..state.with(|state| state.calls.len())).map(one).collect()
    });
    group([refusal(app, state.clone()), calls, consent::go_on(app, id), sources(app, state.clone())])
}

fn refusal(app: App, state: ArcRwSignal<MessageState>) -> View {
    let refusal = move || state.with(|state| state.refusal.clone());
    let any = refusal.clone();
    when(
        move || !any().is_empty(),
        move || {
            el("div", "refusal")
                .attr("part", "refusal")
                .child(el("p", "").text(app.text(Text::Declined)))
                .child(el("p", "").attr("dir", "auto").text_of(refusal.clone()))
        },
    )
}

/// The pages that the model names.
fn sources(app: App, state: ArcRwSignal<MessageState>) -> View {
    let pages = move || -> Vec<Citation> {
        let safe =
            |page: &Citation| safe_link(&page.url).map(|url| Citation { url, title: page.title.clone() });
        state.with(|state| state.citations.iter().filter_map(safe).collect())
    };
    let any = pages.clone();
    when(
        move || !any().is_empty(),
        move || {
            let (pages, label) = (pages.clone(), app.text(Text::Sources));
            let list = each(move || {
                let pages = pages().into_iter().enumerate();
                let key = |place: usize, page: &Citation| {
                    [&place.to_string(), " ", &page.url, " ", &page.title].concat()
                };
                pages.map(|(place, page)| item(key(place, &page), move || source(&page))).collect()
            });
            el("section", "sources")
                .attrs(&[("part", "sources"), ("aria-label", label)])
                .child(el("p", "label").text(label))
                .child(el("ol", "").child(list))
        },
    )
}

/// A page, with the host that its link leads to: a title can say anything.
fn source(page: &Citation) -> El {
    let host = link_host(&page.url);
    let title = if page.title.trim().is_empty() { host } else { &page.title };
    let link = el("a", "").attrs(&[
        ("href", &page.url),
        ("target", "_blank"),
        ("rel", "noopener noreferrer nofollow"),
        ("part", "link"),
        ("dir", "auto"),
    ]);
    let host = (title != host).then(|| el("span", "host").attr("dir", "ltr").text(host));
    el("li", "").child(link.text(title)).text(" ").child(host)
}

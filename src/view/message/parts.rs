//! What an answer has besides its words: thoughts, calls of tools, sources, a refusal. Few answers have any of it.

use leptos::html;
use leptos::prelude::*;

use super::super::text::{link_host, safe_link};
use super::{Source, paint};
use crate::app::{App, MessageState, MessageView};
use crate::locale::Text;
use crate::session::MessageId;
use crate::thread::{Citation, ToolCall};

/// What was thought before the first word, folded away. Nothing of it is painted before it is opened.
pub(super) fn thoughts(app: App, id: MessageId, view: MessageView, live: Memo<bool>) -> impl IntoView {
    let any = {
        let thought = view.thought.clone();
        Memo::new(move |_| thought.get() > 0)
    };
    move || any.get().then(|| folded_thoughts(app, id, view.clone(), live))
}

fn folded_thoughts(app: App, id: MessageId, view: MessageView, live: Memo<bool>) -> AnyView {
    let opened = RwSignal::new(false);
    let (state, length) = (view.state.clone(), view.length.clone());
    let thinking = Memo::new(move |_| live.get() && length.get() == 0);
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
        opened.get().then(|| {
            let body = NodeRef::<html::Div>::new();
            paint(app, id, view.clone(), Source::Reasoning, body);
            view! { <div class="body" dir="auto" node_ref=body></div> }
        })
    };
    view! {
        <details class="folded" part="reasoning" on:toggle=move |_| opened.set(true)>
            <summary>{label}</summary>
            {inner}
        </details>
    }
    .into_any()
}

/// Calls of tools, sources and a refusal.
pub(super) fn parts(app: App, state: ArcRwSignal<MessageState>) -> impl IntoView {
    let parts = Memo::new(move |_| {
        state.with(|state| (state.refusal.clone(), state.calls.clone(), state.citations.clone()))
    });
    move || {
        parts.with(|(refusal, calls, citations)| {
            let refusal = (!refusal.is_empty()).then(|| {
                view! {
                    <div class="refusal" part="refusal">
                        <p>{app.text(Text::Declined)}</p>
                        <p dir="auto">{refusal.clone()}</p>
                    </div>
                }
            });
            let calls: Vec<_> = calls.iter().map(|call| tool(app, call)).collect();
            view! { {refusal} {calls} {sources(app, citations)} }
        })
    }
}

fn tool(app: App, call: &ToolCall) -> AnyView {
    let text = |label: Text, text: &str| {
        (!text.is_empty()).then(|| {
            view! {
                <p class="label">{app.text(label)}</p>
                <pre tabindex="0" dir="ltr">{text.to_owned()}</pre>
            }
        })
    };
    view! {
        <details class="folded" part="tool-call">
            <summary>{app.words().fill(Text::ToolCalled, &[&call.name])}</summary>
            {text(Text::ToolArguments, &call.arguments)}
            {text(Text::ToolResult, call.result.as_deref().unwrap_or_default())}
        </details>
    }
    .into_any()
}

/// The pages that the model names, each with the host that its link leads to: a title can say anything.
fn sources(app: App, citations: &[Citation]) -> Option<AnyView> {
    let pages: Vec<_> = citations
        .iter()
        .filter_map(|page| {
            let url = safe_link(&page.url)?;
            let host = link_host(&url).to_owned();
            let title = if page.title.trim().is_empty() { host.clone() } else { page.title.clone() };
            let host = (title != host).then(|| view! { <span class="host" dir="ltr">{host}</span> });
            Some(view! {
                <li>
                    <a href=url target="_blank" rel="noopener noreferrer nofollow" part="link" dir="auto">{title}</a>
                    " "
                    {host}
                </li>
            })
        })
        .collect();
    (!pages.is_empty()).then(|| {
        view! {
            <section class="sources" part="sources" aria-label=app.text(Text::Sources)>
                <p class="label">{app.text(Text::Sources)}</p>
                <ol>{pages}</ol>
            </section>
        }
        .into_any()
    })
}

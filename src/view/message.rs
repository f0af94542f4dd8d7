//! One message of the conversation.

mod again;
mod consent;
mod edit;
mod footer;
mod paint;
mod parts;
mod toolbar;

use triptych_protocol::Role;

pub(super) use self::edit::form as edit;
use self::paint::{Source, paint};
pub(super) use self::parts::extras;
pub(super) use self::toolbar::{act, focus_later};
use super::dom::{El, View, dynamic, el, group, nothing, truth, when};
use super::part;
use crate::app::{App, MessageView};
use crate::locale::Text;
use crate::reactive::Memo;
use crate::session::{MessageId, Status};

/// One message. In a long conversation most are empty at first and drawn a little later.
pub(super) fn message(app: App, id: MessageId) -> El {
    let Some((role, view)) = app.message(id) else { return el("article", "") };
    let (class, name) = match role {
        Role::User => ("message user", Text::You),
        _ => ("message answer", Text::Copilot),
    };
    let article = el("article", class).attrs(&[
        ("part", class),
        ("aria-label", app.text(name)),
        ("data-message", &id.0.to_string()),
    ]);
    let drawn = view.drawn.clone();
    let drawn = move || drawn.get();
    if role == Role::User {
        return article.child(when(drawn, move || said(app, id, view.clone())));
    }
    let live = {
        let state = view.state.clone();
        Memo::new(move || state.with(|state| state.status.is_live()))
    };
    article
        .attr_of("aria-busy", move || truth(live.get()))
        .child(when(drawn, move || answer(app, id, view.clone(), live)))
}

fn said(app: App, id: MessageId, view: MessageView) -> View {
    let editing = Memo::new(move || app.signals.editing.get() == Some(id));
    dynamic(move || {
        if editing.get() {
            return part::more(app, move |more| (more.edit)(app, id));
        }
        let text = app.text_from(id, 0);
        let bubble = (!text.is_empty()).then(|| el("p", "bubble").attr("dir", "auto").text(&text));
        group([
            (app.has_attachments(id)).then(|| part::more(app, move |more| (more.sent)(app, id))).into(),
            bubble.into(),
            toolbar::of_user(app, view.clone()),
        ])
    })
}

fn answer(app: App, id: MessageId, view: MessageView, live: Memo<bool>) -> View {
    let body = el("div", "body").attr("dir", "auto").class_of("live", move || live.get());
    paint(app, id, view.clone(), Source::Text, body.element().clone());
    let state = view.state.clone();
    let waiting = {
        let state = state.clone();
        move || state.with(|state| state.status == Status::Waiting)
    };
    group([
        parts::thoughts(app, id, view.clone(), live),
        body.view(),
        when(waiting, super::part::waiting),
        parts::parts(app, id, state.clone()),
        footer::footer(app, id, state),
        dynamic(move || {
            let silent = view.length.get_untracked() == 0
                && view.state.with_untracked(|state| matches!(state.status, Status::Failed(_)));
            match live.get() {
                true => nothing(),
                // There is nothing to copy or to rate, and the failure itself offers another try.
                false if silent => toolbar::of_nothing(app, view.clone()),
                false => toolbar::of_answer(app, id, view.clone()),
            }
        }),
    ])
}

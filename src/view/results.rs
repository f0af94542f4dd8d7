//! What a panel has made, below the form that it was asked for with.

use super::dom::{El, View, each, el, item, when};
use crate::app::App;
use crate::locale::Text;
use crate::reactive::RwSignal;

/// What stands there while there is nothing.
pub(super) struct Nothing {
    pub(super) icon: fn() -> View,
    pub(super) hint: Text,
}

/// All of it, each with the name that `key` gives it.
pub(super) fn results<T: Copy + Send + Sync + 'static>(
    app: App,
    made: RwSignal<Vec<T>>,
    key: fn(T) -> String,
    one: fn(App, T) -> El,
    nothing: Nothing,
) -> View {
    el("div", "results")
        .attrs(&[("part", "results"), ("data-region", "")])
        .child(when(
            move || made.with(Vec::is_empty),
            move || {
                el("div", "empty small")
                    .child(el("span", "badge").child((nothing.icon)()))
                    .child(el("p", "hint").text(app.text(nothing.hint)))
            },
        ))
        .child(each(move || made.get().into_iter().map(|id| item(key(id), move || one(app, id))).collect()))
        .view()
}

use super::named;
use crate::app::App;
use crate::locale::Text;
use crate::view::dom::{View, el, truth, when};
use crate::view::icon;

/// Writes down what the user says, where the browser can and the page wants it.
pub(super) fn button(app: App) -> View {
    let listening = app.signals.voice.listening;
    when(
        move || app.can_dictate(),
        move || {
            named(app, "icon", Text::Dictate)
                .attrs(&[("part", "dictate"), ("title", app.text(Text::Dictate))])
                .attr_of("aria-pressed", move || truth(listening.get()))
                .click(move || app.dictate())
                .child(icon::microphone())
        },
    )
}

/// Why nothing is read aloud or heard, and what helps.
pub(super) fn note(app: App) -> View {
    let note = app.signals.voice.note;
    when(
        move || note.with(Option::is_some),
        move || {
            el("p", "remark bad")
                .attrs(&[("part", "refusal"), ("role", "alert")])
                .child(
                    el("span", "").text_of(move || note.get().map(|why| app.text(why)).unwrap_or_default()),
                )
                .child(named(app, "icon", Text::Dismiss).child(icon::close()).click(move || {
                    note.set(None);
                    app.want_cursor();
                }))
        },
    )
}

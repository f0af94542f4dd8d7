use super::named;
use crate::app::App;
use crate::credits::price_text;
use crate::locale::Text;
use crate::view::dom::{View, button as push, el, truth, when};
use crate::view::icon;
use crate::view::message::focus_later;

/// Writes down what the user says, where the browser or the gateway can and the page wants it.
pub(super) fn button(app: App) -> View {
    let voice = app.signals.voice;
    let label = move || {
        let price = app.price_of_dictation().map(|price| price_text(app.words(), price));
        labelled(app.text(Text::Dictate), price)
    };
    when(
        move || app.can_dictate(),
        move || {
            push("icon")
                .attr("part", "dictate")
                .attr_of("aria-label", label)
                .attr_of("title", label)
                .attr_of("aria-pressed", move || truth(voice.listening.get()))
                .attr_of("aria-disabled", move || busy(app).then_some("true"))
                .click(move || app.dictate())
                .child(icon::microphone())
        },
    )
}

/// The name of a button, and what pressing it costs.
pub(in crate::view) fn labelled(name: &str, price: Option<String>) -> String {
    match price {
        Some(price) => [name, " · ", &price].concat(),
        None => name.to_owned(),
    }
}

/// What becomes of what is recorded, and the way to take it back before it is paid.
pub(super) fn progress(app: App) -> View {
    let progress = app.signals.voice.progress;
    when(
        move || progress.with(Option::is_some),
        move || {
            let words = move || progress.get().map(|text| app.text(text)).unwrap_or_default();
            el("div", "reading recording")
                .class_of("on", move || !busy(app))
                .attrs(&[("part", "recording")])
                .child(el("span", "").text_of(words))
                .child(when(move || busy(app), move || el("progress", "").attr_of("aria-label", words)))
                .child(when(
                    move || !busy(app),
                    move || {
                        named(app, "icon", Text::Cancel)
                            .attr("title", app.text(Text::Cancel))
                            .child(icon::close())
                            .click(move || app.discard_dictation())
                    },
                ))
        },
    )
}

fn busy(app: App) -> bool {
    app.signals.voice.progress.get() == Some(Text::WritingDown)
}

/// Why nothing is read aloud or heard, and what helps.
pub(super) fn note(app: App) -> View {
    let note = app.signals.voice.note;
    when(
        move || note.with(Option::is_some),
        move || {
            el("p", "remark bad")
                .attrs(&[("part", "refusal"), ("role", "alert")])
                .child(el("span", "").text_of(move || note.get().unwrap_or_default()))
                .child(when(
                    move || app.signals.voice.kept.get(),
                    move || {
                        let again = push("quiet").attr("part", "retry").text(app.text(Text::TryAgain));
                        let button = again.element().clone();
                        again.click(move || {
                            // The button goes, and the cursor stays where the words are wanted.
                            focus_later(button.closest("form").ok().flatten(), Some("[part=dictate]".into()));
                            app.retry_dictation();
                        })
                    },
                ))
                .child(
                    named(app, "icon", Text::Dismiss)
                        .child(icon::close())
                        .click(move || app.discard_dictation()),
                )
        },
    )
}

use wasm_bindgen::JsCast;
use web_sys::{Event, FocusEvent, KeyboardEvent, Node};

use super::dom::{View, button, el, truth, when};
use super::{icon, part};
use crate::app::App;
use crate::config::Announce;
use crate::locale::Text;
use crate::reactive::RwSignal;

/// What the user can set: what a screen reader says of answers.
pub(super) fn settings(app: App) -> View {
    let shown = RwSignal::new(false);
    let name = app.text(Text::Settings);
    let opener = button("icon")
        .attrs(&[("part", "settings"), ("aria-label", name), ("title", name)])
        .attr_of("aria-expanded", move || truth(shown.get()))
        .click(move || shown.update(|shown| *shown = !*shown))
        .child(icon::settings());
    let whole = el("div", "settings");
    let (place, opened_by) = (whole.html(), opener.html());
    whole
        .on("keydown", move |event: KeyboardEvent| {
            if event.key() == "Escape" && shown.get_untracked() {
                // The window stays open.
                event.stop_propagation();
                shown.set(false);
                let _ = opened_by.focus();
            }
        })
        .on("focusout", move |event: FocusEvent| {
            let to = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
            if to.is_some() && !place.contains(to.as_ref()) {
                shown.set(false);
            }
        })
        .child(opener)
        .child(when(move || shown.get(), move || part::more(app, move |more| (more.settings)(app))))
        .view()
}

pub(super) fn menu(app: App) -> View {
    let choices = Announce::ALL.map(|choice| {
        let text = match choice {
            Announce::Sentences => Text::AnnounceSentences,
            Announce::End => Text::AnnounceEnd,
            Announce::Off => Text::AnnounceOff,
        };
        let radio = el("input", "")
            .attrs(&[("type", "radio"), ("name", "announce")])
            .prop("checked", app.announces() == choice)
            .on("change", move |_: Event| app.choose_announcements(choice));
        el("label", "").child(radio).text(app.text(text)).view()
    });
    el("fieldset", "menu")
        .child(el("legend", "").text(app.text(Text::Announcements)))
        .children(choices)
        .view()
}

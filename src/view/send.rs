//! The form that the image and the video panel share: a prompt, the parameters, a button with its price.

use triptych_protocol::Estimate;
use web_sys::{Event, HtmlTextAreaElement, KeyboardEvent};

use super::credits::shortfall;
use super::dom::{View, el, next_frame};
use super::fields::{model_select, parameters};
use crate::app::App;
use crate::config::Panel;
use crate::credits::{Cover, price_text};
use crate::form::Form;
use crate::locale::Text;
use crate::reactive::{Memo, RwSignal, watch};

/// What differs between the two.
pub(super) struct Maker {
    pub(super) panel: Panel,
    pub(super) form: RwSignal<Form>,
    pub(super) prompt: RwSignal<String>,
    pub(super) model_label: Text,
    pub(super) prompt_label: Text,
    pub(super) placeholder: Text,
    pub(super) button: Text,
    pub(super) id: &'static str,
    pub(super) make: fn(App, Option<Estimate>),
}

/// The form.
pub(super) fn maker(app: App, maker: Maker) -> View {
    let Maker { panel, form, prompt, model_label, prompt_label, placeholder, button, id, make } = maker;
    let estimate = Memo::new(move || {
        let bytes = prompt.with(|prompt| prompt.trim().len());
        form.with(|form| form.estimate(bytes))
    });
    let cover = Memo::new(move || app.signals.wallet.with(|wallet| wallet.covers(estimate.get())));
    let blank = Memo::new(move || prompt.with(|prompt| prompt.trim().is_empty()));
    let limit = move || {
        form.with(|form| form.model().and_then(|model| model.triptych.limits.max_prompt_chars))
            .map(|most| most.to_string())
    };
    let short = move || matches!(cover.get(), Cover::Short { .. });
    let area = el("textarea", "prompt");
    let (field, typed): (HtmlTextAreaElement, HtmlTextAreaElement) = (area.to(), area.to());
    let handover = app.signals.desk.handover;
    watch(move |_: Option<()>| {
        if handover.get() == Some(panel) {
            handover.set(None);
            // The panel has to be seen before it can have the cursor.
            let field = field.clone();
            next_frame(move || {
                let _ = field.focus();
            });
        }
    });
    let refused = Memo::new(move || blank.get() || short() || form.with(|form| form.model().is_none()));
    let submit = move || {
        if !refused.get_untracked() {
            make(app, estimate.get_untracked());
        }
    };
    let area = area
        .attrs(&[("part", "input"), ("rows", "3"), ("dir", "auto"), ("placeholder", app.text(placeholder))])
        .attr_of("maxlength", limit)
        .value_of(move || prompt.get())
        .on("input", move |_: Event| prompt.set(typed.value()))
        .on("keydown", move |event: KeyboardEvent| {
            if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                event.prevent_default();
                submit();
            }
        });
    let labelled = |label: Text, field: View| {
        el("label", "field").child(el("span", "label").text(app.text(label))).child(field).view()
    };
    let price = move || estimate.get().map(|estimate| price_text(app.words(), estimate)).unwrap_or_default();
    let price_id = format!("{id}-price");
    el("form", "maker")
        .attrs(&[("part", "form"), ("data-region", "")])
        .on("submit", move |event: Event| {
            event.prevent_default();
            submit();
        })
        .children([
            labelled(prompt_label, area.view()),
            el("div", "fields")
                .child(labelled(Text::Model, model_select(form, app.text(model_label))))
                .child(parameters(form, app.words()))
                .view(),
            shortfall(app, cover, id),
            el("div", "row")
                .child(el("span", "price").attrs(&[("part", "price"), ("id", &price_id)]).text_of(price))
                .child(
                    el("button", "primary")
                        .attrs(&[
                            ("type", "submit"),
                            ("part", "generate"),
                            ("aria-describedby", &format!("{price_id} {id}")),
                        ])
                        .attr_of("disabled", move || refused.get())
                        .text(app.text(button)),
                )
                .view(),
        ])
        .view()
}

//! The form that the image and the video panel share: a prompt, the parameters, a button with its price.

use leptos::html;
use leptos::prelude::*;
use triptych_protocol::Estimate;
use web_sys::KeyboardEvent;

use super::credits::shortfall;
use super::fields::{model_select, parameters};
use crate::app::App;
use crate::config::Panel;
use crate::credits::{Cover, price_text};
use crate::form::Form;
use crate::locale::Text;

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
pub(super) fn maker(app: App, maker: Maker) -> impl IntoView {
    let Maker { panel, form, prompt, model_label, prompt_label, placeholder, button, id, make } = maker;
    let estimate = Memo::new(move |_| {
        let bytes = prompt.with(|prompt| prompt.trim().len());
        form.with(|form| form.estimate(bytes))
    });
    let cover = Memo::new(move |_| app.signals.wallet.with(|wallet| wallet.covers(estimate.get())));
    let blank = Memo::new(move |_| prompt.with(|prompt| prompt.trim().is_empty()));
    let limit = move || {
        form.with(|form| form.model().and_then(|model| model.triptych.limits.max_prompt_chars))
            .map(|most| most.to_string())
    };
    let short = move || matches!(cover.get(), Cover::Short { .. });
    let field = NodeRef::<html::Textarea>::new();
    let handover = app.signals.desk.handover;
    Effect::new(move || {
        if handover.get() == Some(panel) {
            handover.set(None);
            // The panel has to be seen before it can have the cursor.
            request_animation_frame(move || {
                if let Some(field) = field.get_untracked() {
                    let _ = field.focus();
                }
            });
        }
    });
    let refused = move || blank.get() || short() || form.with(|form| form.model().is_none());
    let submit = move || {
        if !refused() {
            make(app, estimate.get_untracked());
        }
    };
    view! {
        <form class="maker" part="form" data-region=""
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            <label class="field">
                <span class="label">{app.text(prompt_label)}</span>
                <textarea class="prompt" node_ref=field part="input" rows="3" dir="auto" placeholder=app.text(placeholder) maxlength=limit
                    prop:value=move || prompt.get()
                    on:input=move |event| prompt.set(event_target_value(&event))
                    on:keydown=move |event: KeyboardEvent| {
                        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                            event.prevent_default();
                            submit();
                        }
                    }
                ></textarea>
            </label>
            <div class="fields">
                <label class="field">
                    <span class="label">{app.text(Text::Model)}</span>
                    {model_select(form, app.text(model_label))}
                </label>
                {parameters(form, app.words())}
            </div>
            {shortfall(app, cover, id)}
            <div class="row">
                <span class="price" part="price" id=format!("{id}-price")>{move || estimate.get().map(|estimate| price_text(app.words(), estimate))}</span>
                <button type="submit" class="primary" part="generate" disabled=refused
                    aria-describedby=format!("{id}-price {id}")
                >{app.text(button)}</button>
            </div>
        </form>
    }
}

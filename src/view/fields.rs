//! The fields of a form, drawn from the catalogue.

use leptos::prelude::*;
use triptych_protocol::{Parameter, ParameterKind};

use crate::form::Form;
use crate::locale::{Text, Words};

/// Labels with more characters than this need a row of their own.
const LONG_LABEL: usize = 18;

/// The choice of a model, where there is one to make.
pub(super) fn model_select(form: RwSignal<Form>, label: &'static str) -> impl IntoView {
    let models = Memo::new(move |_| {
        form.with(|form| {
            form.models().iter().map(|m| (m.id.clone(), m.triptych.name.clone())).collect::<Vec<_>>()
        })
    });
    let chosen = Memo::new(move |_| form.with(|form| form.model().map(|model| model.id.clone())));
    move || {
        let options: Vec<_> = models
            .get()
            .into_iter()
            .map(|(id, name)| {
                let value = id.clone();
                view! { <option value=value selected=move || chosen.get().as_deref() == Some(id.as_str())>{name}</option> }
            })
            .collect();
        (!options.is_empty()).then(|| {
            view! {
                <select class="model" part="select" aria-label=label
                    on:change=move |event| form.update(|form| form.select(&event_target_value(&event)))
                >{options}</select>
            }
        })
    }
}

/// One field for each parameter of the chosen model.
pub(super) fn parameters(form: RwSignal<Form>, words: Words) -> impl IntoView {
    let parameters = Memo::new(move |_| {
        form.with(|form| form.model().map(|model| model.triptych.parameters.clone()).unwrap_or_default())
    });
    view! {
        <For each=move || parameters.get() key=|parameter| format!("{parameter:?}") let:parameter>
            {field(form, words, parameter)}
        </For>
    }
}

fn field(form: RwSignal<Form>, words: Words, parameter: Parameter) -> AnyView {
    let name = parameter.name.clone();
    let label = words.label(&parameter.label);
    let value = {
        let name = name.clone();
        Memo::new(move |_| form.with(|form| form.value(&name).unwrap_or_default().to_owned()))
    };
    let choose = Callback::new(move |value: String| form.update(|form| form.set(&name, &value)));
    match parameter.kind {
        ParameterKind::Choice { choices, .. } => {
            // What would be cut off in half a row gets a whole one.
            let long = choices.iter().any(|choice| choice.label.chars().count() > LONG_LABEL);
            let options: Vec<_> = choices
                .into_iter()
                .map(|choice| {
                    let chosen = choice.value.clone();
                    view! { <option value=choice.value selected=move || value.get() == chosen>{words.label(&choice.label)}</option> }
                })
                .collect();
            view! {
                <label class="field" class:long=long>
                    <span class="label">{label}</span>
                    <select part="select" on:change=move |event| choose.run(event_target_value(&event))>{options}</select>
                </label>
            }
            .into_any()
        }
        ParameterKind::Integer { min, max, step, unit, .. } => {
            let unit = unit.unwrap_or_default();
            let shown = Memo::new(move |_| {
                let number = words.number(&value.get());
                if unit == "seconds" {
                    words.fill(Text::Seconds, &[&number])
                } else {
                    format!("{number} {unit}").trim_end().to_owned()
                }
            });
            view! {
                <label class="field">
                    // No `<output>`: a label names the first field in it, and that would be one.
                    <span class="label">{label.clone()}<span class="value">{move || shown.get()}</span></span>
                    <input type="range" part="range" min=min max=max step=step aria-label=label
                        aria-valuetext=move || shown.get() prop:value=move || value.get()
                        on:input=move |event| choose.run(event_target_value(&event)) />
                </label>
            }
            .into_any()
        }
    }
}

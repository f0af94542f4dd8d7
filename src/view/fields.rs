//! The fields of a form, drawn from the catalogue.

use triptych_protocol::{Parameter, ParameterKind};
use web_sys::{Event, HtmlInputElement, HtmlSelectElement};

use super::dom::{El, View, dynamic, each, el, item};
use crate::form::Form;
use crate::locale::{Text, Words};
use crate::reactive::{Memo, RwSignal};

/// Labels with more characters than this need a row of their own.
const LONG_LABEL: usize = 18;

/// The choice of a model, where there is one to make.
pub(super) fn model_select(form: RwSignal<Form>, label: &'static str) -> View {
    let models = Memo::new(move || {
        form.with(|form| {
            form.models().iter().map(|m| (m.id.clone(), m.triptych.name.clone())).collect::<Vec<_>>()
        })
    });
    let chosen = move || form.with(|form| form.model().map(|model| model.id.clone()).unwrap_or_default());
    dynamic(move || {
        let options = models.get().into_iter().map(|(id, name)| choice(id, &name));
        (models.with(|models| !models.is_empty())).then(|| {
            select(options.collect(), move |value| form.update(|form| form.select(&value)))
                .attrs(&[("class", "model"), ("aria-label", label)])
                .value_of(chosen)
        })
    })
}

/// One field for each parameter of the chosen model.
pub(super) fn parameters(form: RwSignal<Form>, words: Words) -> View {
    let parameters = Memo::new(move || {
        form.with(|form| form.model().map(|model| model.triptych.parameters.clone()).unwrap_or_default())
    });
    each(move || {
        let parameters = parameters.get().into_iter();
        parameters.map(|it| item(key(&it), move || field(form, words, it))).collect()
    })
}

/// Everything that a field shows: one that differs in any of it is another field.
fn key(parameter: &Parameter) -> String {
    let mut key = [parameter.name.as_str(), "\n", &parameter.label].concat();
    match &parameter.kind {
        ParameterKind::Choice { choices, .. } => {
            for choice in choices {
                key.extend(["\n", &choice.value, "\n", &choice.label]);
            }
        }
        ParameterKind::Integer { min, max, step, unit, .. } => {
            for number in [min, max, step] {
                key.extend(["\n", &number.to_string()]);
            }
            key.extend(["\n", unit.as_deref().unwrap_or_default()]);
        }
    }
    key
}

fn field(form: RwSignal<Form>, words: Words, parameter: Parameter) -> El {
    let name = parameter.name.clone();
    let label = words.label(&parameter.label);
    let value = {
        let name = name.clone();
        Memo::new(move || form.with(|form| form.value(&name).unwrap_or_default().to_owned()))
    };
    let choose = move |value: String| form.update(|form| form.set(&name, &value));
    match parameter.kind {
        ParameterKind::Choice { choices, .. } => {
            // What would be cut off in half a row gets a whole one.
            let long = choices.iter().any(|choice| choice.label.chars().count() > LONG_LABEL);
            let options =
                choices.into_iter().map(|one| choice(one.value, &words.label(&one.label))).collect();
            el("label", if long { "field long" } else { "field" })
                .child(el("span", "label").text(&label))
                .child(select(options, choose).value_of(move || value.get()))
        }
        ParameterKind::Integer { min, max, step, unit, .. } => {
            let unit = unit.unwrap_or_default();
            let shown = Memo::new(move || {
                let number = words.number(&value.get());
                if unit == "seconds" {
                    words.fill(Text::Seconds, &[&number])
                } else {
                    [&number, " ", &unit].concat().trim_end().to_owned()
                }
            });
            let [min, max, step] = [min, max, step].map(|number| number.to_string());
            let range = el("input", "")
                .attrs(&[("type", "range"), ("part", "range"), ("min", &min), ("max", &max), ("step", &step)])
                .attr("aria-label", &label)
                .attr_of("aria-valuetext", move || shown.get())
                .value_of(move || value.get());
            let field: HtmlInputElement = range.to();
            // No `<output>`: a label names the first field in it, and that would be one.
            let named =
                el("span", "label").text(&label).child(el("span", "value").text_of(move || shown.get()));
            el("label", "field").child(named).child(range.on("input", move |_: Event| choose(field.value())))
        }
    }
}

fn choice(value: String, name: &str) -> View {
    el("option", "").attr("value", &value).text(name).view()
}

fn select(options: Vec<View>, choose: impl Fn(String) + 'static) -> El {
    let select = el("select", "").attr("part", "select").children(options);
    let chosen: HtmlSelectElement = select.to();
    select.on("change", move |_: Event| choose(chosen.value()))
}

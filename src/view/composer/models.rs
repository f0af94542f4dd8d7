use triptych_protocol::{Credits, Model};
use wasm_bindgen::JsCast;
use web_sys::{Event, FocusEvent, HtmlInputElement, KeyboardEvent, Node};

use super::listbox::step;
use crate::app::App;
use crate::context::rates;
use crate::credits::grouped;
use crate::locale::{Text, Words};
use crate::reactive::{Memo, RwSignal, watch};
use crate::view::dom::{self, El, View, each, el, item, truth, when};
use crate::view::icon;

/// From how many models on they can be searched.
const SEARCHED: usize = 9;

/// The button that names the model and opens the choice.
pub(super) fn button(app: App) -> View {
    let signals = app.signals;
    let choosing = signals.desk.choosing;
    let model = Memo::new(move || {
        signals.chat_form.with(|form| form.model().map(|model| model.triptych.name.clone()))
    });
    let name = move || model.get().unwrap_or_default();
    // Whoever closes it by a key goes on from where it was opened.
    watch(move |before: Option<bool>| {
        let open = choosing.with(Option::is_some);
        if before == Some(true) && !open {
            app.want_cursor();
        }
        open
    });
    when(
        move || model.with(Option::is_some),
        move || {
            dom::button("model")
                .attrs(&[("part", "model"), ("aria-haspopup", "listbox")])
                .attr_of("aria-label", move || app.words().fill(Text::ChatModelNamed, &[&name()]))
                .attr_of("aria-expanded", move || truth(choosing.with(Option::is_some)))
                .on("mousedown", |event: Event| event.prevent_default())
                .click(move || {
                    choosing.update(|open| *open = if open.is_some() { None } else { Some(String::new()) });
                })
                .child(el("span", "").text_of(name))
                .child(icon::down())
        },
    )
}

/// What the choice is made from.
#[derive(Clone, Copy)]
struct Choice {
    app: App,
    /// Those that are found by what was typed.
    models: Memo<Vec<Model>>,
    chosen: Memo<String>,
    /// The place of the one that Enter takes.
    current: RwSignal<usize>,
    searched: bool,
}

/// The choice on the page.
pub(in crate::view) fn popup(app: App) -> El {
    let choosing = app.signals.desk.choosing;
    let asked = choosing.get_untracked().unwrap_or_default();
    let choice = Choice::new(app, &asked);
    let Choice { models, current, searched, .. } = choice;
    let active = move || models.with(|models| !models.is_empty()).then(|| format!("model-{}", current.get()));
    let items = move || {
        let models = models.get().into_iter().enumerate();
        models
            .map(|(place, model)| item(format!("{place} {}", model.id), move || choice.option(place, &model)))
            .collect()
    };
    let list = el("ul", "")
        .attrs(&[
            ("id", "models"),
            ("role", "listbox"),
            ("aria-label", app.text(Text::ChatModel)),
            ("tabindex", if searched { "-1" } else { "0" }),
        ])
        .attr_of("aria-activedescendant", active)
        .child(each(items));
    let field = searched.then(|| choice.field(&asked).attr_of("aria-activedescendant", active));
    let focused = field.as_ref().unwrap_or(&list).html();
    watch(move |_: Option<()>| {
        let _ = focused.focus();
    });
    let lines = list.html();
    watch(move |_: Option<()>| {
        if let Some(item) = lines.children().item(current.get() as u32) {
            item.scroll_into_view_with_scroll_into_view_options(&nearest());
        }
    });
    let whole = el("div", "popup choice").attr("part", "models");
    let place = whole.html();
    whole
        .on("focusout", move |event: FocusEvent| {
            let next = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
            if !place.contains(next.as_ref()) {
                choosing.set(None);
            }
        })
        .on("keydown", move |event: KeyboardEvent| choice.key(&event))
        .child(field)
        .child(list)
        .child(when(
            move || models.with(Vec::is_empty),
            move || el("p", "note").attr("role", "status").text(app.text(Text::NoModel)),
        ))
}

impl Choice {
    fn new(app: App, asked: &str) -> Self {
        let signals = app.signals;
        let searched =
            signals.chat_form.with_untracked(|form| form.models().len() >= SEARCHED) || !asked.is_empty();
        let models = Memo::new(move || {
            let asked = signals.desk.choosing.get().unwrap_or_default().to_lowercase();
            let found = |model: &&Model| {
                asked.split_whitespace().all(|word| {
                    model.id.to_lowercase().contains(word)
                        || model.triptych.name.to_lowercase().contains(word)
                })
            };
            signals.chat_form.with(|form| form.models().iter().filter(found).cloned().collect::<Vec<_>>())
        });
        let chosen = Memo::new(move || {
            signals.chat_form.with(|form| form.model().map(|model| model.id.clone()).unwrap_or_default())
        });
        let start = models.with_untracked(|models| {
            chosen.with_untracked(|chosen| models.iter().position(|model| model.id == *chosen).unwrap_or(0))
        });
        Choice { app, models, chosen, current: RwSignal::new(start), searched }
    }

    fn choose(self, id: &str) {
        let signals = self.app.signals;
        signals.chat_form.update(|form| form.select(id));
        signals.desk.choosing.set(None);
    }

    fn key(self, event: &KeyboardEvent) {
        let Choice { app, models, current, searched, .. } = self;
        let count = models.with_untracked(Vec::len);
        match event.key().as_str() {
            "Escape" => app.signals.desk.choosing.set(None),
            "Enter" => {
                let id = models.with_untracked(|models| {
                    models.get(current.get_untracked()).map(|model| model.id.clone())
                });
                if let Some(id) = id {
                    self.choose(&id);
                }
            }
            "Home" if !searched => current.set(0),
            "End" if !searched => current.set(count.saturating_sub(1)),
            key => match step(key, current.get_untracked(), count) {
                Some(next) => current.set(next),
                None => return,
            },
        }
        // A docked widget would close with its choice.
        event.stop_propagation();
        event.prevent_default();
    }

    /// Where is typed what to look for.
    fn field(self, asked: &str) -> El {
        let label = self.app.text(Text::FindModel);
        let field = el("input", "find").attrs(&[
            ("type", "search"),
            ("role", "combobox"),
            ("aria-expanded", "true"),
            ("aria-controls", "models"),
            ("aria-autocomplete", "list"),
            ("aria-label", label),
            ("placeholder", label),
        ]);
        let input: HtmlInputElement = field.to();
        field.prop("value", asked).on("input", move |_: Event| {
            self.current.set(0);
            self.app.signals.desk.choosing.set(Some(input.value()));
        })
    }

    fn option(self, place: usize, model: &Model) -> El {
        let Choice { app, chosen, current, .. } = self;
        let (id, own) = (model.id.clone(), model.id.clone());
        el("li", "")
            .attrs(&[("role", "option"), ("id", &format!("model-{place}"))])
            .class_of("current", move || current.get() == place)
            .attr_of("aria-selected", move || truth(chosen.with(|chosen| *chosen == own)))
            .on("mousedown", |event: Event| event.prevent_default())
            .click(move || self.choose(&id))
            .children(described(app.words(), model))
    }
}

fn described(words: Words, model: &Model) -> [View; 4] {
    let info = &model.triptych;
    let price = rates(model).map(|(read, written)| {
        if read == Credits::ZERO && written == Credits::ZERO {
            return words.get(Text::Free).to_owned();
        }
        words.fill(Text::Rates, &[&grouped(words, read), &grouped(words, written)])
    });
    let goes = match (&info.warning, &model.shutdown_date) {
        (Some(warning), _) => Some(warning.clone()),
        (None, Some(date)) => Some(words.fill(Text::Until, &[date])),
        _ => None,
    };
    let warned = if info.warning.is_some() { "note warned" } else { "note" };
    let line = |class: &str, text: Option<&String>| text.map(|text| el("span", class).text(text)).into();
    [
        line("name", Some(&info.name)),
        line("note", info.description.as_ref()),
        line("rate", price.as_ref()),
        line(warned, goes.as_ref()),
    ]
}

fn nearest() -> web_sys::ScrollIntoViewOptions {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options
}

use leptos::html;
use leptos::prelude::*;
use triptych_protocol::{Credits, Model};
use web_sys::{FocusEvent, HtmlElement, KeyboardEvent, Node};

use super::listbox::step;
use crate::app::App;
use crate::context::rates;
use crate::credits::grouped;
use crate::locale::{Text, Words};
use crate::view::icon;
use wasm_bindgen::JsCast;

/// From how many models on they can be searched.
const SEARCHED: usize = 9;

/// The button that names the model and opens the choice.
pub(super) fn button(app: App) -> impl IntoView {
    let signals = app.signals;
    let choosing = signals.desk.choosing;
    let name = Memo::new(move |_| {
        signals.chat_form.with(|form| form.model().map(|model| model.triptych.name.clone()))
    });
    let button = NodeRef::<html::Button>::new();
    // Whoever closes it by a key goes on from where it was opened.
    Effect::new(move |before: Option<bool>| {
        let open = choosing.with(Option::is_some);
        if before == Some(true) && !open {
            app.want_cursor();
        }
        open
    });
    move || {
        name.get().map(|name| {
            view! {
                <button type="button" class="model" part="model" aria-haspopup="listbox" node_ref=button
                    aria-label=app.words().fill(Text::ChatModelNamed, &[&name])
                    aria-expanded=move || choosing.with(Option::is_some).to_string()
                    on:mousedown=|event| event.prevent_default()
                    on:click=move |_| choosing.update(|open| *open = if open.is_some() { None } else { Some(String::new()) })
                ><span>{name.clone()}</span>{icon::down()}</button>
            }
        })
    }
}

/// The choice itself.
pub(super) fn popup(app: App) -> AnyView {
    let signals = app.signals;
    let choosing = signals.desk.choosing;
    let count = signals.chat_form.with_untracked(|form| form.models().len());
    let asked = choosing.get_untracked().unwrap_or_default();
    let searched = count >= SEARCHED || !asked.is_empty();
    let models = Memo::new(move |_| {
        let asked = choosing.get().unwrap_or_default().to_lowercase();
        let found = |model: &&Model| {
            asked.split_whitespace().all(|word| {
                model.id.to_lowercase().contains(word) || model.triptych.name.to_lowercase().contains(word)
            })
        };
        signals.chat_form.with(|form| form.models().iter().filter(found).cloned().collect::<Vec<_>>())
    });
    let chosen = Memo::new(move |_| {
        signals.chat_form.with(|form| form.model().map(|model| model.id.clone()).unwrap_or_default())
    });
    let start = models.with_untracked(|models| {
        chosen.with_untracked(|chosen| models.iter().position(|model| model.id == *chosen).unwrap_or(0))
    });
    let current = RwSignal::new(start);
    let (list, field, whole) =
        (NodeRef::<html::Ul>::new(), NodeRef::<html::Input>::new(), NodeRef::<html::Div>::new());
    let choose = move |id: &str| {
        signals.chat_form.update(|form| form.select(id));
        choosing.set(None);
    };
    let key = move |event: &KeyboardEvent| {
        let count = models.with_untracked(Vec::len);
        match event.key().as_str() {
            "Escape" => choosing.set(None),
            "Enter" => {
                let id = models.with_untracked(|models| {
                    models.get(current.get_untracked()).map(|model| model.id.clone())
                });
                if let Some(id) = id {
                    choose(&id);
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
    };
    Effect::new(move || {
        let focused: Option<HtmlElement> = if searched {
            field.get().map(|field| field.unchecked_into())
        } else {
            list.get().map(|list| list.unchecked_into())
        };
        if let Some(focused) = focused {
            let _ = focused.focus();
        }
    });
    Effect::new(move || {
        let current = current.get();
        if let Some(item) = list.get().and_then(|list| list.children().item(current as u32)) {
            item.scroll_into_view_with_scroll_into_view_options(&nearest());
        }
    });
    let active = move || models.with(|models| !models.is_empty()).then(|| format!("model-{}", current.get()));
    view! {
        <div class="popup choice" part="models" node_ref=whole
            on:focusout=move |event: FocusEvent| {
                // What is taken off the page loses the focus too, when there is nothing to close any more.
                let Some(Some(whole)) = whole.try_get_untracked() else { return };
                let next = event.related_target().and_then(|target| target.dyn_into::<Node>().ok());
                if !whole.contains(next.as_ref()) {
                    choosing.set(None);
                }
            }
            on:keydown=move |event| key(&event)
        >
            {searched.then(|| view! {
                <input type="search" class="find" role="combobox" aria-expanded="true" aria-controls="models"
                    aria-autocomplete="list" aria-label=app.text(Text::FindModel) placeholder=app.text(Text::FindModel) node_ref=field
                    aria-activedescendant=active
                    prop:value=asked
                    on:input=move |event| {
                        current.set(0);
                        choosing.set(Some(event_target_value(&event)));
                    } />
            })}
            <ul id="models" role="listbox" aria-label=app.text(Text::ChatModel) tabindex=if searched { -1 } else { 0 }
                node_ref=list aria-activedescendant=active
            >
                <For each=move || models.get().into_iter().enumerate() key=|(place, model)| (*place, model.id.clone())
                    children=move |(place, model)| {
                        let id = model.id.clone();
                        let is_chosen = { let id = id.clone(); move || chosen.with(|chosen| *chosen == id) };
                        view! {
                            <li role="option" id=format!("model-{place}") class:current=move || current.get() == place
                                aria-selected=move || is_chosen().to_string()
                                on:mousedown=|event| event.prevent_default()
                                on:click=move |_| choose(&id)
                            >{described(app.words(), &model)}</li>
                        }
                    } />
            </ul>
            <Show when=move || models.with(Vec::is_empty)>
                <p class="note" role="status">{app.text(Text::NoModel)}</p>
            </Show>
        </div>
    }
    .into_any()
}

fn described(words: Words, model: &Model) -> AnyView {
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
    let warned = info.warning.is_some();
    view! {
        <span class="name">{info.name.clone()}</span>
        {info.description.clone().map(|text| view! { <span class="note">{text}</span> })}
        {price.map(|price| view! { <span class="rate">{price}</span> })}
        {goes.map(|text| view! { <span class="note" class:warned=warned>{text}</span> })}
    }
    .into_any()
}

fn nearest() -> web_sys::ScrollIntoViewOptions {
    let options = web_sys::ScrollIntoViewOptions::new();
    options.set_block(web_sys::ScrollLogicalPosition::Nearest);
    options
}

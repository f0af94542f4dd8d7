//! The list of chats: a pane beside the chat where there is room for both, a sheet over it where there is not.

mod keys;

use leptos::html;
use leptos::prelude::*;

use self::keys::{LINE, action, element, focus_at_first, key, only_stop, perform, rename};
use super::icon;
use crate::app::{App, Chats};
use crate::locale::Text;
use crate::threads::{Day, Row};

/// How a list's part is drawn for one day and what it has.
const DAYS: [Day; 5] = [Day::Today, Day::Yesterday, Day::Week, Day::Month, Day::Older];

/// How many lines are drawn at once, and how many more when their end comes near.
const AT_ONCE: usize = 100;
/// How near to the end, in CSS pixels.
const NEAR: i32 = 800;

/// Which line has its menu open, and which one is being renamed.
#[derive(Clone, Copy)]
struct Open {
    menu: RwSignal<Option<String>>,
    name: RwSignal<Option<String>>,
}

/// The button that opens the list. It gets the focus back when the list is closed.
pub(super) fn button(app: App) -> impl IntoView {
    let chats = app.signals.chats;
    let button = NodeRef::<html::Button>::new();
    Effect::new(move |was_open: Option<bool>| {
        let open = chats.open.get();
        if let (Some(true), false, Some(button)) = (was_open, open, button.get_untracked()) {
            let _ = button.focus();
        }
        open
    });
    view! {
        <Show when=move || chats.kept.get()>
            <button type="button" class="icon" part="chats-button" aria-label=app.text(Text::Chats) title=app.text(Text::Chats) node_ref=button
                aria-expanded=move || chats.open.get().to_string()
                on:click=move |_| app.show_threads(!chats.open.get_untracked())
            >{icon::list()}</button>
        </Show>
    }
}

/// The chat with the list beside it, while that is open, and with a word on why chats are not kept, once.
pub(super) fn beside(app: App, chat: AnyView) -> AnyView {
    let Chats { open, kept, note, .. } = app.signals.chats;
    let to_tell = move || note.get().filter(|_| app.signals.messages.with(|messages| !messages.is_empty()));
    view! {
        <div class="chats-split">
            <Show when=move || kept.get() && open.get()>{pane(app)}</Show>
            <div class="talk">
                {move || to_tell().map(|note| view! {
                    <div class="notice told" role="note">
                        <p>{app.text(note)}</p>
                        <button type="button" class="icon" aria-label=app.text(Text::Dismiss) on:click=move |_| app.dismiss_note()>{icon::close()}</button>
                    </div>
                })}
                {chat}
            </div>
        </div>
    }
    .into_any()
}

/// The list.
fn pane(app: App) -> AnyView {
    let chats = app.signals.chats;
    let pane = NodeRef::<html::Div>::new();
    let open = Open { menu: RwSignal::new(None), name: RwSignal::new(None) };
    let query = RwSignal::new(String::new());
    let drawn = RwSignal::new(AT_ONCE);
    let none = move || chats.rows.with(Vec::is_empty);
    focus_at_first(pane);
    on_cleanup(move || app.search_threads(String::new()));
    view! {
        <div
            class="chats"
            part="chats"
            role="region"
            aria-label=app.text(Text::Chats)
            node_ref=pane
            on:click=move |event| {
                if let Some((act, id, target)) = action(event.target()) {
                    perform(app, open, &act, id, &target);
                }
            }
            on:keydown=move |event| key(app, open, query, &event)
            on:focusin=move |event| {
                if let Some(element) = element(event.target()).filter(|element| element.matches(LINE).unwrap_or(false)) {
                    only_stop(&element);
                }
            }
        >
            <div class="chats-top">
                <button type="button" class="quiet" data-act="new">{icon::plus()} {app.text(Text::NewChat)}</button>
                <button type="button" class="icon" data-act="close" aria-label=app.text(Text::CloseChats)>{icon::close()}</button>
            </div>
            <input
                type="search"
                class="chats-search"
                aria-label=app.text(Text::SearchChats)
                placeholder=app.text(Text::Search)
                prop:value=move || query.get()
                on:input=move |event| {
                    query.set(event_target_value(&event));
                    app.search_threads(query.get_untracked());
                }
            />
            <div
                class="chats-list"
                on:scroll=move |event| {
                    // Nobody waits for lines that are far below: they are drawn when somebody comes near.
                    let near = element(event.target()).is_some_and(|list| {
                        list.scroll_height() - list.scroll_top() - list.client_height() < NEAR
                    });
                    if near && chats.rows.with(|rows| rows.len() > drawn.get_untracked()) {
                        drawn.update(|drawn| *drawn += AT_ONCE);
                    }
                }
            >
                <For each=move || DAYS key=|day| *day as u8 let:day>
                    {part(app, open, drawn, day)}
                </For>
                <Show when=none>
                    <p class="hint">
                        {move || if query.with(|query| query.trim().is_empty()) {
                            app.text(Text::NoChats)
                        } else {
                            app.text(Text::NoChatFound)
                        }}
                    </p>
                </Show>
            </div>
            <div class="chats-undo" role="status">
                {move || chats.bin.get().map(|title| view! {
                    <p dir="auto">{app.words().fill(Text::Deleted, &[&title])}</p>
                    <button type="button" class="quiet" data-act="undo">{app.text(Text::Undo)}</button>
                })}
            </div>
            <Show when=move || !none()>
                <button type="button" class="quiet chats-all" data-act="all">{icon::download()} {app.text(Text::ExportAll)}</button>
            </Show>
        </div>
    }
    .into_any()
}

/// The lines of one day, or nothing.
fn part(app: App, open: Open, drawn: RwSignal<usize>, day: Day) -> impl IntoView {
    let rows = app.signals.chats.rows;
    let own = Memo::new(move |_| {
        rows.with(|rows| {
            rows.iter()
                .take(drawn.get())
                .filter(|(of, _)| *of == day)
                .map(|(_, row)| row.clone())
                .collect::<Vec<Row>>()
        })
    });
    let any = Memo::new(move |_| own.with(|rows| !rows.is_empty()));
    view! {
        <Show when=move || any.get()>
            <h3 class="chats-day">{app.text(day.label())}</h3>
            <ul aria-label=app.text(day.label())>
                <For each=move || own.get() key=|row| (row.id.clone(), row.title.clone(), row.running) let:row>
                    {line(app, open, row)}
                </For>
            </ul>
        </Show>
    }
}

fn line(app: App, open: Open, row: Row) -> AnyView {
    let Row { id, title, running, .. } = row;
    let current = app.signals.chats.current;
    let (shown, named, of) = (id.clone(), id.clone(), id.clone());
    let title = if title.is_empty() { app.text(Text::UntitledChat).to_owned() } else { title };
    let more = app.words().fill(Text::ChatOptions, &[&title]);
    let name = title.clone();
    let menu = open.menu;
    let is_open = Memo::new(move |_| menu.with(|menu| menu.as_deref() == Some(of.as_str())));
    view! {
        <li class="chats-row" data-thread=id>
            {move || {
                if open.name.with(|name| name.as_deref() == Some(named.as_str())) {
                    return view! {
                        <input class="chats-name" aria-label=app.text(Text::ChatName) maxlength="120" dir="auto" data-name=""
                            prop:value=name.clone() on:blur=move |event| rename(app, open, event.target()) />
                    }.into_any();
                }
                let shown = shown.clone();
                view! {
                    <button type="button" class="chats-open" data-act="open" tabindex="-1"
                        aria-current=move || current.with(|current| current.as_deref() == Some(shown.as_str())).then_some("true")
                    >
                        <span class="chats-title" dir="auto">{name.clone()}</span>
                        {running.then(|| view! { <span class="chats-running" role="img" aria-label=app.text(Text::ChatRunning)></span> })}
                    </button>
                }.into_any()
            }}
            <button type="button" class="icon" data-act="menu" tabindex="-1" aria-label=more aria-haspopup="menu"
                aria-expanded=move || is_open.get().to_string()
            >{icon::more()}</button>
            <Show when=move || is_open.get()>
                <div class="chats-menu" role="menu" aria-label=title.clone()>
                    {MENU.map(|(act, label)| view! {
                        <button type="button" role="menuitem" tabindex="-1" data-act=act>{app.text(label)}</button>
                    })}
                </div>
            </Show>
        </li>
    }
    .into_any()
}

/// What can be done with a thread.
const MENU: [(&str, Text); 4] = [
    ("rename", Text::Rename),
    ("markdown", Text::SaveMarkdown),
    ("json", Text::SaveJson),
    ("delete", Text::Delete),
];

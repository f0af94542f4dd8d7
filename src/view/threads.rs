//! The list of chats: a pane beside the chat where there is room for both, a sheet over it where there is not.

mod keys;

use std::cell::RefCell;
use std::rc::Rc;

use web_sys::{Event, FocusEvent, HtmlElement, HtmlInputElement, KeyboardEvent, MouseEvent};

use self::keys::{LINE, action, element, focus_at_first, key, only_stop, perform, rename};
use super::dom::{El, View, button, dynamic, each, el, group, item, keep, truth, when};
use super::{icon, part};
use crate::app::{App, Chats};
use crate::locale::Text;
use crate::reactive::{Memo, RwSignal, watch};
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
pub(super) fn opener(app: App) -> View {
    let chats = app.signals.chats;
    let place = Rc::new(RefCell::new(None::<HtmlElement>));
    let opener = place.clone();
    watch(move |was_open: Option<bool>| {
        let open = chats.open.get();
        if let (Some(true), false, Some(button)) = (was_open, open, &*opener.borrow()) {
            let _ = button.focus();
        }
        open
    });
    when(
        move || chats.kept.get(),
        move || {
            let label = app.text(Text::Chats);
            let shown = button("icon")
                .attrs(&[("part", "chats-button"), ("aria-label", label), ("title", label)])
                .attr_of("aria-expanded", move || truth(chats.open.get()))
                .click(move || app.show_threads(!chats.open.get_untracked()))
                .child(icon::list());
            place.replace(Some(shown.html()));
            shown
        },
    )
}

/// The chat with the list beside it, while that is open, and with a word on why chats are not kept, once.
pub(super) fn beside(app: App, chat: View) -> View {
    let Chats { open, kept, note, .. } = app.signals.chats;
    let to_tell = move || note.get().filter(|_| app.signals.messages.with(|messages| !messages.is_empty()));
    let told = move || {
        to_tell().map(|note| {
            let dismiss = button("icon").attr("aria-label", app.text(Text::Dismiss));
            el("div", "notice told")
                .attr("role", "note")
                .child(el("p", "").text(app.text(note)))
                .child(dismiss.click(move || app.dismiss_note()).child(icon::close()))
        })
    };
    el("div", "chats-split")
        .child(when(move || kept.get() && open.get(), move || part::more(app, move |more| (more.chats)(app))))
        .child(el("div", "talk").child(dynamic(told)).child(chat))
        .view()
}

/// Runs when it is dropped.
struct AtEnd(App);

impl Drop for AtEnd {
    fn drop(&mut self) {
        self.0.search_threads(String::new());
    }
}

/// The list.
pub(super) fn pane(app: App) -> View {
    let chats = app.signals.chats;
    let open = Open { menu: RwSignal::new(None), name: RwSignal::new(None) };
    let query = RwSignal::new(String::new());
    let none = move || chats.rows.with(Vec::is_empty);
    keep(AtEnd(app));
    let undo = move || {
        chats.bin.get().map(|title| {
            let deleted = app.words().fill(Text::Deleted, &[&title]);
            group([
                el("p", "").attr("dir", "auto").text(&deleted).view(),
                act("quiet", "undo").text(app.text(Text::Undo)).view(),
            ])
        })
    };
    let pane = el("div", "chats")
        .attrs(&[("part", "chats"), ("role", "region"), ("aria-label", app.text(Text::Chats))])
        .on("click", move |event: MouseEvent| {
            if let Some((act, id, target)) = action(event.target()) {
                perform(app, open, &act, id, &target);
            }
        })
        .on("keydown", move |event: KeyboardEvent| key(app, open, query, &event))
        .on("focusin", move |event: FocusEvent| {
            if let Some(element) =
                element(event.target()).filter(|element| element.matches(LINE).unwrap_or(false))
            {
                only_stop(&element);
            }
        })
        .child(
            el("div", "chats-top")
                .child(act("quiet", "new").child(icon::plus()).text(app.text(Text::NewChat)))
                .child(
                    act("icon", "close").attr("aria-label", app.text(Text::CloseChats)).child(icon::close()),
                ),
        )
        .child(search(app, query))
        .child(lines(app, open, query))
        .child(el("div", "chats-undo").attr("role", "status").child(dynamic(undo)))
        .child(when(
            move || !none(),
            move || act("quiet chats-all", "all").child(icon::download()).text(app.text(Text::ExportAll)),
        ));
    focus_at_first(pane.element());
    pane.view()
}

/// A button whose click is heard by the list.
fn act(class: &str, name: &str) -> El {
    button(class).attr("data-act", name)
}

fn search(app: App, query: RwSignal<String>) -> El {
    let search = el("input", "chats-search")
        .attrs(&[
            ("type", "search"),
            ("aria-label", app.text(Text::SearchChats)),
            ("placeholder", app.text(Text::Search)),
        ])
        .value_of(move || query.get());
    let field: HtmlInputElement = search.to();
    search.on("input", move |_: Event| {
        query.set(field.value());
        app.search_threads(field.value());
    })
}

fn lines(app: App, open: Open, query: RwSignal<String>) -> El {
    let rows = app.signals.chats.rows;
    let drawn = RwSignal::new(AT_ONCE);
    let lines = el("div", "chats-list");
    let list = lines.html();
    let hint = move || match query.with(|query| query.trim().is_empty()) {
        true => app.text(Text::NoChats),
        false => app.text(Text::NoChatFound),
    };
    lines
        .on("scroll", move |_: Event| {
            // Nobody waits for lines that are far below: they are drawn when somebody comes near.
            let near = list.scroll_height() - list.scroll_top() - list.client_height() < NEAR;
            if near && rows.with_untracked(|rows| rows.len() > drawn.get_untracked()) {
                drawn.update(|drawn| *drawn += AT_ONCE);
            }
        })
        .children(DAYS.map(|day| day_of(app, open, drawn, day)))
        .child(when(move || rows.with(Vec::is_empty), move || el("p", "hint").text_of(hint)))
}

/// The lines of one day, or nothing.
fn day_of(app: App, open: Open, drawn: RwSignal<usize>, day: Day) -> View {
    let rows = app.signals.chats.rows;
    let own = Memo::new(move || {
        rows.with(|rows| {
            rows.iter()
                .take(drawn.get())
                .filter(|(of, _)| *of == day)
                .map(|(_, row)| row.clone())
                .collect::<Vec<Row>>()
        })
    });
    when(
        move || own.with(|rows| !rows.is_empty()),
        move || {
            let label = app.text(day.label());
            let lines = each(move || {
                let key =
                    |row: &Row| [row.id.as_str(), if row.running { "+" } else { "-" }, &row.title].concat();
                own.get().into_iter().map(|row| item(key(&row), move || line(app, open, row))).collect()
            });
            group([
                el("h3", "chats-day").text(label).view(),
                el("ul", "").attr("aria-label", label).child(lines).view(),
            ])
        },
    )
}

fn line(app: App, open: Open, row: Row) -> El {
    let Row { id, title, running, .. } = row;
    let title = if title.is_empty() { app.text(Text::UntitledChat).to_owned() } else { title };
    let more = app.words().fill(Text::ChatOptions, &[&title]);
    let is = |which: RwSignal<Option<String>>, id: &str| {
        let id = id.to_owned();
        Memo::new(move || which.with(|which| which.as_deref() == Some(id.as_str())))
    };
    let (menu, named, current) = (is(open.menu, &id), is(open.name, &id), is(app.signals.chats.current, &id));
    let name = title.clone();
    let face = move || match named.get() {
        true => el("input", "chats-name")
            .attrs(&[
                ("aria-label", app.text(Text::ChatName)),
                ("maxlength", "120"),
                ("dir", "auto"),
                ("data-name", ""),
            ])
            .prop("value", name.as_str())
            .on("blur", move |event: FocusEvent| rename(app, open, event.target())),
        false => act("chats-open", "open")
            .attr("tabindex", "-1")
            .attr_of("aria-current", move || current.get().then_some("true"))
            .child(el("span", "chats-title").attr("dir", "auto").text(&name))
            .child(running.then(|| {
                el("span", "chats-running")
                    .attrs(&[("role", "img"), ("aria-label", app.text(Text::ChatRunning))])
            })),
    };
    let options = move || {
        let items = MENU.map(|(name, label)| {
            act("", name).attrs(&[("role", "menuitem"), ("tabindex", "-1")]).text(app.text(label)).view()
        });
        el("div", "chats-menu").attrs(&[("role", "menu"), ("aria-label", &title)]).children(items)
    };
    el("li", "chats-row")
        .attr("data-thread", &id)
        .child(dynamic(face))
        .child(
            act("icon", "menu")
                .attrs(&[("tabindex", "-1"), ("aria-label", &more), ("aria-haspopup", "menu")])
                .attr_of("aria-expanded", move || truth(menu.get()))
                .child(icon::more()),
        )
        .child(when(move || menu.get(), options))
}

/// What can be done with a thread.
const MENU: [(&str, Text); 4] = [
    ("rename", Text::Rename),
    ("markdown", Text::SaveMarkdown),
    ("json", Text::SaveJson),
    ("delete", Text::Delete),
];

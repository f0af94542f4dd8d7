mod attachments;
mod commands;
mod listbox;
mod meter;
pub(super) mod microphone;
mod models;
mod shared;
mod textbox;

use web_sys::{DragEvent, Event};

pub(super) use self::attachments::{drag_enters, drop_zone, sent, strip as files};
pub(super) use self::commands::{Commands, help, list as commands};
use self::meter::Forecast;
pub(super) use self::models::popup as models;
pub(super) use self::shared::shared;
use super::credits::shortfall;
use super::dom::{El, View, button, dynamic, el, group, when};
use super::text::size;
use super::{icon, part};
use crate::app::{App, Hindrance};
use crate::credits::{Cover, price_text};
use crate::locale::Text;
use crate::reactive::Memo;

/// The text box, what goes along with it, the button, and what pressing it would cost.
pub(super) fn composer(app: App) -> View {
    let signals = app.signals;
    let desk = signals.desk;
    let commands = Commands::new(app);
    let Forecast { estimate, fill } = Forecast::new(app);
    let cover = Memo::new(move || signals.wallet.with(|wallet| wallet.covers(estimate.get())));
    let blank = Memo::new(move || {
        signals.draft.with(|draft| draft.trim().is_empty()) && desk.attached.with(Vec::is_empty)
    });
    let ready = Memo::new(move || signals.chat_form.with(|form| form.model().is_some()));
    let short = Memo::new(move || !blank.get() && matches!(cover.get(), Cover::Short { .. }));
    let hindrance = Memo::new(move || {
        let full = fill.get().is_some_and(|fill| !fill.fits);
        app.hindrance().or_else(|| {
            let name = signals.chat_form.with(|form| form.model().map(|model| model.triptych.name.clone()));
            name.filter(|_| full).map(|model| Hindrance::Full { model })
        })
    });
    let hindered = move || !blank.get() && hindrance.with(Option::is_some);
    let refused = Memo::new(move || {
        blank.get() || !ready.get() || short.get() || hindered() || desk.reading.with(Option::is_some)
    });
    let price = move || {
        estimate
            .get()
            .filter(|_| !blank.get() && !commands.is_open())
            .map(|estimate| price_text(app.words(), estimate))
            .unwrap_or_default()
    };
    // A reason is only due once there is something to send.
    let shown_cover = Memo::new(move || if short.get() { cover.get() } else { Cover::Unknown });
    let row = el("div", "row").children([
        when(
            move || !signals.messages.with(Vec::is_empty),
            move || {
                named(app, "icon", Text::NewChat)
                    .attr("title", app.text(Text::NewChat))
                    .attr_of("disabled", move || signals.busy.get())
                    .click(move || app.clear_chat())
                    .child(icon::plus())
            },
        ),
        attachments::picker(app),
        microphone::button(app),
        models::button(app),
        el("span", "price").attrs(&[("part", "price"), ("id", "chat-price")]).text_of(price).view(),
        when(move || signals.busy.get(), move || stopping(app)),
        when(
            move || !signals.busy.get(),
            move || {
                el("button", "send")
                    .attrs(&[
                        ("type", "submit"),
                        ("part", "send"),
                        ("aria-label", app.text(Text::Send)),
                        ("aria-describedby", "chat-price chat-shortfall chat-hindrance"),
                    ])
                    .attr_of("disabled", move || refused.get())
                    .child(icon::send())
            },
        ),
    ]);
    el("form", "composer")
        .attrs(&[("part", "composer"), ("data-region", "")])
        .on("submit", move |event: Event| {
            event.prevent_default();
            send(app, refused);
        })
        .on("dragenter", move |event: DragEvent| drag_enters(app, &event))
        .children([
            when(move || commands.is_open(), move || part::more(app, move |more| (more.commands)(commands))),
            when(
                move || desk.choosing.with(Option::is_some),
                move || part::more(app, move |more| (more.models)(app)),
            ),
            when(move || desk.helping.get(), move || part::more(app, move |more| (more.help)(app))),
            microphone::note(app),
            microphone::progress(app),
            shortfall(app, shown_cover, "chat-shortfall"),
            dynamic(move || {
                hindrance.get().filter(|_| !blank.get()).map(|hindrance| {
                    el("p", "remark bad")
                        .attrs(&[("id", "chat-hindrance"), ("role", "note")])
                        .text(&attachments::hindered(app.words(), &hindrance))
                })
            }),
            dynamic(move || fill.get().filter(|_| !blank.get()).map(|fill| meter::meter(app, fill))),
            when(move || desk.sending.with(Option::is_some), move || sending(app)),
            when(
                move || desk.shared.with(Option::is_some),
                move || part::more(app, move |more| (more.shared)(app)),
            ),
            el("div", "box")
                .child(when(move || desk.has_files(), move || part::more(app, move |more| (more.files)(app))))
                .child(textbox::textbox(app, commands, refused))
                .child(row)
                .view(),
        ])
        .view()
}

fn send(app: App, refused: Memo<bool>) {
    if !app.run_draft() && !refused.get_untracked() && !app.signals.busy.get_untracked() {
        app.send();
    }
}

/// The ways to end an answer that is being written.
fn stopping(app: App) -> View {
    group([
        when(
            move || app.signals.can_leave.get(),
            move || {
                named(app, "icon", Text::LeaveRunning)
                    .attrs(&[("part", "leave"), ("title", app.text(Text::LeaveRunning))])
                    .click(move || app.leave_answer())
                    .child(icon::leave())
            },
        ),
        named(app, "send stop", Text::Stop)
            .attr("part", "stop")
            .click(move || app.stop_answer())
            .child(icon::stop())
            .view(),
    ])
}

fn sending(app: App) -> El {
    let size = move || {
        let bytes = app.signals.desk.sending.get().unwrap_or_default();
        app.words().fill(Text::SendingSize, &[&size(app.words(), bytes)])
    };
    el("div", "reading")
        .child(el("span", "").text_of(size))
        .child(el("progress", "").attr_of("aria-label", size))
}

/// A button that has a name and no words.
fn named(app: App, class: &str, name: Text) -> El {
    button(class).attr("aria-label", app.text(name))
}

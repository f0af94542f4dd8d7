mod attachments;
mod commands;
mod listbox;
mod meter;
mod models;
mod textbox;

use leptos::prelude::*;

pub(super) use self::attachments::{drag_enters, drop_zone, sent};
use self::commands::Commands;
use self::meter::Forecast;
use super::credits::shortfall;
use super::icon;
use super::text::size;
use crate::app::{App, Hindrance};
use crate::credits::{Cover, price_text};
use crate::locale::Text;

/// The text box, what goes along with it, the button, and what pressing it would cost.
pub(super) fn composer(app: App) -> impl IntoView {
    let signals = app.signals;
    let desk = signals.desk;
    let commands = Commands::new(app);
    let Forecast { estimate, fill } = Forecast::new(app);
    let cover = Memo::new(move |_| signals.wallet.with(|wallet| wallet.covers(estimate.get())));
    let blank = Memo::new(move |_| {
        signals.draft.with(|draft| draft.trim().is_empty()) && desk.attached.with(Vec::is_empty)
    });
    let ready = Memo::new(move |_| signals.chat_form.with(|form| form.model().is_some()));
    let short = Memo::new(move |_| !blank.get() && matches!(cover.get(), Cover::Short { .. }));
    let hindrance = Memo::new(move |_| {
        let full = fill.get().is_some_and(|fill| !fill.fits);
        app.hindrance().or_else(|| {
            let name = signals.chat_form.with(|form| form.model().map(|model| model.triptych.name.clone()));
            name.filter(|_| full).map(|model| Hindrance::Full { model })
        })
    });
    let hindered = move || !blank.get() && hindrance.with(Option::is_some);
    let refused = move || {
        blank.get() || !ready.get() || short.get() || hindered() || desk.reading.with(Option::is_some)
    };
    let price = move || {
        estimate
            .get()
            .filter(|_| !blank.get() && !commands.is_open())
            .map(|estimate| price_text(app.words(), estimate))
    };
    // A reason is only due once there is something to send.
    let shown_cover = Memo::new(move |_| if short.get() { cover.get() } else { Cover::Unknown });
    let send = move || {
        if !app.run_draft() && !refused() && !signals.busy.get_untracked() {
            app.send();
        }
    };
    view! {
        <form class="composer" part="composer" data-region=""
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
            on:dragenter=move |event| drag_enters(app, &event)
        >
            <Show when=move || commands.is_open()>{commands::list(commands)}</Show>
            <Show when=move || desk.choosing.with(Option::is_some)>{models::popup(app)}</Show>
            <Show when=move || desk.helping.get()>{commands::help(app)}</Show>
            {shortfall(app, shown_cover, "chat-shortfall")}
            {move || hindrance.get().filter(|_| !blank.get()).map(|hindrance| view! {
                <p class="remark bad" id="chat-hindrance" role="note">{attachments::hindered(app.words(), &hindrance)}</p>
            })}
            {move || fill.get().filter(|_| !blank.get()).map(|fill| meter::meter(app, fill))}
            {move || desk.sending.get().map(|bytes| view! {
                <div class="reading"><span>{sending(app, bytes)}</span><progress aria-label=sending(app, bytes)></progress></div>
            })}
            <div class="box">
                {attachments::strip(app)}
                {textbox::textbox(app, commands, send)}
                <div class="row">
                    <Show when=move || !signals.messages.with(Vec::is_empty)>
                        <button type="button" class="icon" aria-label=app.text(Text::NewChat) title=app.text(Text::NewChat)
                            disabled=move || signals.busy.get()
                            on:click=move |_| app.clear_chat()
                        >{icon::plus()}</button>
                    </Show>
                    {attachments::picker(app)}
                    {models::button(app)}
                    <span class="price" part="price" id="chat-price">{price}</span>
                    <Show
                        when=move || signals.busy.get()
                        fallback=move || view! {
                            <button type="submit" class="send" part="send" aria-label=app.text(Text::Send) disabled=refused
                                aria-describedby="chat-price chat-shortfall chat-hindrance"
                            >{icon::send()}</button>
                        }
                    >
                        <Show when=move || signals.can_leave.get()>
                            <button type="button" class="icon" part="leave" aria-label=app.text(Text::LeaveRunning)
                                title=app.text(Text::LeaveRunning) on:click=move |_| app.leave_answer()
                            >{icon::leave()}</button>
                        </Show>
                        <button type="button" class="send stop" part="stop" aria-label=app.text(Text::Stop)
                            on:click=move |_| app.stop_answer()
                        >{icon::stop()}</button>
                    </Show>
                </div>
            </div>
        </form>
    }
}

fn sending(app: App, bytes: u64) -> String {
    app.words().fill(Text::SendingSize, &[&size(app.words(), bytes)])
}

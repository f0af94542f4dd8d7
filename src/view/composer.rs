use leptos::html;
use leptos::prelude::*;
use web_sys::KeyboardEvent;

use super::credits::shortfall;
use super::fields::model_select;
use super::icon;
use crate::app::App;
use crate::config::Mode;
use crate::credits::{Cover, price_text};
use crate::locale::Text;

/// The text box, the button, and what pressing it would cost.
pub(super) fn composer(app: App) -> impl IntoView {
    let signals = app.signals;
    let input = NodeRef::<html::Textarea>::new();
    let estimate = Memo::new(move |_| app.chat_estimate());
    let cover = Memo::new(move |_| signals.wallet.with(|wallet| wallet.covers(estimate.get())));
    let blank = Memo::new(move |_| signals.draft.with(|draft| draft.trim().is_empty()));
    let ready = Memo::new(move |_| signals.chat_form.with(|form| form.model().is_some()));
    let short = Memo::new(move |_| !blank.get() && matches!(cover.get(), Cover::Short { .. }));
    let refused = move || blank.get() || !ready.get() || short.get();
    let price =
        move || estimate.get().filter(|_| !blank.get()).map(|estimate| price_text(app.words(), estimate));
    // A reason is only due once there is something to send.
    let shown_cover = Memo::new(move |_| if short.get() { cover.get() } else { Cover::Unknown });
    focus_on_open(app, input);
    Effect::new(move || {
        signals.draft.with(|_| ());
        if let Some(input) = input.get() {
            fit_height(&input);
        }
    });
    let send = move || {
        if !refused() && !signals.busy.get_untracked() {
            app.send();
        }
    };
    view! {
        <form class="composer" part="composer"
            on:submit=move |event| {
                event.prevent_default();
                send();
            }
        >
            {shortfall(app, shown_cover, "chat-shortfall")}
            <div class="box">
                <textarea
                    class="input"
                    part="input"
                    rows="1"
                    aria-label=app.text(Text::Message)
                    dir="auto"
                    enterkeyhint="send"
                    placeholder=move || signals.placeholder.get()
                    prop:value=move || signals.draft.get()
                    node_ref=input
                    on:input=move |event| app.type_draft(event_target_value(&event))
                    on:keydown=move |event: KeyboardEvent| {
                        // Enter that ends the choice of a character is not a send.
                        if event.key() == "Enter" && !event.shift_key() && !event.is_composing() {
                            event.prevent_default();
                            send();
                        }
                    }
                ></textarea>
                <div class="row">
                    <Show when=move || !signals.messages.with(Vec::is_empty)>
                        <button type="button" class="icon" aria-label=app.text(Text::NewChat) title=app.text(Text::NewChat)
                            disabled=move || signals.busy.get()
                            on:click=move |_| app.clear_chat()
                        >{icon::plus()}</button>
                    </Show>
                    {model_select(signals.chat_form, app.text(Text::ChatModel))}
                    <span class="price" part="price" id="chat-price">{price}</span>
                    <Show
                        when=move || signals.busy.get()
                        fallback=move || view! {
                            <button type="submit" class="send" part="send" aria-label=app.text(Text::Send) disabled=refused
                                aria-describedby="chat-price chat-shortfall"
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

/// A docked widget that the user opened puts the cursor where the typing goes. An inline one never takes the focus.
fn focus_on_open(app: App, input: NodeRef<html::Textarea>) {
    let signals = app.signals;
    Effect::new(move |before: Option<bool>| {
        let open = signals.open.get() && signals.mode.get() == Mode::Launcher;
        if let (true, false, Some(input)) = (open, before.unwrap_or(false), input.get()) {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = input.focus_with_options(&options);
        }
        open
    });
}

/// Grows with the text up to the height that the style allows.
fn fit_height(input: &web_sys::HtmlTextAreaElement) {
    let style = web_sys::HtmlElement::style(input);
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", input.scroll_height()));
}

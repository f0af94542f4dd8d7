use leptos::prelude::*;

use crate::app::{App, Waiting};
use crate::locale::Text;
use crate::session::MessageId;

/// Says when a failed answer is asked for again by itself, and lets the user have it otherwise.
pub(super) fn waiting(app: App, id: MessageId) -> AnyView {
    let again = app.signals.again;
    let waits = Memo::new(move |_| again.get().is_some_and(|waiting| waiting.message == id));
    let told = move || match again.get() {
        Some(Waiting { seconds: Some(seconds), .. }) => {
            app.words().fill(Text::SendingAgain, &[&app.words().number(&seconds.to_string())])
        }
        _ => app.text(Text::SentWhenOnline).to_owned(),
    };
    view! {
        <Show when=move || waits.get()>
            <p class="again">
                <span role="timer">{told}</span>
                <button type="button" class="quiet" on:click=move |_| app.give_up()>{app.text(Text::Cancel)}</button>
            </p>
        </Show>
    }
    .into_any()
}

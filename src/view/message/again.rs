use super::super::dom::{View, button, el, when};
use crate::app::{App, Waiting};
use crate::locale::Text;
use crate::session::MessageId;

/// Says when a failed answer is asked for again by itself, and lets the user have it otherwise.
pub(super) fn waiting(app: App, id: MessageId) -> View {
    let again = app.signals.again;
    let told = move || match again.get() {
        Some(Waiting { seconds: Some(seconds), .. }) => {
            app.words().fill(Text::SendingAgain, &[&app.words().number(&seconds.to_string())])
        }
        _ => app.text(Text::SentWhenOnline).to_owned(),
    };
    when(
        move || again.get().is_some_and(|waiting| waiting.message == id),
        move || {
            let cancel = button("quiet").click(move || app.give_up()).text(app.text(Text::Cancel));
            el("p", "again").child(el("span", "").attr("role", "timer").text_of(told)).child(cancel)
        },
    )
}

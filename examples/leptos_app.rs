//! A Leptos application with the copilot in it. `cargo xtask test` builds it and opens it as `www/leptos.html`.

use leptos::mount::mount_to_body;
use leptos::prelude::*;
use triptych_copilot::config::{Config, Mode};
use triptych_copilot::copilot::Copilot;
use triptych_copilot::host::HostEvent;

fn main() {
    mount_to_body(App);
}

/// The application: its own heading, the copilot, and the balance as the copilot tells it.
#[component]
fn App() -> impl IntoView {
    let credits = RwSignal::new(None);
    let origin = window().location().origin().unwrap_or_default();
    let config = Config { token_url: Some("/demo/token".into()), mode: Mode::Inline, ..Config::new(origin) };
    let on_event = Callback::new(move |event| {
        if let HostEvent::Credits(balance) = event {
            credits.set(Some(balance.available));
        }
        true
    });
    view! {
        <main>
            <h1>"A Leptos application"</h1>
            <p id="balance">{move || credits.get().map(|credits| format!("{credits} credits"))}</p>
            <Copilot config on_event />
        </main>
    }
}

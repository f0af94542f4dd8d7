use leptos::prelude::*;

use super::icon;
use super::text::safe_link;
use crate::app::App;
use crate::credits::{Cover, balance_text, grouped};
use crate::locale::Text;

/// The balance: what can be spent and what running calls hold.
pub(super) fn status(app: App) -> impl IntoView {
    let (wallet, words) = (app.signals.wallet, app.words());
    let balance = Memo::new(move |_| wallet.with(|wallet| wallet.balance().cloned()));
    let exact = move || {
        balance.get().map(|balance| {
            let amounts = [balance.available, balance.held].map(|amount| grouped(words, amount));
            words.fill(Text::BalanceExact, &amounts.each_ref().map(String::as_str))
        })
    };
    view! {
        <div
            class="credits"
            part="credits"
            class:low=move || wallet.with(|wallet| wallet.is_low())
            hidden=move || wallet.with(|wallet| wallet.is_free())
            role="status"
            aria-label=words.get(Text::Credits)
            title=exact
        >
            {icon::coin()}
            {move || match balance.get() {
                None => view! { <span class="amount">"…"</span> }.into_any(),
                Some(balance) => {
                    let held = (balance.held.micro() != 0).then(|| {
                        let held = words.fill(Text::HeldNow, &[&grouped(words, balance.held.rounded_up())]);
                        view! { <span class="held">{held}</span> }
                    });
                    // What the gateway calls them may be a name; its usual word is no name.
                    let usual = balance.currency == "credits";
                    let unit = if usual { words.get(Text::CreditsUnit).to_owned() } else { balance.currency };
                    view! {
                        <span class="amount">{balance_text(words, balance.available)}</span>
                        <span class="unit">{unit}</span>
                        {held}
                    }
                        .into_any()
                }
            }}
        </div>
    }
}

/// Why a send is refused for want of credits, and the way to more.
pub(super) fn shortfall(app: App, cover: Memo<Cover>, id: &'static str) -> impl IntoView {
    move || {
        let Cover::Short { needed, available } = cover.get() else { return ().into_any() };
        let words = app.words();
        let amounts = [grouped(words, needed.rounded_up()), balance_text(words, available)];
        let reason = words.fill(Text::Shortfall, &amounts.each_ref().map(String::as_str));
        view! {
            <p class="shortfall" id=id role="note">
                <span>{reason}</span>
                {top_up(app, cover)}
            </p>
        }
        .into_any()
    }
}

fn top_up(app: App, cover: Memo<Cover>) -> AnyView {
    let url =
        app.signals.wallet.with(|wallet| wallet.balance().and_then(|balance| balance.top_up_url.clone()));
    match url.as_deref().and_then(safe_link) {
        Some(url) => view! {
            <a class="top-up" part="top-up" href=url target="_blank" rel="noopener"
                on:click=move |event| {
                    if !app.top_up(Some(cover.get_untracked())) {
                        event.prevent_default();
                    }
                }
            >{app.text(Text::TopUp)}</a>
        }
        .into_any(),
        None => view! {
            <button type="button" class="top-up quiet" part="top-up"
                on:click=move |_| {
                    app.top_up(Some(cover.get_untracked()));
                }
            >{app.text(Text::TopUp)}</button>
        }
        .into_any(),
    }
}

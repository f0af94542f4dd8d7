use web_sys::Event;

use super::dom::{View, button, dynamic, el, group, nothing};
use super::icon;
use super::text::safe_link;
use crate::app::App;
use crate::credits::{Cover, balance_text, grouped};
use crate::locale::Text;
use crate::reactive::Memo;

/// The balance: what can be spent and what running calls hold.
pub(super) fn status(app: App) -> View {
    let (wallet, words) = (app.signals.wallet, app.words());
    let balance = Memo::new(move || wallet.with(|wallet| wallet.balance().cloned()));
    let exact = move || {
        balance.get().map(|balance| {
            let amounts = [balance.available, balance.held].map(|amount| grouped(words, amount));
            words.fill(Text::BalanceExact, &amounts.each_ref().map(String::as_str))
        })
    };
    let amounts = move || {
        let Some(balance) = balance.get() else { return el("span", "amount").text("…").view() };
        let held = (balance.held.micro() != 0).then(|| {
            let held = words.fill(Text::HeldNow, &[&grouped(words, balance.held.rounded_up())]);
            el("span", "held").text(&held)
        });
        // What the gateway calls them may be a name; its usual word is no name.
        let usual = balance.currency == "credits";
        let unit = if usual { words.get(Text::CreditsUnit) } else { &balance.currency };
        group([
            el("span", "amount").text(&balance_text(words, balance.available)).view(),
            el("span", "unit").text(unit).view(),
            held.into(),
        ])
    };
    el("div", "credits")
        .attrs(&[("part", "credits"), ("role", "status"), ("aria-label", words.get(Text::Credits))])
        .class_of("low", move || wallet.with(|wallet| wallet.is_low()))
        .attr_of("hidden", move || wallet.with(|wallet| wallet.is_free()))
        .attr_of("title", exact)
        .child(icon::coin())
        .child(dynamic(amounts))
        .view()
}

/// Why a send is refused for want of credits, and the way to more.
pub(super) fn shortfall(app: App, cover: Memo<Cover>, id: &'static str) -> View {
    dynamic(move || {
        let Cover::Short { needed, available } = cover.get() else { return nothing() };
        let words = app.words();
        let amounts = [grouped(words, needed.rounded_up()), balance_text(words, available)];
        let reason = words.fill(Text::Shortfall, &amounts.each_ref().map(String::as_str));
        el("p", "shortfall")
            .attrs(&[("id", id), ("role", "note")])
            .child(el("span", "").text(&reason))
            .child(top_up(app, cover))
            .view()
    })
}

fn top_up(app: App, cover: Memo<Cover>) -> View {
    let url =
        app.signals.wallet.with(|wallet| wallet.balance().and_then(|balance| balance.top_up_url.clone()));
    let way = match url.as_deref().and_then(safe_link) {
        Some(url) => el("a", "top-up")
            .attrs(&[("href", &url), ("target", "_blank"), ("rel", "noopener")])
            .on("click", move |event: Event| {
                if !app.top_up(Some(cover.get_untracked())) {
                    event.prevent_default();
                }
            }),
        None => button("top-up quiet").click(move || {
            app.top_up(Some(cover.get_untracked()));
        }),
    };
    way.attr("part", "top-up").text(app.text(Text::TopUp)).view()
}

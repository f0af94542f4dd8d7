use std::rc::Rc;

use triptych_protocol::{Balance, Credits, TriptychExtra};

use super::{App, Core};
use crate::client::clock::Timer;
use crate::credits::{Cover, Wallet};
use crate::error::{Failure, FailureKind};
use crate::host::HostEvent;

impl App {
    /// The user wants more credits. True where the page leaves it to the widget to open the link.
    pub(crate) fn top_up(self, cover: Option<Cover>) -> bool {
        let Some(core) = self.core() else { return false };
        let wallet = self.signals.wallet.get_untracked();
        let (needed, available): (Option<Credits>, Option<Credits>) = match cover {
            Some(Cover::Short { needed, available }) => (Some(needed), Some(available)),
            _ => (None, wallet.balance().map(|balance| balance.available)),
        };
        let url = wallet.balance().and_then(|balance| balance.top_up_url.clone());
        core.tell(HostEvent::TopUp { url, needed, available })
    }

    /// Asks the server for the balance.
    pub(crate) fn refresh_credits(self) {
        if let Some(core) = self.core() {
            core.ask_balance();
        }
    }
}

/// How long after the last look a hold that nothing here will settle is looked at again, in milliseconds.
const HOLD_LOOKED_AT_AFTER: i32 = 5_000;

impl Core {
    /// A hold whose call is not followed here any more, such as that of an answer whose connection was lost, is
    /// settled by the server alone: it is looked at until it has gone.
    fn follow_hold(self: &Rc<Self>, held: Credits) {
        let followed =
            self.chat.borrow().is_busy() || self.images.borrow().is_busy() || self.jobs.borrow().is_busy();
        let timer = (held > Credits::ZERO && !followed).then(|| {
            let core = self.clone();
            Timer::new(HOLD_LOOKED_AT_AFTER, move || core.look_at_hold())
        });
        self.hold.replace(timer.flatten());
    }

    fn look_at_hold(self: &Rc<Self>) {
        // Nobody sees it while the page is hidden, and it is asked for when the page is shown again.
        if self.alive.get()
            && !web_sys::window().and_then(|window| window.document()).is_some_and(|d| d.hidden())
        {
            self.ask_balance();
        }
    }

    /// Takes the server's word where a call brought it, and asks for it otherwise.
    pub(super) fn settle(self: &Rc<Self>, extra: Option<TriptychExtra>) {
        match extra {
            Some(extra) => self.take_balance(extra.credits),
            None => self.ask_balance(),
        }
    }

    pub(super) fn ask_balance(self: &Rc<Self>) {
        // One question at a time; its answer is as new as the last event that wanted it, or asked for again.
        if self.signals.wallet.with_untracked(Wallet::is_free) || self.asking_balance.replace(true) {
            return;
        }
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let answer = core.client.balance().await;
            core.asking_balance.set(false);
            match answer {
                Ok(balance) if core.alive.get() => core.take_balance(balance),
                // Any server that speaks OpenAI's chat will do; only ours has credits.
                Err(failure) if core.alive.get() && failure.kind == FailureKind::Gone => {
                    core.signals.wallet.update(Wallet::free);
                }
                _ => {}
            }
        });
    }

    /// A refusal for want of credits carries the true balance.
    pub(super) fn correct_balance(&self, failure: &Failure) {
        self.signals.wallet.update(|wallet| {
            wallet.correct(failure);
        });
    }

    fn take_balance(self: &Rc<Self>, balance: Balance) {
        let mut changed = false;
        self.signals.wallet.update(|wallet| changed = wallet.set(balance.clone()));
        self.follow_hold(balance.held);
        if changed {
            self.tell(HostEvent::Credits(balance));
        }
    }
}

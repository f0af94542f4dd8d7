use triptych_protocol::Estimate;

use crate::app::App;
use crate::context::{Fill, fill};
use crate::locale::Text;
use crate::reactive::{Memo, watch};
use crate::view::dom::{El, el};

/// What is known of the next send: its price, and how full it makes the model's context.
#[derive(Clone, Copy)]
pub(super) struct Forecast {
    /// What it holds at most.
    pub(super) estimate: Memo<Option<Estimate>>,
    /// How full the context is, by the gateway's count.
    pub(super) fill: Memo<Option<Fill>>,
}

impl Forecast {
    pub(super) fn new(app: App) -> Self {
        let signals = app.signals;
        let local = Memo::new(move || app.chat_estimate());
        let model =
            Memo::new(move || signals.chat_form.with(|form| form.model().map(|model| model.id.clone())));
        // Bytes bound tokens from far above: only the gateway knows whether it is as full as it may be.
        let near = Memo::new(move || {
            let tokens = local.get().and_then(|estimate| estimate.prompt_tokens)?;
            signals.chat_form.with(|form| fill(form.model()?, tokens))
        });
        watch(move |_: Option<()>| {
            model.with(|_| ());
            if near.with(Option::is_some) {
                app.cargo();
                app.count_soon();
            } else {
                signals.desk.counted.set(None);
            }
        });
        let counted = signals.desk.counted;
        let exact = Memo::new(move || {
            let cargo = app.cargo();
            counted.with(|counted| {
                let ((of, what), estimate) = counted.as_ref()?;
                (model.with(|model| model.as_deref() == Some(of)) && *what == cargo).then_some(*estimate)
            })
        });
        let fill = Memo::new(move || {
            // The last count stands while somebody types on.
            let tokens = counted.with(|counted| {
                let ((of, _), estimate) = counted.as_ref()?;
                model.with(|model| model.as_deref() == Some(of)).then_some(estimate.prompt_tokens)?
            })?;
            signals.chat_form.with(|form| fill(form.model()?, tokens))
        });
        Forecast { estimate: Memo::new(move || exact.get().or(local.get())), fill }
    }
}

/// How full the context is.
pub(super) fn meter(app: App, fill: Fill) -> El {
    let percent = fill.percent.to_string();
    el("div", if fill.fits { "context" } else { "context bad" })
        .attr("part", "context")
        .child(el("span", "").text(&app.words().fill(Text::ContextFill, &[&percent])))
        .child(
            el("span", "gauge")
                .attrs(&[
                    ("role", "meter"),
                    ("aria-label", app.text(Text::Context)),
                    ("aria-valuemin", "0"),
                    ("aria-valuemax", "100"),
                    ("aria-valuenow", &percent),
                ])
                .child(el("progress", "").attrs(&[
                    ("aria-hidden", "true"),
                    ("max", "100"),
                    ("value", &percent),
                ])),
        )
}

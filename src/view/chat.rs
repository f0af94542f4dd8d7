use std::cell::Cell;
use std::rc::Rc;

use web_sys::{DragEvent, Event, MouseEvent};

use super::dom::{View, button, each, el, group, item, text_of, when};
use super::resize::on_resize;
use super::{composer, icon, message};
use crate::app::App;
use crate::locale::Text;
use crate::reactive::{RwSignal, watch};
use crate::session::MessageId;

/// How near to the end, in CSS pixels, counts as reading the end.
const NEAR: i32 = 48;

/// How many messages stand beside each other.
const STRETCH: usize = 16;

/// The conversation.
pub(super) fn panel(app: App) -> View {
    let signals = app.signals;
    let at_end = RwSignal::new(true);
    let empty = move || signals.messages.with(Vec::is_empty);
    watch(move |before: Option<usize>| {
        let count = signals.messages.with(Vec::len);
        if before.is_some_and(|before| count > before) {
            at_end.set(true);
        }
        count
    });
    let transcript = el("div", "transcript").attrs(&[
        ("data-region", ""),
        ("part", "transcript"),
        ("role", "log"),
        ("aria-label", app.text(Text::Conversation)),
        ("aria-live", "off"),
        ("tabindex", "0"),
    ]);
    let thread = el("div", "thread").class_of("busy", move || signals.busy.get());
    let seen = transcript.html();
    // The end as it was last shown. The browser moves back a little by itself where a line was taken back.
    let top = Rc::new(Cell::new(0));
    let to_end = {
        let (seen, top) = (seen.clone(), top.clone());
        move || {
            seen.set_scroll_top(seen.scroll_height());
            top.set(seen.scroll_top());
        }
    };
    // New words, and a composer that grows, keep the end in view only where the reader is at the end already.
    for element in [thread.html(), transcript.html()] {
        let to_end = to_end.clone();
        on_resize(&element, move |_| {
            if at_end.try_get_untracked() == Some(true) {
                to_end();
            }
        });
    }
    let thread = thread
        .on("click", move |event: MouseEvent| message::act(app, &event))
        .child(when(empty, move || nothing_said(app)))
        .child(messages(app));
    let transcript = transcript
        .on("dragenter", move |event: DragEvent| composer::drag_enters(app, &event))
        .on("scroll", move |_: Event| {
            let place = seen.scroll_top();
            let rest = seen.scroll_height() - place - seen.client_height();
            // Only a reader scrolls back. A window that has become smaller is followed in a moment.
            let back = place + NEAR < top.get();
            let now = rest < NEAR || (at_end.get_untracked() && !back);
            if rest < NEAR {
                top.set(place);
            }
            if at_end.get_untracked() != now {
                at_end.set(now);
            }
        })
        .child(thread);
    let way_back = when(
        move || !at_end.get() && !empty(),
        move || {
            let to_newest = button("to-end").attr("aria-label", app.text(Text::ToNewest));
            to_newest.click(to_end.clone()).child(icon::down())
        },
    );
    group([
        el("div", "scroll").child(transcript).view(),
        el("div", "foot").child(way_back).child(composer::composer(app)).view(),
        composer::drop_zone(app),
    ])
}

/// All messages, in stretches: where words come, the browser looks at all that stands beside their message.
fn messages(app: App) -> View {
    let signals = app.signals;
    // The same number is another message in another conversation.
    let key =
        move |number: u32| [signals.thread.get_untracked(), number].map(|part| part.to_string()).join(" ");
    each(move || {
        let count = signals.messages.with(Vec::len).div_ceil(STRETCH);
        let stretch = move |place: usize| {
            let messages = each(move || {
                let at = |messages: &Vec<MessageId>| {
                    messages.iter().skip(place * STRETCH).take(STRETCH).copied().collect::<Vec<_>>()
                };
                let messages = signals.messages.with(at).into_iter();
                messages.map(|id| item(key(id.0), move || message::message(app, id))).collect()
            });
            el("div", "stretch").child(messages)
        };
        (0..count).map(|place| item(key(place as u32), move || stretch(place))).collect()
    })
}

fn nothing_said(app: App) -> View {
    let signals = app.signals;
    let cost = move || match signals.wallet.with(|wallet| wallet.is_free()) {
        true => String::new(),
        false => [app.text(Text::CostHint), " "].concat(),
    };
    el("div", "empty")
        .child(el("span", "badge").child(icon::mark()))
        .child(el("p", "greeting").text_of(move || signals.greeting.get()))
        .child(el("p", "hint").child(text_of(cost)).text(app.text(Text::SendHint)))
        .child(suggestions(app))
        .view()
}

/// What the page offers to ask: the words go into the composer, and the user sends them.
fn suggestions(app: App) -> View {
    let suggestions = app.signals.desk.suggestions;
    when(
        move || suggestions.with(|all| !all.is_empty()),
        move || {
            let one = move |text: String| {
                let (said, key) = (text.clone(), text.clone());
                item(key, move || {
                    button("quiet")
                        .attrs(&[("part", "suggestion"), ("dir", "auto")])
                        .text(&text)
                        .click(move || app.fill_draft(said.clone()))
                })
            };
            el("div", "suggestions")
                .attr("part", "suggestions")
                .child(each(move || suggestions.get().into_iter().map(one).collect()))
        },
    )
}

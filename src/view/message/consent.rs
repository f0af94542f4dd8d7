//! Calls of tools: what is called with what, who decides on it, and what came of it.

use web_sys::HtmlElement;

use super::super::dom::{El, View, button, el, group, when};
use crate::app::{App, MessageState};
use crate::locale::Text;
use crate::reactive::ArcRwSignal;
use crate::session::MessageId;
use crate::thread::{CallState, Decision, ToolCall};

/// A call of an answer, by its place.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) state: ArcRwSignal<MessageState>,
    pub(super) place: usize,
}

impl Place {
    fn read<T: Default>(&self, part: fn(&ToolCall) -> T) -> T {
        self.state.with(|state| state.calls.get(self.place).map(part)).unwrap_or_default()
    }

    fn state(&self) -> CallState {
        self.read(|call| call.state)
    }
}

/// One call. What waits for a decision is open, with all that the model wants to hand over.
pub(super) fn call(app: App, id: MessageId, call: Place) -> El {
    let asks = {
        let call = call.clone();
        move || call.state().is_asked()
    };
    let title = {
        let call = call.clone();
        move || title(app, &call)
    };
    let summary = el("summary", "").attr("dir", "auto").text_of(title);
    // The button that was pressed goes; whoever pressed it by keyboard is still here.
    let after = summary.html();
    let choice = {
        let (call, after) = (call.clone(), after.clone());
        move || {
            let after = after.clone();
            question(app, &call, move |place, decision| {
                app.decide(id, place, decision);
                let _ = after.focus();
            })
        }
    };
    el("div", "call")
        .class_of("asks", asks.clone())
        .attr("part", "tool-call")
        .child(
            el("details", "folded")
                .attr_of("open", asks.clone())
                .child(summary)
                .child(text(app, &call, Text::ToolArguments, |call| call.arguments.clone()))
                .child(text(app, &call, Text::ToolResult, |call| call.result.clone().unwrap_or_default()))
                .child(trusted(app, &call, after.clone())),
        )
        .child(when(asks, choice))
}

/// Where all calls have ended and the model was not told, because the page went or the user has stopped.
pub(super) fn go_on(app: App, id: MessageId) -> View {
    when(
        move || {
            app.signals.messages.track();
            !app.signals.busy.get() && app.can_go_on(id)
        },
        move || {
            el("p", "").child(button("quiet").click(move || app.go_on(id)).text(app.text(Text::TellModel)))
        },
    )
}

fn question(app: App, call: &Place, decide: impl Fn(usize, Decision) + Clone + 'static) -> El {
    let (place, name) = (call.place, call.read(|call| call.name.clone()));
    let asked = {
        let (call, name) = (call.clone(), name.clone());
        move || {
            let asked = if call.state() == CallState::Lost { Text::ConsentLost } else { Text::ConsentAsk };
            app.words().fill(asked, &[&name])
        }
    };
    let about = move || {
        app.signals.desk.offered.track();
        app.about_tool(&name)
    };
    let told = about.clone();
    let about = when(
        move || !told().is_empty(),
        move || {
            let label = el("p", "label").text(app.text(Text::ToolAbout));
            group([label.view(), el("p", "about").attr("dir", "auto").text_of(about.clone()).view()])
        },
    );
    let choices = [
        ("quiet strong", Text::Allow, Decision::Allowed),
        ("quiet", Text::AllowAlways, Decision::Always),
        ("quiet", Text::DeclineCall, Decision::Declined),
    ];
    let choices = choices.map(|(class, text, decision)| {
        let decide = decide.clone();
        button(class)
            .attr_of("disabled", move || app.signals.desk.deciding.get())
            .click(move || decide(place, decision))
            .text(app.text(text))
            .view()
    });
    el("div", "consent")
        .attr("role", "group")
        .attr_of("aria-label", asked.clone())
        .child(el("p", "").attr("dir", "auto").text_of(asked))
        .child(about)
        .child(el("div", "choices").children(choices))
}

/// What was let through for the whole chat can be asked about again.
fn trusted(app: App, call: &Place, after: HtmlElement) -> View {
    let call = call.clone();
    let name = call.read(|call| call.name.clone());
    let of = name.clone();
    let holds = move || {
        app.signals.desk.offered.track();
        call.read(|call| call.decision == Some(Decision::Always)) && app.trusts_tool(&of)
    };
    when(holds, move || {
        let (name, after) = (name.clone(), after.clone());
        let ask = move || {
            app.ask_before(name.clone());
            let _ = after.focus();
        };
        el("p", "trusted")
            .child(el("span", "").text(app.text(Text::AllowAlways)))
            .child(button("quiet").click(ask).text(app.text(Text::AskAgain)))
    })
}

fn text(app: App, call: &Place, label: Text, part: fn(&ToolCall) -> String) -> View {
    let (call, any) = (call.clone(), call.clone());
    when(
        move || !any.read(part).is_empty(),
        move || {
            let call = call.clone();
            let label = el("p", "label").text(app.text(label));
            let text =
                el("pre", "").attrs(&[("tabindex", "0"), ("dir", "ltr")]).text_of(move || call.read(part));
            group([label.view(), text.view()])
        },
    )
}

fn title(app: App, call: &Place) -> String {
    let (name, state) = (call.read(|call| call.name.clone()), call.state());
    let remark = match state {
        CallState::Asked | CallState::Lost => return name,
        CallState::Foreign => return app.words().fill(Text::ToolCalled, &[&name]),
        CallState::Running => Text::ToolRuns,
        CallState::Done => Text::ToolDone,
        CallState::Failed => Text::ToolFailed,
        CallState::Declined => Text::ToolDeclined,
        CallState::Stopped => Text::Stopped,
    };
    [&app.words().fill(Text::ToolCalled, &[&name]), " – ", app.text(remark)].concat()
}

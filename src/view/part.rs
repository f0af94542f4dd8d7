//! Views that lie in a part of the widget, and what stands for one that is not there yet.

use reactive_graph::graph::untrack;

use super::composer::{self, Commands};
use super::dom::{View, button, dynamic, el};
use super::{image, message, settings, threads, video};
use crate::app::{App, MessageState};
use crate::error::{Failure, FailureKind};
use crate::locale::Text;
use crate::part::{Part, Place, entries};
use crate::reactive::ArcRwSignal;
use crate::session::MessageId;

/// The views of [`Part::Panels`].
pub(super) struct Panels {
    pub(super) images: fn(App) -> View,
    pub(super) clips: fn(App) -> View,
}

/// The views of [`Part::More`].
pub(super) struct More {
    pub(super) chats: fn(App) -> View,
    pub(super) settings: fn(App) -> View,
    pub(super) models: fn(App) -> View,
    pub(super) help: fn(App) -> View,
    pub(super) commands: fn(Commands) -> View,
    pub(super) shared: fn(App) -> View,
    pub(super) files: fn(App) -> View,
    pub(super) sent: fn(App, MessageId) -> View,
    pub(super) edit: fn(App, MessageId) -> View,
    pub(super) extras: fn(App, MessageId, ArcRwSignal<MessageState>) -> View,
}

static PANELS: Panels = Panels { images: image::panel, clips: video::panel };

static MORE: More = More {
    chats: threads::pane,
    settings: settings::menu,
    models: |app| composer::models(app).view(),
    help: |app| composer::help(app).view(),
    commands: |commands| composer::commands(commands).view(),
    shared: composer::shared,
    files: composer::files,
    sent: |app, id| composer::sent(app, app.attachments_of(id)),
    edit: message::edit,
    extras: message::extras,
};

entries! { panels: fn the_panels() -> Panels = PANELS }
entries! { more: fn the_rest() -> More = MORE }

/// A view of [`Part::Panels`], once that is there, and another try where it could not be fetched.
pub(super) fn panels(app: App, build: impl Fn(&Panels) -> View + 'static) -> View {
    boxed(app, Part::Panels, Box::new(move || the_panels().map(&build).into()))
}

/// A view of [`Part::More`], likewise.
pub(super) fn more(app: App, build: impl Fn(&More) -> View + 'static) -> View {
    boxed(app, Part::More, Box::new(move || the_rest().map(&build).into()))
}

fn boxed(app: App, part: Part, build: Box<dyn Fn() -> View>) -> View {
    app.fetch(part);
    dynamic(move || match app.place(part) {
        Place::Here => untrack(&build),
        Place::Missing => missing(app, part),
        Place::Away | Place::Coming if part == Part::Panels => waiting(),
        Place::Away | Place::Coming => instead(waiting()),
    })
}

/// What stands for words that are to come.
pub(super) fn waiting() -> View {
    el("div", "thinking").children([(); 3].map(|()| el("span", "").view())).view()
}

fn missing(app: App, part: Part) -> View {
    let failure = Failure::ours(FailureKind::Network, Text::FailedNetwork);
    let notice = el("div", "notice bad")
        .attr("role", "alert")
        .child(el("p", "").text(&app.words().failure(&failure)))
        .child(button("quiet").text(app.text(Text::TryAgain)).click(move || app.fetch(part)));
    instead(notice.view())
}

/// What it stands in may be made to be as high as a list.
fn instead(view: View) -> View {
    el("div", "missing").child(view).view()
}

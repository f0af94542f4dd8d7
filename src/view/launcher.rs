use std::cell::RefCell;
use std::rc::Rc;

use web_sys::HtmlElement;

use super::dom::{View, button, dynamic, truth, when};
use super::icon;
use crate::app::App;
use crate::config::Mode;
use crate::locale::Text;
use crate::reactive::watch;

/// The button that opens a docked widget. It gets the focus back when the widget is closed.
pub(super) fn launcher(app: App) -> View {
    let signals = app.signals;
    let place = Rc::new(RefCell::new(None::<HtmlElement>));
    let opener = place.clone();
    watch(move |was_open: Option<bool>| {
        let open = signals.open.get();
        if let (Some(true), false, Some(button)) = (was_open, open, &*opener.borrow()) {
            // Without the scroll that a focus brings: nothing moves the page.
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = button.focus_with_options(&options);
        }
        open
    });
    when(
        move || signals.mode.get() == Mode::Launcher,
        move || {
            let launcher = button("launcher")
                .attr("part", "launcher")
                .attr_of("aria-expanded", move || truth(signals.open.get()))
                .attr_of("aria-label", move || {
                    let text = if signals.open.get() { Text::CloseNamed } else { Text::OpenNamed };
                    app.words().fill(text, &[&signals.heading.get()])
                })
                .click(move || app.set_open(!signals.open.get_untracked()))
                .child(dynamic(move || if signals.open.get() { icon::down() } else { icon::mark() }));
            place.replace(Some(launcher.html()));
            launcher
        },
    )
}

use super::super::dom::{View, dynamic, el};
use crate::app::App;
use crate::locale::Text;

/// What the page shares with the model, for the user to see.
pub(in crate::view) fn shared(app: App) -> View {
    dynamic(move || {
        app.signals.desk.shared.get().map(|shared| {
            let name = match shared.title.as_str() {
                "" => app.text(Text::SharedByPage).to_owned(),
                title => app.words().fill(Text::SharedNamed, &[title]),
            };
            el("details", "folded shared")
                .attr("part", "shared")
                .child(el("summary", "").attr("dir", "auto").text(&name))
                .child(el("pre", "").attrs(&[("tabindex", "0"), ("dir", "auto")]).text(&shared.text))
        })
    })
}

use super::dom::{View, each, el, group, item, when};
use super::send::{Maker, maker};
use super::{icon, job};
use crate::app::App;
use crate::config::Panel;
use crate::locale::Text;

/// Clips from words, and the jobs that make them.
pub(super) fn panel(app: App) -> View {
    let signals = app.signals;
    let form = Maker {
        panel: Panel::Video,
        form: signals.video_form,
        prompt: signals.video_prompt,
        model_label: Text::VideoModel,
        prompt_label: Text::DescribeClip,
        placeholder: Text::ClipExample,
        button: Text::GenerateVideo,
        id: "video-shortfall",
        make: App::film,
    };
    let results = el("div", "results")
        .attrs(&[("part", "results"), ("data-region", "")])
        .child(when(
            move || signals.jobs.with(Vec::is_empty),
            move || {
                el("div", "empty small")
                    .child(el("span", "badge").child(icon::film()))
                    .child(el("p", "hint").text(app.text(Text::NoClips)))
            },
        ))
        .child(each(move || {
            signals
                .jobs
                .get()
                .into_iter()
                .map(|id| item(id.0.to_string(), move || job::job(app, id)))
                .collect()
        }));
    group([maker(app, form), results.view()])
}

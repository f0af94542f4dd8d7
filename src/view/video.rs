use super::dom::{View, group};
use super::results::{Nothing, results};
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
    let nothing = Nothing { icon: icon::film, hint: Text::NoClips };
    let results = results(app, signals.jobs, |id| id.0.to_string(), job::job, nothing);
    group([maker(app, form), results])
}

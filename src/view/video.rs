use leptos::prelude::*;

use super::send::{Maker, maker};
use super::{icon, job};
use crate::app::App;
use crate::config::Panel;
use crate::locale::Text;

/// Clips from words, and the jobs that make them.
pub(super) fn panel(app: App) -> impl IntoView {
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
    view! {
        {maker(app, form)}
        <div class="results" part="results" data-region="">
            <Show when=move || signals.jobs.with(Vec::is_empty)>
                <div class="empty small"><span class="badge">{icon::film()}</span><p class="hint">{app.text(Text::NoClips)}</p></div>
            </Show>
            <For each=move || signals.jobs.get() key=|id| *id let:id>
                {job::job(app, id)}
            </For>
        </div>
    }
}

use leptos::prelude::*;

use super::send::{Maker, maker};
use super::{icon, job};
use crate::app::App;

/// Clips from words, and the jobs that make them.
pub(super) fn panel(app: App) -> impl IntoView {
    let signals = app.signals;
    let form = Maker {
        form: signals.video_form,
        prompt: signals.video_prompt,
        model_label: "Video model",
        prompt_label: "Describe the clip",
        placeholder: "A paper boat drifts down a rainy street, slow dolly shot",
        button: "Generate video",
        id: "video-shortfall",
        make: App::film,
    };
    view! {
        {maker(app, form)}
        <div class="results" part="results">
            <Show when=move || signals.jobs.with(Vec::is_empty)>
                <div class="empty small"><span class="badge">{icon::film()}</span><p class="hint">"Your clips appear here. They go on while the page is closed."</p></div>
            </Show>
            <For each=move || signals.jobs.get() key=|id| *id let:id>
                {job::job(app, id)}
            </For>
        </div>
    }
}

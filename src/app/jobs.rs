use std::rc::Rc;

use triptych_protocol::wire::from_json;
use triptych_protocol::{Estimate, VideoRequest, VideoStatus};

use super::{App, Core};
use crate::client::{clock, unique_key};
use crate::host::HostEvent;
use crate::jobs::{Effect, Input, Job, JobId};
use crate::locale::Text;
use crate::part::{Part, entries};
use crate::reactive::ArcRwSignal;

/// How long after a call was sent its hold is looked for, in milliseconds.
const HOLD_SHOWS_AFTER: i32 = 250;

/// What is called of it from outside of its part.
struct Calls {
    restore: fn(&Rc<Core>, Option<String>),
    wake: fn(&Rc<Core>, bool),
}

static CALLS: Calls = Calls {
    restore: |core, kept| {
        core.job(Input::Restore(kept.and_then(|kept| from_json(&kept)).unwrap_or_default()));
    },
    wake: |core, awake| core.job(Input::Awake(awake)),
};

entries! { panels: fn calls() -> Calls = CALLS }

impl App {
    /// The user wants the clip that the form describes.
    pub(crate) fn film(self, estimate: Option<Estimate>) {
        let form = self.signals.video_form.get_untracked();
        let prompt = self.signals.video_prompt.get_untracked().trim().to_owned();
        let (Some(model), false) = (form.model(), prompt.is_empty()) else { return };
        let request = VideoRequest {
            model: model.id.clone(),
            prompt,
            duration: form.number("duration"),
            resolution: form.value("resolution").map(String::from),
            aspect_ratio: form.value("aspect_ratio").map(String::from),
            ..VideoRequest::default()
        };
        self.job(Input::Create { request, estimate, key: unique_key() });
    }

    /// The user wants a refused job once more.
    pub(crate) fn retry_job(self, id: JobId) {
        self.job(Input::Retry { id, key: unique_key() });
    }

    /// The user takes a queued job back.
    pub(crate) fn cancel_job(self, id: JobId) {
        self.job(Input::Cancel(id));
    }

    /// The user takes an ended job off the panel.
    pub(crate) fn remove_job(self, id: JobId) {
        self.job(Input::Remove(id));
    }

    /// What the view of a job reads.
    pub(crate) fn job_view(self, id: JobId) -> Option<ArcRwSignal<Job>> {
        self.core()?.job_views.borrow().get(id).cloned()
    }

    fn job(self, input: Input) {
        if let Some(core) = self.core() {
            core.job(input);
        }
    }
}

impl Core {
    /// Brings back what waited for an answer when the page went, as `kept` says, and asks what the server has.
    pub(super) fn restore_jobs(self: &Rc<Self>, kept: Option<String>) {
        self.within(Part::Panels, move |core| {
            if let Some(calls) = calls() {
                (calls.restore)(core, kept);
            }
        });
    }

    /// Tells the jobs whether anybody looks and the network is there, for as long as there is anybody to be told.
    pub(super) fn wake_jobs(self: &Rc<Self>, awake: bool) {
        if self.has(Part::Panels)
            && let Some(calls) = calls()
        {
            (calls.wake)(self, awake);
        }
    }

    fn job(self: &Rc<Self>, input: Input) {
        if !self.alive.get() {
            return;
        }
        let effects = self.jobs.borrow_mut().handle(input, clock::now());
        for effect in effects {
            self.run_job(effect);
        }
        self.keep_time();
    }

    fn run_job(self: &Rc<Self>, effect: Effect) {
        let core = self.clone();
        match effect {
            Effect::Create { id, request, key } => {
                self.announce(self.text(Text::SaidClipBegun));
                wasm_bindgen_futures::spawn_local(async move {
                    let input = match core.client.create_video(&request, &key).await {
                        Ok(told) => {
                            Input::Told { id, video: Box::new(told.body), retry_after: told.retry_after }
                        }
                        Err(failure) => Input::CreateFailed { id, failure },
                    };
                    core.job(input);
                });
            }
            Effect::Poll { id, video } => wasm_bindgen_futures::spawn_local(async move {
                let input = match core.client.video(&video).await {
                    Ok(told) => Input::Told { id, video: Box::new(told.body), retry_after: told.retry_after },
                    Err(failure) => Input::PollFailed { id, failure },
                };
                core.job(input);
            }),
            Effect::List => wasm_bindgen_futures::spawn_local(async move {
                if let Ok(videos) = core.client.videos().await {
                    core.job(Input::Listed(videos));
                }
            }),
            Effect::Cancel { id, video } => wasm_bindgen_futures::spawn_local(async move {
                let input = match core.client.cancel_video(&video).await {
                    Ok(told) => Input::Told { id, video: Box::new(told.body), retry_after: None },
                    Err(failure) => Input::CancelFailed { id, failure },
                };
                core.job(input);
            }),
            Effect::Delete { id, video } => wasm_bindgen_futures::spawn_local(async move {
                let input = match core.client.delete_video(&video).await {
                    Ok(()) => Input::Removed(id),
                    Err(failure) => Input::CancelFailed { id, failure },
                };
                core.job(input);
            }),
            Effect::Keep(pending) => {
                if let Some(shelf) = &*self.shelf.borrow() {
                    shelf.set_value("pending", &pending);
                }
            }
            Effect::Wake(at) => {
                let timer = at.and_then(|at| {
                    // Never before the time, or the machine would be asked in vain and the timer be set for nothing.
                    clock::Timer::new((at - clock::now()).max(0.0).ceil() as i32 + 1, move || {
                        core.job(Input::Tick)
                    })
                });
                self.wake.replace(timer);
            }
            Effect::ListChanged => self.list_jobs(),
            Effect::JobChanged(id) => self.show_job(id),
            Effect::Ended(id) => self.job_ended(id),
            Effect::Reported(failure) => {
                self.correct_balance(&failure);
                self.announce(self.words().failure(&failure));
                self.report(&failure);
            }
            Effect::Balance => self.ask_balance(),
        }
    }

    /// Looks at the balance once a call that was just sent has been taken.
    pub(super) fn ask_balance_soon(self: &Rc<Self>) {
        let core = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            clock::sleep(HOLD_SHOWS_AFTER).await;
            if core.alive.get() {
                core.ask_balance();
            }
        });
    }

    fn list_jobs(&self) {
        let jobs = self.jobs.borrow();
        let mut views = self.job_views.borrow_mut();
        views.retain(|id| jobs.job(id).is_some());
        for job in jobs.jobs() {
            if views.get(job.id).is_none() {
                views.insert(job.id, ArcRwSignal::new(job.clone()));
            }
        }
        let ids: Vec<JobId> = jobs.jobs().iter().map(|job| job.id).collect();
        drop((jobs, views));
        for id in &ids {
            self.show_job(*id);
        }
        if self.signals.jobs.get_untracked() != ids {
            self.signals.jobs.set(ids);
        }
    }

    fn show_job(&self, id: JobId) {
        let job = self.jobs.borrow().job(id).cloned();
        let view = self.job_views.borrow().get(id).cloned();
        if let (Some(job), Some(view)) = (job, view)
            && view.get_untracked() != job
        {
            view.set(job);
        }
    }

    fn job_ended(&self, id: JobId) {
        let video = self.jobs.borrow().job(id).and_then(|job| job.video.clone());
        let Some(video) = video else { return };
        match (video.status, video.url) {
            (VideoStatus::Completed, url) => {
                self.announce(self.text(Text::SaidClipReady));
                if let Some(url) = url {
                    self.tell(HostEvent::Asset { kind: "video", url, id: video.id });
                }
            }
            (VideoStatus::Cancelled, _) => self.announce(self.text(Text::SaidClipCancelled)),
            _ => self.announce(self.text(Text::SaidClipFailed)),
        }
    }

    /// Moves the clock of the views once a second while a job runs, and not at all otherwise.
    fn keep_time(self: &Rc<Self>) {
        let busy = self.jobs.borrow().is_busy();
        if !busy {
            self.tick.take();
        } else if self.tick.borrow().is_none() {
            let core = self.clone();
            let timer = clock::Timer::new(1_000, move || {
                let fired = core.tick.take();
                core.signals.now.set(clock::now());
                core.keep_time();
                // Dropped last: it owns the closure that is running.
                drop(fired);
            });
            self.tick.replace(timer);
        }
    }
}

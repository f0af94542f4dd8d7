use std::rc::Rc;

use triptych_protocol::{Estimate, ImageRequest};

use super::{App, Core};
use crate::client::unique_key;
use crate::host::HostEvent;
use crate::images::{Effect, Input, PictureId, PictureSet, PictureStatus};
use crate::locale::Text;
use crate::reactive::ArcRwSignal;

impl App {
    /// The user wants the pictures that the form describes.
    pub(crate) fn draw(self, estimate: Option<Estimate>) {
        let form = self.signals.image_form.get_untracked();
        let prompt = self.signals.image_prompt.get_untracked().trim().to_owned();
        let (Some(model), false) = (form.model(), prompt.is_empty()) else { return };
        let request = ImageRequest {
            model: model.id.clone(),
            prompt,
            n: form.number("n"),
            size: form.value("size").map(String::from),
            quality: form.value("quality").map(String::from),
            response_format: Some("url".into()),
            ..ImageRequest::default()
        };
        self.image(Input::Generate { request, estimate, key: unique_key() });
    }

    /// The user wants failed pictures once more.
    pub(crate) fn redraw(self, id: PictureId) {
        self.image(Input::Retry { id, key: unique_key() });
    }

    /// The user takes pictures off the panel.
    pub(crate) fn remove_pictures(self, id: PictureId) {
        self.image(Input::Remove(id));
    }

    /// What the view of a set reads.
    pub(crate) fn picture_set(self, id: PictureId) -> Option<ArcRwSignal<PictureSet>> {
        self.core()?.pictures.borrow().get(id).cloned()
    }

    fn image(self, input: Input) {
        if let Some(core) = self.core() {
            core.image(input);
        }
    }
}

impl Core {
    fn image(self: &Rc<Self>, input: Input) {
        if !self.alive.get() {
            return;
        }
        let effects = self.images.borrow_mut().handle(input);
        for effect in effects {
            self.run_image(effect);
        }
    }

    fn run_image(self: &Rc<Self>, effect: Effect) {
        match effect {
            Effect::Start { id, request, key } => {
                self.announce(self.text(Text::SaidPictureBegun));
                let core = self.clone();
                wasm_bindgen_futures::spawn_local(async move {
                    let input = match core.client.draw(&request, &key).await {
                        Ok(response) => Input::Done { id, response },
                        Err(failure) => Input::Failed { id, failure },
                    };
                    core.image(input);
                });
                // The hold shows as soon as the server has taken it.
                self.ask_balance_soon();
            }
            Effect::Changed => self.list_pictures(),
            Effect::Ready(id) => self.pictures_ready(id),
            Effect::Reported(failure) => {
                self.correct_balance(&failure);
                self.announce(self.words().fill(Text::SaidPictureFailed, &[&self.words().failure(&failure)]));
                self.report(&failure);
            }
            Effect::Balance(extra) => self.settle(extra),
        }
    }

    fn list_pictures(&self) {
        let images = self.images.borrow();
        let mut views = self.pictures.borrow_mut();
        views.retain(|id| images.set(id).is_some());
        let mut changed = Vec::new();
        for set in images.sets() {
            match views.get(set.id) {
                Some(view) => changed.push((view.clone(), set.clone())),
                None => {
                    views.insert(set.id, ArcRwSignal::new(set.clone()));
                }
            }
        }
        let ids: Vec<PictureId> = images.sets().iter().map(|set| set.id).collect();
        drop((images, views));
        for (view, set) in changed {
            if view.get_untracked() != set {
                view.set(set);
            }
        }
        if self.signals.pictures.get_untracked() != ids {
            self.signals.pictures.set(ids);
        }
    }

    fn pictures_ready(&self, id: PictureId) {
        let images = self.images.borrow();
        let Some(set) = images.set(id) else { return };
        let PictureStatus::Ready(pictures) = &set.status else { return };
        let links: Vec<_> =
            pictures.iter().filter_map(|picture| picture.url.clone().zip(picture.asset.clone())).collect();
        let count = pictures.len();
        drop(images);
        self.announce(self.words().plural(Text::SaidPicturesReady, &count.to_string()));
        for (url, id) in links {
            self.tell(HostEvent::Asset { kind: "image", url, id });
        }
    }
}

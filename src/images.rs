//! The image panel as a state machine.

use triptych_protocol::{Estimate, ImageData, ImageRequest, ImageResponse, Receipt};

use crate::error::{Failure, FailureKind};

/// Names a set of pictures for as long as the panel lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PictureId(pub u32);

/// What one click on the button led to.
#[derive(Clone, Debug, PartialEq)]
pub struct PictureSet {
    /// Its name.
    pub id: PictureId,
    /// What was asked for.
    pub request: ImageRequest,
    /// What the button said.
    pub estimate: Option<Estimate>,
    /// Where it stands.
    pub status: PictureStatus,
    /// What it cost.
    pub receipt: Option<Receipt>,
    key: String,
}

/// Where a set of pictures stands.
#[derive(Clone, Debug, PartialEq)]
pub enum PictureStatus {
    /// Being drawn.
    Drawing,
    /// Ready.
    Ready(Vec<ImageData>),
    /// There are none.
    Failed(Failure),
}

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The user wants pictures. `key` is fresh.
    Generate {
        /// The body.
        request: ImageRequest,
        /// What the button said.
        estimate: Option<Estimate>,
        /// The idempotency key.
        key: String,
    },
    /// The user wants a failed set once more.
    Retry {
        /// Which.
        id: PictureId,
        /// A fresh key, used unless the old one is safer.
        key: String,
    },
    /// They are there.
    Done {
        /// Which.
        id: PictureId,
        /// The answer.
        response: ImageResponse,
    },
    /// There will be none.
    Failed {
        /// Which.
        id: PictureId,
        /// Why.
        failure: Failure,
    },
    /// The user takes the set off the panel.
    Remove(PictureId),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Call the model.
    Start {
        /// For which set.
        id: PictureId,
        /// The body.
        request: ImageRequest,
        /// The idempotency key.
        key: String,
    },
    /// The list or one of its sets has changed.
    Changed,
    /// Pictures are ready.
    Ready(PictureId),
    /// The call failed.
    Reported(Failure),
    /// The balance may have changed; the server's word on it, where it gave one.
    Balance(Option<triptych_protocol::TriptychExtra>),
}

/// Everything that was drawn since the page was loaded, newest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    sets: Vec<PictureSet>,
    next: u32,
}

impl Images {
    /// The sets, newest first.
    pub fn sets(&self) -> &[PictureSet] {
        &self.sets
    }

    /// A set by its name.
    pub fn set(&self, id: PictureId) -> Option<&PictureSet> {
        self.sets.iter().find(|set| set.id == id)
    }

    /// True while pictures are waited for.
    pub fn is_busy(&self) -> bool {
        self.sets.iter().any(|set| set.status == PictureStatus::Drawing)
    }

    /// Takes in what happened.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Generate { request, estimate, key } => {
                let id = PictureId(self.next);
                self.next += 1;
                let effect = Effect::Start { id, request: request.clone(), key: key.clone() };
                let status = PictureStatus::Drawing;
                self.sets.insert(0, PictureSet { id, request, estimate, status, receipt: None, key });
                vec![Effect::Changed, effect]
            }
            Input::Retry { id, key } => {
                let Some(set) = self.find(id) else { return Vec::new() };
                let PictureStatus::Failed(failure) = &set.status else { return Vec::new() };
                // Where nothing came back the same key makes sure that the pictures are paid for once.
                if failure.kind != FailureKind::Network {
                    set.key = key;
                }
                set.status = PictureStatus::Drawing;
                vec![
                    Effect::Changed,
                    Effect::Start { id, request: set.request.clone(), key: set.key.clone() },
                ]
            }
            Input::Done { id, response } => {
                let Some(set) = self.find(id) else { return vec![Effect::Balance(response.triptych)] };
                set.status = PictureStatus::Ready(response.data);
                set.receipt = response.triptych.as_ref().map(|extra| extra.cost);
                vec![Effect::Changed, Effect::Ready(id), Effect::Balance(response.triptych)]
            }
            Input::Failed { id, failure } => {
                if let Some(set) = self.find(id) {
                    set.status = PictureStatus::Failed(failure.clone());
                }
                vec![Effect::Changed, Effect::Reported(failure), Effect::Balance(None)]
            }
            Input::Remove(id) => {
                self.sets.retain(|set| set.id != id || set.status == PictureStatus::Drawing);
                vec![Effect::Changed]
            }
        }
    }

    fn find(&mut self, id: PictureId) -> Option<&mut PictureSet> {
        self.sets.iter_mut().find(|set| set.id == id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> ImageRequest {
        ImageRequest { model: "m".into(), prompt: "a fox".into(), n: Some(1), ..ImageRequest::default() }
    }

    fn keys(effects: &[Effect]) -> Vec<&str> {
        let starts = effects.iter().filter_map(|effect| match effect {
            Effect::Start { key, .. } => Some(key.as_str()),
            _ => None,
        });
        starts.collect()
    }

    fn failed(kind: FailureKind) -> (Images, PictureId) {
        let mut images = Images::default();
        images.handle(Input::Generate { request: request(), estimate: None, key: "old".into() });
        let id = images.sets()[0].id;
        images.handle(Input::Failed { id, failure: Failure::new(kind, "no") });
        (images, id)
    }

    #[test]
    fn a_failed_set_can_be_tried_again_and_is_paid_for_once() {
        let (mut images, id) = failed(FailureKind::Network);
        assert_eq!(keys(&images.handle(Input::Retry { id, key: "new".into() })), ["old"]);
        let (mut images, id) = failed(FailureKind::Server);
        assert_eq!(keys(&images.handle(Input::Retry { id, key: "new".into() })), ["new"]);
        assert_eq!(images.handle(Input::Retry { id, key: "newer".into() }), [], "it is being drawn already");
    }

    #[test]
    fn pictures_that_are_being_drawn_cannot_be_taken_off() {
        let mut images = Images::default();
        images.handle(Input::Generate { request: request(), estimate: None, key: "k".into() });
        images.handle(Input::Remove(PictureId(0)));
        assert_eq!(images.sets().len(), 1);
    }
}

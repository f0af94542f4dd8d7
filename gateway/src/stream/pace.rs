use std::time::Instant;

use metrics::{Histogram, histogram};

/// Times a streamed answer: to its first piece, and from piece to piece.
pub(super) struct Pace {
    asked: Instant,
    last: Option<Instant>,
    first: Histogram,
    between: Histogram,
}

impl Pace {
    /// Starts the clock.
    pub(super) fn start(model: &str) -> Self {
        let model = model.to_owned();
        Pace {
            asked: Instant::now(),
            last: None,
            first: histogram!("triptych_stream_first_token_seconds", "model" => model.clone()),
            between: histogram!("triptych_stream_token_gap_seconds", "model" => model),
        }
    }

    /// A piece of the answer came.
    pub(super) fn piece(&mut self) {
        let now = Instant::now();
        match self.last.replace(now) {
            None => self.first.record(now - self.asked),
            Some(last) => self.between.record(now - last),
        }
    }
}

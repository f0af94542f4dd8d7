use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Sleep;

/// A request's body that must have arrived whole after a time. A client that trickles it holds memory and a place.
pub(super) struct Timed {
    body: Incoming,
    /// Starts with the first look at the body.
    end: Option<Pin<Box<Sleep>>>,
    time: Duration,
}

/// It did not arrive in time.
#[derive(Debug, thiserror::Error)]
#[error("the body did not arrive in time")]
struct Late;

impl Timed {
    pub(super) fn new(body: Incoming, time: Duration) -> Self {
        Timed { body, end: None, time }
    }
}

impl Body for Timed {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let Timed { body, end, time } = self.get_mut();
        match Pin::new(body).poll_frame(cx) {
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => {
                let end = end.get_or_insert_with(|| Box::pin(tokio::time::sleep(*time)));
                end.as_mut().poll(cx).map(|()| Some(Err(Late.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

use std::time::Duration;

use bytes::Bytes;

use super::StreamLog;

/// A place in a stream: so many events, and so many bytes, come before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    pub(in crate::stream) events: u64,
    pub(in crate::stream) bytes: u64,
}

/// Why a stream cannot be read from behind an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// It is no event of this stream.
    Foreign,
    /// What follows it is no longer kept.
    Gone,
}

/// What there is to read.
pub(in crate::stream) enum Part {
    /// Whole events.
    Events(Bytes),
    /// What comes next is no longer kept.
    Gone,
    /// Nothing yet.
    Nothing,
    /// Nothing any more.
    End,
}

impl StreamLog {
    /// Where the kept events begin.
    pub(crate) fn start(&self) -> Place {
        let events = self.events();
        Place { events: events.dropped, bytes: events.dropped_bytes }
    }

    /// The place behind the event that `Last-Event-ID` names.
    ///
    /// # Errors
    /// Where the event is none of this stream, or what follows is no longer kept.
    pub(crate) fn place(&self, last_event_id: &str) -> Result<Place, NoPlace> {
        let (epoch, number) = last_event_id.trim().rsplit_once('.').ok_or(NoPlace::Foreign)?;
        let number: u64 = number.parse().map_err(|_| NoPlace::Foreign)?;
        let events = self.events();
        if epoch != &*self.epoch || number > events.last() {
            return Err(NoPlace::Foreign);
        }
        let skip = number.checked_sub(events.dropped).ok_or(NoPlace::Gone)?;
        let skip = events.lengths.iter().take(skip as usize).map(|length| u64::from(*length));
        Ok(Place { events: number, bytes: events.dropped_bytes + skip.sum::<u64>() })
    }

    /// Waits for an event of this stream to become known, or for the end of the stream.
    pub(in crate::stream) async fn wait_for(&self, last_event_id: &str, most: Duration) {
        let number = last_event_id.trim().rsplit_once('.').and_then(|(epoch, number)| {
            let number: u64 = number.parse().ok()?;
            (epoch == &*self.epoch).then_some(number)
        });
        if let Some(number) = number {
            let known =
                self.until(&self.grown, |events| events.last() >= number || events.ended_at.is_some());
            tokio::time::timeout(most, known).await.ok();
        }
    }

    /// What follows a place, about `most` bytes at once, and the place behind it.
    pub(in crate::stream) fn read(&self, place: &mut Place, most: usize) -> Part {
        let events = self.events();
        if place.events < events.dropped {
            return Part::Gone;
        }
        let from = place.bytes.saturating_sub(events.dropped_bytes) as usize;
        let (mut length, mut number) = (0, 0);
        for event in
            events.lengths.range(((place.events - events.dropped) as usize).min(events.lengths.len())..)
        {
            if number > 0 && length + *event as usize > most {
                break;
            }
            length += *event as usize;
            number += 1;
        }
        match events.text.get(from..from + length) {
            Some(text) if number > 0 => {
                let text = Bytes::copy_from_slice(text);
                *place = Place { events: place.events + number, bytes: place.bytes + length as u64 };
                Part::Events(text)
            }
            _ if events.ended_at.is_some() => Part::End,
            _ => Part::Nothing,
        }
    }
}

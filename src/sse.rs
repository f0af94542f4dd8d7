//! Server-sent events from chunks of bytes, by the rules of the HTML standard (section 9.2.6).

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The `id` in force when the event was sent; empty where none was given.
    pub id: String,
    /// The data lines, joined by line feeds.
    pub data: String,
}

/// Reads events from chunks that may end anywhere, even within a character.
#[derive(Debug, Default)]
pub struct Decoder {
    line: Vec<u8>,
    id: String,
    data: Option<String>,
    after_cr: bool,
    started: bool,
}

impl Decoder {
    /// A decoder at the start of a stream.
    pub fn new() -> Self {
        Decoder::default()
    }

    /// The events that are complete with this chunk.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for &byte in chunk {
            let line_feed_of_crlf = std::mem::take(&mut self.after_cr) && byte == b'\n';
            match byte {
                b'\n' if line_feed_of_crlf => {}
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    self.end_line(&mut events);
                }
                _ => self.line.push(byte),
            }
        }
        events
    }

    fn end_line(&mut self, events: &mut Vec<Event>) {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let line = if std::mem::replace(&mut self.started, true) {
            &text
        } else {
            text.trim_start_matches('\u{feff}')
        };
        if line.is_empty() {
            if let Some(data) = self.data.take() {
                events.push(Event { id: self.id.clone(), data });
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "id" if !value.contains('\0') => value.clone_into(&mut self.id),
            // Comments (an empty field), `event` and `retry` carry nothing that chat completions use.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn all(text: &str) -> Vec<Event> {
        Decoder::new().push(text.as_bytes())
    }

    fn data(text: &str) -> Vec<String> {
        all(text).into_iter().map(|event| event.data).collect()
    }

    #[test]
    fn every_kind_of_line_end_ends_a_line() {
        for text in ["data: a\n\ndata: b\n\n", "data: a\r\n\r\ndata: b\r\n\r\n", "data: a\r\rdata: b\r\r"] {
            assert_eq!(data(text), ["a", "b"], "{text:?}");
        }
    }

    #[test]
    fn comments_pings_and_a_byte_order_mark_are_passed_over() {
        assert_eq!(data("\u{feff}: ping\n:\n\ndata:x\nretry: 5\nevent: message\n\n"), ["x"]);
    }

    #[test]
    fn data_lines_are_joined_and_only_one_space_is_taken_off() {
        assert_eq!(data("data:  a\ndata\ndata: b\n\n"), [" a\n\nb"]);
    }

    #[test]
    fn an_event_that_was_not_ended_is_not_an_event() {
        assert_eq!(data("data: a\n\ndata: cut"), ["a"]);
    }

    #[test]
    fn an_id_stays_in_force_until_the_next() {
        let ids: Vec<String> =
            all("id: 1.1\ndata: a\n\ndata: b\n\nid: 1.2\ndata: c\n\n").into_iter().map(|e| e.id).collect();
        assert_eq!(ids, ["1.1", "1.1", "1.2"]);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_where_the_chunks_end(
            lines in prop::collection::vec("(data|id|:)?:? ?[a-zé😀 ]{0,6}(\r\n|\n|\r)", 0..20), cuts in prop::collection::vec(1usize..7, 1..40),
        ) {
            let bytes = lines.concat().into_bytes();
            let whole = Decoder::new().push(&bytes);
            let (mut decoder, mut events, mut rest) = (Decoder::new(), Vec::new(), bytes.as_slice());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (chunk, tail) = rest.split_at((*cut).min(rest.len()));
                events.extend(decoder.push(chunk));
                rest = tail;
            }
            prop_assert_eq!(events, whole);
        }
    }
}

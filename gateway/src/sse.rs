//! Server-sent events: a defensive reader for what providers send, and the writer for what browsers get.

use bytes::Bytes;

/// Longest event that is read, in bytes. A provider that sends more is not sending tokens.
const MAX_EVENT: usize = 4 * 1024 * 1024;

/// The event is longer than anything a provider has reason to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an event of the stream is too long")]
pub(crate) struct TooLong;

/// Takes bytes as they arrive, cut anywhere, and gives the `data` of each complete event.
///
/// Lines may end in LF, CRLF or CR; a byte order mark, comments and the other fields are skipped.
#[derive(Debug)]
pub(crate) struct Reader {
    most: usize,
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    /// The last byte was a CR, so an LF right behind it belongs to the same line end.
    after_cr: bool,
    begun: bool,
}

impl Default for Reader {
    fn default() -> Self {
        Reader::up_to(MAX_EVENT)
    }
}

impl Reader {
    /// One that reads events of that many bytes.
    pub(crate) fn up_to(most: usize) -> Self {
        Reader { most, line: Vec::new(), data: Vec::new(), has_data: false, after_cr: false, begun: false }
    }

    /// Reads on and appends the events that are now complete.
    pub(crate) fn push(&mut self, bytes: &[u8], events: &mut Vec<String>) -> Result<(), TooLong> {
        let mut rest = bytes;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_cr)
                && let [b'\n', behind @ ..] = rest
            {
                rest = behind;
                continue;
            }
            let end = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            self.line.extend_from_slice(&rest[..end.unwrap_or(rest.len())]);
            if self.line.len() + self.data.len() > self.most {
                return Err(TooLong);
            }
            let Some(end) = end else { break };
            self.after_cr = rest[end] == b'\r';
            self.end_line(events);
            rest = &rest[end + 1..];
        }
        Ok(())
    }

    /// The stream has ended: an event that lacks its blank line still counts, since some servers close early.
    pub(crate) fn finish(&mut self, events: &mut Vec<String>) {
        if !self.line.is_empty() {
            self.end_line(events);
        }
        self.end_event(events);
    }

    fn end_line(&mut self, events: &mut Vec<String>) {
        let taken = std::mem::take(&mut self.line);
        let mut line = taken.as_slice();
        if !std::mem::replace(&mut self.begun, true) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        if line.is_empty() {
            self.end_event(events);
        } else if let Some(rest) = line.strip_prefix(b"data") {
            let value = match rest {
                [] => rest,
                [b':', b' ', value @ ..] | [b':', value @ ..] => value,
                // Another field whose name begins with "data".
                _ => return,
            };
            if std::mem::replace(&mut self.has_data, true) {
                self.data.push(b'\n');
            }
            self.data.extend_from_slice(value);
        }
    }

    fn end_event(&mut self, events: &mut Vec<String>) {
        let data = std::mem::take(&mut self.data);
        if std::mem::take(&mut self.has_data) {
            events.push(String::from_utf8_lossy(&data).into_owned());
        }
    }
}

/// The lengths of the events in a text that holds whole ones, as they are written to browsers.
pub(crate) fn lengths(text: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    let mut begin = 0;
    for end in 2..=text.len() {
        // An event holds no empty line, so the first one ends it.
        if end >= begin + 2 && &text[end - 2..end] == b"\n\n" {
            lengths.push(end - begin);
            begin = end;
        }
    }
    lengths
}

/// One event under a name. `data` must not hold a line end.
pub(crate) fn named(name: &str, data: &str) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// A comment that keeps proxies from closing a quiet connection.
pub(crate) const PING: Bytes = Bytes::from_static(b": ping\n\n");

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn read(parts: &[&[u8]]) -> Vec<String> {
        let (mut reader, mut events) = (Reader::default(), Vec::new());
        for part in parts {
            reader.push(part, &mut events).unwrap();
        }
        reader.finish(&mut events);
        events
    }

    #[test]
    fn every_line_end_and_a_byte_order_mark_are_understood() {
        assert_eq!(
            read(&[b"\xef\xbb\xbfdata: a\n\ndata:b\r\n\r\ndata: c\r\rdata: d\n"]),
            ["a", "b", "c", "d"]
        );
    }

    #[test]
    fn comments_and_other_fields_are_skipped() {
        assert_eq!(
            read(&[b":\n\n: ping - 2026\r\n\r\nevent: x\nid: 1\nretry: 5\ndatabase: no\ndata: yes\n\n"]),
            ["yes"]
        );
    }

    #[test]
    fn several_data_lines_are_one_event() {
        assert_eq!(read(&[b"data: {\ndata: }\n\ndata\n\n"]), ["{\n}", ""]);
    }

    #[test]
    fn several_events_in_one_chunk_come_apart() {
        assert_eq!(read(&[b"data: 1\n\ndata: 2\n\nda", b"ta: 3\n\n"]), ["1", "2", "3"]);
    }

    #[test]
    fn an_endless_line_is_refused() {
        let (mut reader, mut events) = (Reader::default(), Vec::new());
        assert_eq!(reader.push(&vec![b'x'; MAX_EVENT + 1], &mut events), Err(TooLong));
    }

    #[test]
    fn a_raw_json_body_holds_no_event() {
        assert!(read(&[br#"{"error":{"message":"no"}}"#]).is_empty());
    }

    proptest! {
        #[test]
        fn where_the_bytes_are_cut_makes_no_difference(
            texts in prop::collection::vec("[^\r\n]{0,12}", 1..6), cut in 0usize..200, crlf: bool,
        ) {
            let end = if crlf { "\r\n" } else { "\n" };
            let whole: String = texts.iter().map(|text| format!("data: {text}{end}{end}")).collect();
            let cut = cut.min(whole.len());
            prop_assert_eq!(read(&[&whole.as_bytes()[..cut], &whole.as_bytes()[cut..]]), texts);
        }
    }

    #[test]
    fn the_events_of_a_text_are_told_apart() {
        assert_eq!(lengths(b"id: e.1\ndata: 1\n\nid: e.2\ndata: 23\n\n"), [17, 18]);
        assert!(lengths(b"").is_empty());
    }
}

/// What part of a file a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Range {
    /// All of it: no `Range`, several, or one that is no byte range, which a server may ignore.
    Whole,
    /// First byte and one behind the last.
    Part(std::ops::Range<u64>),
}

/// The part lies outside of the file: 416.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unsatisfiable;

impl Range {
    /// Reads the header `Range` for a file of `length` bytes.
    pub(crate) fn parse(header: Option<&str>, length: u64) -> Result<Range, Unsatisfiable> {
        let Some(spec) = header.and_then(|header| header.trim().strip_prefix("bytes=")) else {
            return Ok(Range::Whole);
        };
        let Some((first, last)) = spec.split_once('-') else { return Ok(Range::Whole) };
        let number = |text: &str| match text.trim() {
            "" => Ok(None),
            digits => digits.parse::<u64>().map(Some),
        };
        let (Ok(first), Ok(last)) = (number(first), number(last)) else { return Ok(Range::Whole) };
        let part = match (first, last) {
            (Some(first), Some(last)) if last < first => return Ok(Range::Whole),
            (Some(first), Some(last)) => first..last.saturating_add(1).min(length),
            (Some(first), None) => first..length,
            (None, Some(suffix)) => length.saturating_sub(suffix)..length,
            (None, None) => return Ok(Range::Whole),
        };
        if part.start >= part.end { Err(Unsatisfiable) } else { Ok(Range::Part(part)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_to_the_file() {
        for (header, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=5-", 5..10),
            ("bytes=-3", 7..10),
            ("bytes=2-99", 2..10),
            ("bytes=-99", 0..10),
        ] {
            assert_eq!(Range::parse(Some(header), 10), Ok(Range::Part(part)), "{header}");
        }
    }

    #[test]
    fn what_is_no_single_byte_range_gets_the_whole_file() {
        for header in [
            None,
            Some("lines=1-2"),
            Some("bytes=1-2,4-5"),
            Some("bytes=x-"),
            Some("bytes=-"),
            Some("bytes=5-2"),
        ] {
            assert_eq!(Range::parse(header, 10), Ok(Range::Whole));
        }
    }

    #[test]
    fn a_part_behind_the_end_cannot_be_had() {
        for header in ["bytes=10-", "bytes=10-20", "bytes=-0"] {
            assert_eq!(Range::parse(Some(header), 10), Err(Unsatisfiable));
        }
    }
}

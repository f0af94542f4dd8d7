//! Keys of a list of which one item is the current one.

/// Where a key goes from an item of so many. None where it goes nowhere.
pub(super) fn step(key: &str, current: usize, count: usize) -> Option<usize> {
    let last = count.checked_sub(1)?;
    match key {
        "ArrowDown" => Some(if current >= last { 0 } else { current + 1 }),
        "ArrowUp" => Some(if current == 0 { last } else { (current - 1).min(last) }),
        "PageDown" => Some((current + 5).min(last)),
        "PageUp" => Some(current.saturating_sub(5)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_go_round_and_pages_do_not() {
        assert_eq!(
            [step("ArrowDown", 2, 3), step("ArrowUp", 0, 3), step("ArrowDown", 0, 3)],
            [Some(0), Some(2), Some(1)]
        );
        assert_eq!([step("PageDown", 2, 4), step("PageUp", 2, 4), step("a", 0, 3)], [Some(3), Some(0), None]);
        assert_eq!(step("ArrowDown", 0, 0), None);
        assert_eq!(step("ArrowUp", 9, 3), Some(2), "a list that became shorter");
    }
}

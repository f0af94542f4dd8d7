//! The shortest way from what is drawn of an unfinished tail to what it is now.

use crate::edit::{Op, push_text};

/// Steps from the end of `old` to the end of `new`. Both begin at the same place, where a text may already have begun
/// if `in_text`, and neither has two texts that touch.
pub(crate) fn diff(old: &[Op], new: Vec<Op>, in_text: bool) -> Vec<Op> {
    let (at, byte) = common(old, &new);
    let mut ops = Vec::new();
    go_back(old, at, byte, in_text, &mut ops);
    for (index, op) in new.into_iter().enumerate().skip(at) {
        match op {
            Op::Text(text) if index == at => push_text(&mut ops, text.get(byte..).unwrap_or_default()),
            op => ops.push(op),
        }
    }
    ops
}

/// How many steps are the same, and how many bytes of the text after them.
fn common(old: &[Op], new: &[Op]) -> (usize, usize) {
    let same = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let (Some(Op::Text(old)), Some(Op::Text(new))) = (old.get(same), new.get(same)) else {
        return (same, 0);
    };
    let mut bytes = old.bytes().zip(new.bytes()).take_while(|(old, new)| old == new).count();
    while !old.is_char_boundary(bytes) {
        bytes -= 1;
    }
    (same, bytes)
}

/// Undoes what comes after `byte` of the step at index `at`.
pub(crate) fn go_back(old: &[Op], at: usize, byte: usize, in_text: bool, ops: &mut Vec<Op>) {
    // How many elements are open, beside those that were at `at`, and how many of those have been left. For each of
    // the latter how many children came after: the last one is that which is open now.
    let mut inside = 0;
    let mut extra = vec![0];
    let mut cut = 0;
    for (index, op) in old.iter().enumerate().skip(at) {
        match op {
            Op::Close if inside > 0 => inside -= 1,
            Op::Close => extra.push(0),
            Op::Text(text) if index == at && (byte > 0 || (at == 0 && in_text)) => {
                cut = text.get(byte..).unwrap_or_default().encode_utf16().count();
            }
            op => {
                if inside == 0
                    && let Some(extra) = extra.last_mut()
                {
                    *extra += 1;
                }
                inside += usize::from(matches!(op, Op::Open(_)));
            }
        }
    }
    ops.extend((0..inside).map(|_| Op::Close));
    for (left, count) in extra.into_iter().rev().enumerate() {
        if left > 0 {
            ops.push(Op::Reopen);
        }
        if count > 0 {
            ops.push(Op::Drop(count));
        }
    }
    if cut > 0 {
        ops.push(Op::Cut(cut));
    }
}

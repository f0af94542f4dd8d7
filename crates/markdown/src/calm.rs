//! What the end of an unfinished text looks like until the rest of it is there.

use crate::{Kind, Node};

/// Leaves out marks at the end, and then a last line of markers alone. They could still become anything: a paragraph
/// followed by `-` is a heading until the list item that it was going to be arrives.
pub(crate) fn visible(text: &str) -> &str {
    let text = text.trim_end_matches(['*', '`', '\\']);
    let line = text.rfind('\n').map_or(0, |end| end + 1);
    let marker = |byte: u8| byte.is_ascii_digit() || b" \t\r-=*+_#>|:`~.)".contains(&byte);
    if text.bytes().skip(line).all(marker) { text.get(..line).unwrap_or(text) } else { text }
}

/// Draws syntax that has begun at the very end of a text as what it is about to be: the label of a link whose address
/// is being typed, code and marked text whose end is to come.
pub(crate) fn soften(nodes: &mut Vec<Node>) {
    match nodes.last_mut() {
        Some(Node::Element { kind: Kind::InlineCode | Kind::Html, .. }) => {}
        Some(Node::Element { children, .. }) => soften(children),
        Some(Node::Text(text)) => {
            if let Some((before, label)) = half_link(text) {
                *text = String::from(before) + label;
            }
            let marks = [("`", Kind::InlineCode), ("**", Kind::Strong), ("*", Kind::Emphasis)];
            let begun = marks.into_iter().find_map(|(mark, kind)| Some((opened(text, mark)?, kind)));
            let Some(((before, after), kind)) = begun else { return };
            let (end, content) = (before.len(), String::from(after));
            text.truncate(end);
            if end == 0 {
                nodes.pop();
            }
            nodes.push(Node::Element { kind, children: vec![Node::Text(content)] });
        }
        _ => {}
    }
}

/// Splits around the last `marker` that opens something at the start of a word.
fn opened<'a>(text: &'a str, marker: &str) -> Option<(&'a str, &'a str)> {
    let (before, after) = text.rsplit_once(marker)?;
    let begins = before.chars().next_back().is_none_or(|c| c.is_whitespace() || "([\"'".contains(c));
    let goes_on = after.chars().next().is_some_and(|c| !c.is_whitespace());
    (begins && goes_on).then_some((before, after))
}

/// Splits `see [label](http://ex` into what is before the bracket and the label.
fn half_link(text: &str) -> Option<(&str, &str)> {
    let (head, address) = text.rsplit_once("](")?;
    let (before, label) = head.rsplit_once('[')?;
    let half = !address.contains([')', ' ', '\n']);
    half.then(|| (before.strip_suffix('!').unwrap_or(before), label))
}

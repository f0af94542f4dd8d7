//! The lines of tables.

use crate::{
    Align,
    text::{from, is_blank, replace, run, run_back, to, trim_end, trim_start},
};

/// How the columns are aligned, if `line` is what stands between the head and the body of a table.
pub(crate) fn delimiter(line: &str) -> Option<Vec<Align>> {
    let mut columns = Vec::new();
    let (mut pipe, mut dash, mut dash_here) = (run(line, b'|') > 0, false, false);
    let mut column = None;
    for byte in line.bytes().skip(usize::from(pipe)) {
        match byte {
            b' ' => {}
            b'-' => {
                (dash, dash_here) = (true, true);
                column = column.or(Some(Align::Auto));
            }
            b':' => {
                column = Some(match column {
                    None => Align::Left,
                    Some(Align::Left) => Align::Center,
                    Some(Align::Auto) => Align::Right,
                    Some(other) => other,
                });
            }
            b'|' if dash_here => {
                columns.push(column.take().unwrap_or(Align::Auto));
                (pipe, dash_here) = (true, false);
            }
            _ => return None,
        }
    }
    columns.extend(column);
    (pipe && dash).then_some(columns)
}

/// The cells of `line`, with `\|` as `|` and without white space around them.
pub(crate) fn cells(line: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let line = trim_end(trim_start(line));
    let mut rest = line.strip_prefix('|').unwrap_or(line);
    while !is_blank(rest) {
        let end = pipes(rest).next();
        let cell = to(rest, end.unwrap_or(rest.len()));
        cells.push(replace(trim_end(trim_start(cell)), "\\|", "|"));
        rest = from(rest, end.map_or(rest.len(), |end| end + 1));
    }
    cells
}

/// How many columns `line` has, if it can be a table's head.
pub(crate) fn head_columns(line: &str) -> Option<usize> {
    let line = trim_start(line);
    let last = pipes(line).last()?;
    let escapes = run_back(line, b'\\');
    let inner = pipes(line).count() - usize::from(run(line, b'|') > 0);
    let open = !is_blank(from(line, last + 1));
    escapes.is_multiple_of(2).then_some(inner + usize::from(open))
}

fn pipes(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    (0..bytes.len()).filter(|&at| bytes[at] == b'|' && (at == 0 || bytes[at - 1] != b'\\'))
}

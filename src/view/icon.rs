//! Icons, drawn on a 24 by 24 grid with the colour of the text around them. All are decoration: names are in the
//! buttons.

use super::dom::{View, svg};

const SHEET: [(&str, &str); 10] = [
    ("viewBox", "0 0 24 24"),
    ("width", "20"),
    ("height", "20"),
    ("fill", "none"),
    ("stroke", "currentColor"),
    ("stroke-width", "1.8"),
    ("stroke-linecap", "round"),
    ("stroke-linejoin", "round"),
    ("aria-hidden", "true"),
    ("focusable", "false"),
];

fn icon(path: &'static str) -> View {
    svg("svg").attrs(&SHEET).child(svg("path").attr("d", path)).view()
}

pub(super) fn settings() -> View {
    icon("M4 7h9M19 7h1M4 17h1M11 17h9M16 4.5v5M8 14.5v5")
}

/// Three leaves: the sign of the product.
pub(super) fn mark() -> View {
    icon("M9 4.5h6v15H9zM9 6 4 7.5v9L9 18M15 6l5 1.5v9L15 18")
}

pub(super) fn close() -> View {
    icon("M6 6l12 12M18 6 6 18")
}

pub(super) fn down() -> View {
    icon("m6 9 6 6 6-6")
}

pub(super) fn plus() -> View {
    icon("M12 5v14M5 12h14")
}

pub(super) fn send() -> View {
    icon("M12 19V5M6 11l6-6 6 6")
}

pub(super) fn stop() -> View {
    icon("M8 8h8v8H8z")
}

pub(super) fn retry() -> View {
    icon("M20 11a8 8 0 1 0-2.3 6M20 5v6h-6")
}

pub(super) fn copy() -> View {
    icon("M9 9h11v11H9zM5 15H4V4h11v1")
}

pub(super) fn edit() -> View {
    icon("M4 20h4L19 9l-4-4L4 16zM13 7l4 4")
}

pub(super) fn good() -> View {
    icon("M7 11v9H4v-9zM7 11l4-7c2 0 2.5 1.5 2 3l-.7 3H19a2 2 0 0 1 2 2.4l-1.2 6A2 2 0 0 1 17.8 20H7")
}

pub(super) fn bad() -> View {
    icon("M17 13V4h3v9zM17 13l-4 7c-2 0-2.5-1.5-2-3l.7-3H5a2 2 0 0 1-2-2.4l1.2-6A2 2 0 0 1 6.2 4H17")
}

pub(super) fn speaker() -> View {
    icon("M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11")
}

pub(super) fn microphone() -> View {
    icon(
        "M12 4a2.5 2.5 0 0 0-2.5 2.5v5a2.5 2.5 0 0 0 5 0v-5A2.5 2.5 0 0 0 12 4ZM6 11.5a6 6 0 0 0 12 0M12 17.5V21",
    )
}

pub(super) fn leave() -> View {
    icon("M4 12h10M10 8l4 4-4 4M14 5h5v14h-5")
}

pub(super) fn earlier() -> View {
    icon("m14 7-5 5 5 5")
}

pub(super) fn later() -> View {
    icon("m10 7 5 5-5 5")
}

pub(super) fn download() -> View {
    icon("M12 4v11M7 11l5 5 5-5M5 20h14")
}

pub(super) fn coin() -> View {
    icon("M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM14.8 9.6a3.6 3.6 0 1 0 0 4.8")
}

pub(super) fn picture() -> View {
    icon("M4 5h16v14H4zM4 16l5-5 4 4 2-2 5 5M15.5 9.5h.01")
}

pub(super) fn film() -> View {
    icon("M4 5h16v14H4zM10 9.5v5l4.5-2.5z")
}

pub(super) fn talk() -> View {
    icon("M5 5h14v10h-7l-4 4v-4H5z")
}

pub(super) fn list() -> View {
    icon("M5 6.5h14M5 12h14M5 17.5h9")
}

pub(super) fn more() -> View {
    icon("M6 12h.01M12 12h.01M18 12h.01")
}

pub(super) fn clip() -> View {
    icon(
        "m19 11-7.5 7.5a4.6 4.6 0 0 1-6.5-6.5L12.5 4.5a3 3 0 0 1 4.3 4.3L9.5 16a1.5 1.5 0 0 1-2.1-2.1L14 7.3",
    )
}

pub(super) fn page() -> View {
    icon("M6 3h8l5 5v13H6zM14 3v5h5M9 13h7M9 17h5")
}

pub(super) fn sound() -> View {
    icon(
        "M9 17V5l10-2v12M9 17a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0ZM19 15a2.5 2.5 0 1 1-5 0 2.5 2.5 0 0 1 5 0Z",
    )
}

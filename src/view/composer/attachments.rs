use web_sys::{DragEvent, Event, HtmlInputElement};

use super::named;
use crate::app::{App, Attached, Hindrance, Shrunk};
use crate::attachment::{Attachment, Kind, MOST_FILES, Refusal};
use crate::locale::{Text, Words};
use crate::view::dom::{El, View, button, each, el, group, item, nothing, when};
use crate::view::icon;
use crate::view::text::{isolated, size};

/// What goes along with the next message, and what did not come in.
pub(in crate::view) fn strip(app: App) -> View {
    let desk = app.signals.desk;
    let chips = move || {
        let all = desk.attached.get().into_iter();
        all.map(|one| item(one.id.to_string(), move || chip(app, one))).collect()
    };
    group([
        when(
            move || desk.attached.with(|all| !all.is_empty()),
            move || list(app, "attached").child(each(chips)),
        ),
        when(move || desk.reading.with(Option::is_some), move || reading(app)),
        when(
            move || desk.refusal.with(Option::is_some),
            move || {
                let why = move || {
                    desk.refusal.with(|refusal| refusal.as_ref().map(|refusal| why_not(app.words(), refusal)))
                };
                el("p", "remark bad")
                    .attrs(&[("part", "refusal"), ("role", "alert")])
                    .child(el("span", "").text_of(move || why().unwrap_or_default()))
                    .child(named(app, "icon", Text::Dismiss).child(icon::close()).click(move || {
                        desk.refusal.set(None);
                        app.want_cursor();
                    }))
            },
        ),
    ])
}

fn list(app: App, class: &str) -> El {
    el("ul", class).attrs(&[("part", "attachments"), ("aria-label", app.text(Text::Attachments))])
}

fn reading(app: App) -> El {
    let reading = app.signals.desk.reading;
    let words = move || {
        let name = reading.with(|reading| reading.as_ref().map(|reading| isolated(&reading.name)));
        name.map(|name| app.words().fill(Text::ReadingFile, &[&name])).unwrap_or_default()
    };
    el("div", "reading").child(el("span", "").text_of(words)).child(
        el("progress", "").attrs(&[("aria-hidden", "true"), ("max", "100")]).attr_of("value", move || {
            reading.with(|reading| reading.as_ref().map(|reading| reading.percent.to_string()))
        }),
    )
}

fn chip(app: App, item: Attached) -> El {
    let Attached { id, attachment, shrunk } = item;
    let words = app.words();
    let note = match shrunk {
        Some(Shrunk { from, to }) => {
            let sides = |(width, height): (u32, u32)| format!("{width}×{height}");
            words.fill(Text::MadeSmaller, &[&size(words, attachment.size), &sides(from), &sides(to)])
        }
        None => size(words, attachment.size),
    };
    el("li", "chip")
        .attr("part", "attachment")
        .child(preview(app, &attachment))
        .child(about(&attachment.name, &note))
        .child(
            button("icon")
                .attr("aria-label", &words.fill(Text::RemoveNamed, &[&isolated(&attachment.name)]))
                .child(icon::close())
                .click(move || {
                    app.detach(id);
                    // The button that had the focus is gone.
                    app.want_cursor();
                }),
        )
}

fn about(name: &str, note: &str) -> El {
    el("span", "about").child(el("bdi", "name").text(name)).child(el("span", "note").text(note))
}

fn preview(app: App, attachment: &Attachment) -> View {
    match attachment.kind() {
        Kind::Picture => picture(app, attachment.clone(), None),
        Kind::Sound => icon::sound(),
        Kind::Document | Kind::Text => icon::page(),
    }
}

/// A picture that is drawn, since a page's policy may allow no other way to show it.
fn picture(app: App, attachment: Attachment, label: Option<String>) -> View {
    let canvas = el("canvas", "preview").attrs(&[("width", "1"), ("height", "1")]);
    app.draw_attachment(canvas.to(), attachment);
    match label {
        Some(label) => canvas.attrs(&[("role", "img"), ("aria-label", &label)]),
        None => canvas.attr("aria-hidden", "true"),
    }
    .view()
}

/// What went along with a message that was sent.
pub(in crate::view) fn sent(app: App, attachments: Vec<Attachment>) -> View {
    if attachments.is_empty() {
        return nothing();
    }
    let items = attachments.into_iter().map(|attachment| {
        if attachment.kind() == Kind::Picture {
            let label = app.words().fill(Text::PictureNamed, &[&isolated(&attachment.name)]);
            return el("li", "sight").child(picture(app, attachment, Some(label))).view();
        }
        let size = size(app.words(), attachment.size);
        el("li", "chip").child(preview(app, &attachment)).child(about(&attachment.name, &size)).view()
    });
    list(app, "attached sent").children(items).view()
}

/// Opens the system's choice of files.
pub(super) fn picker(app: App) -> View {
    let label = app.text(Text::AttachFiles);
    let input = el("input", "").attrs(&[
        ("type", "file"),
        ("multiple", ""),
        ("hidden", ""),
        ("tabindex", "-1"),
        ("aria-label", label),
    ]);
    let (chosen, opened): (HtmlInputElement, HtmlInputElement) = (input.to(), input.to());
    group([
        input
            .on("change", move |_: Event| {
                if let Some(files) = chosen.files() {
                    app.attach(&files);
                }
                // The same file can be chosen again.
                chosen.set_value("");
                app.want_cursor();
            })
            .view(),
        named(app, "icon", Text::AttachFiles)
            .attrs(&[("part", "attach"), ("title", label)])
            .click(move || opened.click())
            .child(icon::clip())
            .view(),
    ])
}

/// Covers the panel while files are dragged over it, and takes them.
pub(in crate::view) fn drop_zone(app: App) -> View {
    let dragging = app.signals.desk.dragging;
    when(
        move || dragging.get(),
        move || {
            el("div", "drop")
                .attr("part", "drop")
                .on("dragover", |event: Event| event.prevent_default())
                .on("dragleave", move |_: Event| dragging.set(false))
                .on("drop", move |event: DragEvent| {
                    event.prevent_default();
                    dragging.set(false);
                    if let Some(files) = event.data_transfer().and_then(|data| data.files()) {
                        app.attach(&files);
                    }
                    app.want_cursor();
                })
                .child(el("p", "").text(app.text(Text::DropFiles)))
        },
    )
}

/// Something is dragged into the panel: only files are of interest.
pub(in crate::view) fn drag_enters(app: App, event: &DragEvent) {
    if event.data_transfer().is_some_and(|data| data.types().iter().any(|kind| kind == "Files")) {
        event.prevent_default();
        app.signals.desk.dragging.set(true);
    }
}

/// Pasted files are attached; where there is text too, as from a table, it is what was meant. True where files came.
pub(super) fn pasted(app: App, event: &web_sys::ClipboardEvent) -> bool {
    let Some(data) = event.clipboard_data() else { return false };
    let Some(files) = data.files().filter(|files| files.length() > 0) else { return false };
    let text = data.get_data("text/plain").unwrap_or_default();
    // A copied file brings its name along.
    let named = files.get(0).is_some_and(|file| text.trim().ends_with(&file.name()));
    let meant = text.trim().is_empty() || named;
    if meant {
        event.prevent_default();
        app.attach(&files);
    }
    meant
}

fn why_not(words: Words, refusal: &Refusal) -> String {
    match refusal {
        Refusal::TooMany => words.fill(Text::FileTooMany, &[&MOST_FILES.to_string()]),
        Refusal::TooBig { name, size: is, most } => {
            words.fill(Text::FileTooBig, &[&isolated(name), &size(words, *is), &size(words, *most)])
        }
        Refusal::NoRoom { name } => words.fill(Text::FileNoRoom, &[&isolated(name)]),
        Refusal::NotTaken { name, kind, model } => {
            words.fill(Text::FileNotTaken, &[&isolated(name), model, several(words, *kind)])
        }
        Refusal::Unknown { name } => words.fill(Text::FileUnknown, &[&isolated(name)]),
        Refusal::Unreadable { name } => words.fill(Text::FileUnreadable, &[&isolated(name)]),
    }
}

/// Why the next send cannot be, and what to do about it.
pub(super) fn hindered(words: Words, hindrance: &Hindrance) -> String {
    match hindrance {
        Hindrance::NotTaken { kind, model } => {
            words.fill(Text::ChatNotTaken, &[several(words, *kind), model])
        }
        Hindrance::NoSound { model } => words.fill(Text::ChatNoSound, &[model]),
        Hindrance::Full { model } => words.fill(Text::ChatFull, &[model]),
    }
}

fn several(words: Words, kind: Kind) -> &'static str {
    words.get(match kind {
        Kind::Picture => Text::KindPictures,
        Kind::Sound => Text::KindSounds,
        Kind::Document => Text::KindDocuments,
        Kind::Text => Text::KindTexts,
    })
}

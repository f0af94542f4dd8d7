use leptos::html;
use leptos::prelude::*;

use crate::app::{App, Attached, Hindrance, Shrunk};
use crate::attachment::{Attachment, Kind, MOST_FILES, Refusal};
use crate::locale::{Text, Words};
use crate::view::icon;
use crate::view::text::{isolated, size};

/// What goes along with the next message, and what did not come in.
pub(super) fn strip(app: App) -> AnyView {
    let desk = app.signals.desk;
    let any = move || desk.attached.with(|all| !all.is_empty());
    view! {
        <Show when=any>
            <ul class="attached" part="attachments" aria-label=app.text(Text::Attachments)>
                <For each=move || desk.attached.get() key=|item| item.id let:item>
                    {chip(app, item)}
                </For>
            </ul>
        </Show>
        {move || desk.reading.get().map(|reading| view! {
            <div class="reading">
                <span>{app.words().fill(Text::ReadingFile, &[&isolated(&reading.name)])}</span>
                <progress aria-hidden="true" max="100" value=reading.percent></progress>
            </div>
        })}
        {move || desk.refusal.get().map(|refusal| view! {
            <p class="remark bad" part="refusal" role="alert">
                <span>{why_not(app.words(), &refusal)}</span>
                <button type="button" class="icon" aria-label=app.text(Text::Dismiss) on:click=move |_| {
                    desk.refusal.set(None);
                    app.want_cursor();
                }>{icon::close()}</button>
            </p>
        })}
    }
    .into_any()
}

fn chip(app: App, item: Attached) -> AnyView {
    let Attached { id, attachment, shrunk } = item;
    let name = attachment.name.clone();
    let words = app.words();
    let note = match shrunk {
        Some(Shrunk { from, to }) => {
            let sides = |(width, height): (u32, u32)| format!("{width}×{height}");
            words.fill(Text::MadeSmaller, &[&size(words, attachment.size), &sides(from), &sides(to)])
        }
        None => size(words, attachment.size),
    };
    view! {
        <li class="chip" part="attachment">
            {preview(app, &attachment)}
            <span class="about"><bdi class="name">{attachment.name.clone()}</bdi><span class="note">{note}</span></span>
            <button type="button" class="icon" aria-label=words.fill(Text::RemoveNamed, &[&isolated(&name)])
                on:click=move |_| {
                    app.detach(id);
                    // The button that had the focus is gone.
                    app.want_cursor();
                }
            >{icon::close()}</button>
        </li>
    }
    .into_any()
}

fn preview(app: App, attachment: &Attachment) -> AnyView {
    match attachment.kind() {
        Kind::Picture => picture(app, attachment.clone(), None),
        Kind::Sound => icon::sound().into_any(),
        Kind::Document | Kind::Text => icon::page().into_any(),
    }
}

/// A picture that is drawn, since a page's policy may allow no other way to show it.
fn picture(app: App, attachment: Attachment, label: Option<String>) -> AnyView {
    let canvas = NodeRef::<html::Canvas>::new();
    Effect::new(move || {
        if let Some(canvas) = canvas.get() {
            app.draw_attachment(canvas, attachment.clone());
        }
    });
    view! {
        <canvas class="preview" width="1" height="1" node_ref=canvas role=label.is_some().then_some("img")
            aria-hidden=label.is_none().then_some("true") aria-label=label></canvas>
    }
    .into_any()
}

/// What went along with a message that was sent.
pub(in crate::view) fn sent(app: App, attachments: Vec<Attachment>) -> AnyView {
    if attachments.is_empty() {
        return ().into_any();
    }
    let items: Vec<_> = attachments
        .into_iter()
        .map(|attachment| match attachment.kind() {
            Kind::Picture => {
                let label = app.words().fill(Text::PictureNamed, &[&isolated(&attachment.name)]);
                let shown = picture(app, attachment, Some(label));
                view! { <li class="sight">{shown}</li> }.into_any()
            }
            _ => view! {
                <li class="chip">{preview(app, &attachment)}<span class="about">
                    <bdi class="name">{attachment.name.clone()}</bdi><span class="note">{size(app.words(), attachment.size)}</span>
                </span></li>
            }
            .into_any(),
        })
        .collect();
    view! { <ul class="attached sent" part="attachments" aria-label=app.text(Text::Attachments)>{items}</ul> }
        .into_any()
}

/// Opens the system's choice of files.
pub(super) fn picker(app: App) -> AnyView {
    let input = NodeRef::<html::Input>::new();
    view! {
        <input type="file" multiple hidden node_ref=input tabindex="-1" aria-label=app.text(Text::AttachFiles)
            on:change=move |_| {
                if let Some(input) = input.get_untracked() {
                    if let Some(files) = input.files() {
                        app.attach(&files);
                    }
                    // The same file can be chosen again.
                    input.set_value("");
                    app.want_cursor();
                }
            } />
        <button type="button" class="icon" part="attach" aria-label=app.text(Text::AttachFiles) title=app.text(Text::AttachFiles)
            on:click=move |_| {
                if let Some(input) = input.get_untracked() {
                    input.click();
                }
            }
        >{icon::clip()}</button>
    }
    .into_any()
}

/// Covers the panel while files are dragged over it, and takes them.
pub(in crate::view) fn drop_zone(app: App) -> AnyView {
    let dragging = app.signals.desk.dragging;
    view! {
        <Show when=move || dragging.get()>
            <div class="drop" part="drop"
                on:dragover=|event| event.prevent_default()
                on:dragleave=move |_| dragging.set(false)
                on:drop=move |event| {
                    event.prevent_default();
                    dragging.set(false);
                    if let Some(files) = event.data_transfer().and_then(|data| data.files()) {
                        app.attach(&files);
                    }
                    app.want_cursor();
                }
            ><p>{app.text(Text::DropFiles)}</p></div>
        </Show>
    }
    .into_any()
}

/// Something is dragged into the panel: only files are of interest.
pub(in crate::view) fn drag_enters(app: App, event: &web_sys::DragEvent) {
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

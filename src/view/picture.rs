use leptos::prelude::*;
use triptych_protocol::ImageData;

use super::icon;
use super::text::{download_link, receipt, safe_link};
use crate::app::App;
use crate::credits::price_text;
use crate::images::{PictureId, PictureSet, PictureStatus};
use crate::locale::Text;

/// What one click on the button led to.
pub(super) fn set(app: App, id: PictureId) -> AnyView {
    let Some(set) = app.picture_set(id) else { return ().into_any() };
    view! {
        <article class="card" part="card" aria-label=app.text(Text::Pictures)>{move || card(app, set.get())}</article>
    }
    .into_any()
}

fn card(app: App, set: PictureSet) -> AnyView {
    let (id, words) = (set.id, app.words());
    let prompt = set.request.prompt.clone();
    let cost = match (&set.receipt, set.estimate, &set.status) {
        (Some(paid), _, _) => Some(receipt(words, paid)),
        (None, Some(estimate), PictureStatus::Drawing) => {
            Some(words.fill(Text::Holding, &[&price_text(words, estimate)]))
        }
        _ => None,
    };
    let body = match set.status {
        PictureStatus::Drawing => {
            let shape = set.request.size.as_deref().and_then(shape).unwrap_or("square");
            let count = set.request.n.unwrap_or(1);
            let drawings: Vec<_> =
                (0..count).map(|_| view! { <div class=format!("drawing {shape}")></div> }).collect();
            view! {
                <div class="pictures" role="progressbar" aria-label=words.get(Text::MakingPicture)>{drawings}</div>
            }
            .into_any()
        }
        PictureStatus::Ready(pictures) => {
            let pictures: Vec<_> = pictures.into_iter().map(|data| picture(app, data, &prompt)).collect();
            view! { <div class="pictures">{pictures}</div> }.into_any()
        }
        PictureStatus::Failed(failure) => {
            let again = failure.can_retry().then(|| {
                view! {
                    <button type="button" class="quiet" on:click=move |_| app.redraw(id)>{icon::retry()} {words.get(Text::Retry)}</button>
                }
            });
            view! {
                <div class="failure" role="alert">
                    <p>{words.failure(&failure)}</p>
                    {again}
                    <button type="button" class="quiet" on:click=move |_| app.remove_pictures(id)>{words.get(Text::Remove)}</button>
                </div>
            }
            .into_any()
        }
    };
    view! {
        {body}
        <p class="caption" dir="auto">{prompt}</p>
        <div class="details" part="details">{cost.map(|cost| view! { <span>{cost}</span> })}</div>
    }
    .into_any()
}

fn picture(app: App, data: ImageData, prompt: &str) -> AnyView {
    let Some(url) = data.url.as_deref().and_then(safe_link) else {
        return view! { <p class="failure">{app.text(Text::PictureWithoutLink)}</p> }.into_any();
    };
    view! {
        <figure class="picture" part="picture">
            <img src=url.clone() alt=prompt.to_owned() decoding="async" part="image" />
            <a class="download" part="download" href=download_link(&url) download="" aria-label=app.text(Text::Download) title=app.text(Text::Download)>{icon::download()}</a>
        </figure>
    }
    .into_any()
}

/// The placeholder's shape, so that nothing jumps when the picture comes.
fn shape(size: &str) -> Option<&'static str> {
    let (width, height) = size.split_once('x')?;
    let (width, height): (u32, u32) = (width.parse().ok()?, height.parse().ok()?);
    Some(match width.cmp(&height) {
        std::cmp::Ordering::Less => "portrait",
        std::cmp::Ordering::Equal => "square",
        std::cmp::Ordering::Greater => "landscape",
    })
}

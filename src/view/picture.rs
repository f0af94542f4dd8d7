use triptych_protocol::ImageData;

use super::dom::{El, View, button, dynamic, el, group};
use super::icon;
use super::text::{download_link, receipt, safe_link};
use crate::app::App;
use crate::credits::price_text;
use crate::images::{PictureId, PictureSet, PictureStatus};
use crate::locale::Text;

/// What one click on the button led to.
pub(super) fn set(app: App, id: PictureId) -> El {
    let Some(set) = app.picture_set(id) else { return el("article", "") };
    el("article", "card")
        .attrs(&[("part", "card"), ("aria-label", app.text(Text::Pictures))])
        .child(dynamic(move || card(app, set.get())))
}

/// The way to what was made, as a file.
pub(super) fn download(app: App, url: &str) -> El {
    let label = app.text(Text::Download);
    el("a", "download")
        .attrs(&[
            ("part", "download"),
            ("href", &download_link(url)),
            ("download", ""),
            ("aria-label", label),
            ("title", label),
        ])
        .child(icon::download())
}

fn card(app: App, set: PictureSet) -> View {
    let (id, words) = (set.id, app.words());
    let prompt = &set.request.prompt;
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
            let class = ["drawing ", shape].concat();
            let drawings = (0..set.request.n.unwrap_or(1)).map(|_| el("div", &class).view());
            el("div", "pictures")
                .attrs(&[("role", "progressbar"), ("aria-label", words.get(Text::MakingPicture))])
                .children(drawings)
        }
        PictureStatus::Ready(pictures) => {
            el("div", "pictures").children(pictures.into_iter().map(|data| picture(app, data, prompt).view()))
        }
        PictureStatus::Failed(failure) => {
            let again = failure.can_retry().then(|| {
                button("quiet")
                    .click(move || app.redraw(id))
                    .child(icon::retry())
                    .text(words.get(Text::Retry))
            });
            let remove = button("quiet").click(move || app.remove_pictures(id)).text(words.get(Text::Remove));
            el("div", "failure")
                .attr("role", "alert")
                .child(el("p", "").text(&words.failure(&failure)))
                .child(again)
                .child(remove)
        }
    };
    let details = el("div", "details").attr("part", "details");
    group([
        body.view(),
        el("p", "caption").attr("dir", "auto").text(prompt).view(),
        details.child(cost.map(|cost| el("span", "").text(&cost))).view(),
    ])
}

fn picture(app: App, data: ImageData, prompt: &str) -> El {
    let Some(url) = data.url.as_deref().and_then(safe_link) else {
        return el("p", "failure").text(app.text(Text::PictureWithoutLink));
    };
    let image =
        el("img", "").attrs(&[("src", &url), ("alt", prompt), ("decoding", "async"), ("part", "image")]);
    el("figure", "picture").attr("part", "picture").child(image).child(download(app, &url))
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

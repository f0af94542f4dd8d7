//! Files that the page makes itself and the user saves. Nothing is asked of any server.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, Url};

use super::clock;

/// How long a file can be fetched by the browser once it was offered, in milliseconds.
const OFFERED_FOR: i32 = 60_000;

/// Offers a text as a file.
pub(crate) fn offer(name: &str, kind: &str, text: &str) -> Option<()> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let parts = Array::of1(&JsValue::from_str(text));
    let blob = Blob::new_with_str_sequence_and_options(&parts, &options).ok()?;
    let url = Url::create_object_url_with_blob(&blob).ok()?;
    let document = web_sys::window()?.document()?;
    let link: HtmlAnchorElement = document.create_element("a").ok()?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    wasm_bindgen_futures::spawn_local(async move {
        clock::sleep(OFFERED_FOR).await;
        // One that is gone already needs no taking back.
        let _ = Url::revoke_object_url(&url);
    });
    Some(())
}

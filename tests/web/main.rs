//! The widget in a real browser, mounted through the exports that the element class uses. No gateway: what needs one
//! is tested end to end.

#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod attacks;
mod page;
mod painter;
mod vault;

use triptych_copilot::{mount, version};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

use page::{Page, config, heard, host, set, soon};

wasm_bindgen_test_configure!(run_in_browser);

#[wasm_bindgen_test]
async fn mounting_draws_the_tabs_and_the_first_panel() {
    let page = Page::new();
    let _handle = mount(page.root(), config("inline"), host()).unwrap();
    soon("three tabs", || page.texts("[role=tab]") == ["Chat", "Image", "Video"]).await;
    assert_eq!(page.texts("[role=tab][aria-selected=true]"), ["Chat"]);
    assert_eq!(page.count("[role=tabpanel]:not([hidden])"), 1);
    assert_eq!(page.count("textarea[aria-label=Message]"), 1);
    assert_eq!(page.count("[role=status][aria-label=Credits]"), 1);
}

#[wasm_bindgen_test]
async fn another_tab_shows_another_panel_and_keeps_the_first() {
    let page = Page::new();
    let _handle = mount(page.root(), config("inline"), host()).unwrap();
    soon("tabs", || page.count("[role=tab]") == 3).await;
    page.click("[data-panel=video]");
    soon("the video panel", || page.count("#panel-video:not([hidden])") == 1).await;
    assert_eq!(page.count("[role=tabpanel]:not([hidden])"), 1);
    assert_eq!(page.count("#panel-chat textarea"), 1, "the chat is only hidden");
}

#[wasm_bindgen_test]
async fn only_the_panels_of_the_attribute_are_drawn() {
    let page = Page::new();
    let config = config("inline");
    set(&config, "panels", "video image");
    let _handle = mount(page.root(), config, host()).unwrap();
    soon("two tabs", || page.texts("[role=tab]") == ["Video", "Image"]).await;
    assert_eq!(page.count("#panel-chat"), 0);
}

#[wasm_bindgen_test]
async fn a_launcher_opens_and_closes_again_and_again_without_going_blank() {
    let page = Page::new();
    let handle = mount(page.root(), config("launcher"), host()).unwrap();
    soon("the launcher", || page.count("button[part=launcher]") == 1).await;
    assert_eq!(page.count("[role=dialog]"), 0);
    for _ in 0..3 {
        handle.open();
        soon("the window", || page.count("[role=dialog] textarea[aria-label=Message]") == 1).await;
        assert_eq!(page.count("button[part=launcher][aria-expanded=true]"), 1);
        handle.close();
        soon("no window", || page.count("[role=dialog]") == 0).await;
        assert_eq!(page.count("button[part=launcher][aria-expanded=false]"), 1);
    }
    page.click("button[part=launcher]");
    soon("the window", || page.count("[role=dialog]") == 1).await;
}

#[wasm_bindgen_test]
async fn changing_the_mode_swaps_the_view_in_place() {
    let page = Page::new();
    let handle = mount(page.root(), config("inline"), host()).unwrap();
    soon("the region", || page.count("section[role=region].window") == 1).await;
    handle.set_config(config("launcher")).unwrap();
    soon("a launcher alone", || page.count("[part=launcher]") == 1 && page.count(".window") == 0).await;
    handle.set_config(config("inline")).unwrap();
    soon("the region", || page.count("[part=launcher]") == 0 && page.count(".window") == 1).await;
}

#[wasm_bindgen_test]
async fn unmounting_leaves_nothing_behind() {
    let page = Page::new();
    let handle = mount(page.root(), config("inline"), host()).unwrap();
    soon("tabs", || page.count("[role=tab]") == 3).await;
    handle.unmount();
    assert_eq!(page.root().child_nodes().length(), 0);
    // The same place can be used again.
    let _again = mount(page.root(), config("inline"), host()).unwrap();
    soon("tabs", || page.count("[role=tab]") == 3).await;
}

#[wasm_bindgen_test]
async fn two_widgets_share_a_style_and_nothing_else() {
    let (one, other) = (Page::new(), Page::new());
    let first = mount(one.root(), config("launcher"), host()).unwrap();
    let _second = mount(other.root(), config("launcher"), host()).unwrap();
    first.open();
    soon("the first window", || one.count("[role=dialog]") == 1).await;
    assert_eq!(other.count("[role=dialog]"), 0);
    assert!(one.has_sheet_of(&other), "one constructable sheet for all");
    first.unmount();
    other.click("button[part=launcher]");
    soon("the second window", || other.count("[role=dialog]") == 1).await;
}

#[wasm_bindgen_test]
fn a_gateway_that_is_no_address_is_thrown_as_a_text_that_names_the_attribute() {
    for wrong in ["", "ai.example.com", "javascript:alert(1)"] {
        let page = Page::new();
        let config = config("inline");
        set(&config, "gateway", wrong);
        let error = mount(page.root(), config, host()).err().and_then(|error| error.as_string());
        assert!(error.is_some_and(|error| error.starts_with("gateway=")), "{wrong:?}");
        assert_eq!(page.root().child_nodes().length(), 0, "nothing is drawn");
    }
}

#[wasm_bindgen_test]
async fn a_gateway_that_does_not_answer_is_told_on_the_panel_and_to_the_page() {
    let page = Page::new();
    let host = host();
    let _handle = mount(page.root(), config("inline"), host.clone()).unwrap();
    soon("the alert", || page.count(".window > [role=alert] button") == 1).await;
    assert_eq!(heard(&host), ["triptych-ready", "triptych-error"]);
}

#[wasm_bindgen_test]
fn the_page_hears_of_every_opening_the_first_included() {
    let page = Page::new();
    let (host, config) = (host(), config("launcher"));
    js_sys::Reflect::set(&config, &"open".into(), &true.into()).unwrap();
    let handle = mount(page.root(), config, host.clone()).unwrap();
    assert_eq!(heard(&host), ["triptych-ready", "triptych-open"]);
    handle.close();
    handle.open();
    assert_eq!(heard(&host).split_off(2), ["triptych-close", "triptych-open"]);
}

#[wasm_bindgen_test]
fn the_version_is_that_of_the_crate() {
    assert_eq!(version(), env!("CARGO_PKG_VERSION"));
}

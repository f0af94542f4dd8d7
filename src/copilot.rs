//! The widget as a Leptos component.

use std::rc::Rc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, ShadowRootInit, ShadowRootMode};

use crate::client::token::from_config_alone;
use crate::config::Config;
use crate::host::{Emit, Functions, HostEvent, Work};
use crate::mount::{Mounted, mount};
use crate::view::Chunks;

/// The copilot for a Leptos application: the same widget that the custom element shows, in a shadow root of its own,
/// so that neither style touches the other. `config.token_url` says where your backend hands out browser tokens; a page
/// without one has a `site_key`.
#[component]
pub fn Copilot(
    /// Whom it talks to and how it looks; read once.
    config: Config,
    /// Called with everything that happens. Answer false to [`HostEvent::TopUp`] to take care of it yourself.
    #[prop(optional, into)]
    on_event: Option<Callback<HostEvent, bool>>,
) -> impl IntoView {
    let host = NodeRef::<html::Div>::new();
    let mounted = StoredValue::new_local(None::<Mounted>);
    let problem = RwSignal::new(None::<String>);
    Effect::new(move || {
        let Some(host) = host.get() else { return };
        let Some(root) = shadow_root(&host.unchecked_into()) else { return };
        let Some(tokens) = from_config_alone(&config) else {
            problem.set(Some("Set token_url, or site_key, and the gateway's address.".into()));
            return;
        };
        let emit: Emit = Rc::new(move |event| on_event.is_none_or(|on_event| on_event.run(event)));
        match mount(&root, &config, tokens, emit, no_functions(), Chunks::none()) {
            Ok(widget) => mounted.set_value(Some(widget)),
            Err(error) => problem.set(Some(error.to_string())),
        }
    });
    on_cleanup(move || {
        mounted.try_update_value(|mounted| drop(mounted.take()));
    });
    view! {
        <div class="triptych-copilot" node_ref=host></div>
        {move || problem.get().map(|problem| view! { <p role="alert">{problem}</p> })}
    }
}

/// An application that offers none is asked for none, but for those of a chat that another page has had.
fn no_functions() -> Functions {
    Rc::new(|_, _| Work {
        result: Box::pin(async { Err("There is no such function here.".to_owned()) }),
        cancel: Box::new(|| {}),
    })
}

fn shadow_root(host: &HtmlElement) -> Option<HtmlElement> {
    let shadow = host.attach_shadow(&ShadowRootInit::new(ShadowRootMode::Open)).ok()?;
    let root: HtmlElement = host.owner_document()?.create_element("div").ok()?.unchecked_into();
    root.set_attribute("part", "root").ok()?;
    shadow.append_child(&root).ok()?;
    Some(root)
}

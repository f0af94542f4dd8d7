//! What JavaScript sees: the only `#[wasm_bindgen]` exports. The element class owns the lifecycle and holds a handle.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Once;

use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use triptych_protocol::json::Json;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::HtmlElement;

use crate::client::property;
use crate::client::token::{Source, Token, from_config};
use crate::config::Config;
use crate::error::{Failure, FailureKind};
use crate::host::{Emit, HostEvent};
use crate::locale::Text;
use crate::mount::{Mounted, mount as mount_view};
use crate::view::Chunks;

thread_local! {
    /// The hosts of the widgets that run, to be told of a panic.
    static HOSTS: RefCell<Vec<JsValue>> = const { RefCell::new(Vec::new()) };
}

/// A running widget. It is stopped and taken off the page by `unmount`, or when it is freed.
#[wasm_bindgen]
pub struct WidgetHandle {
    mounted: Mounted,
    host: JsValue,
}

impl Drop for WidgetHandle {
    fn drop(&mut self) {
        HOSTS.with_borrow_mut(|hosts| hosts.retain(|host| *host != self.host));
    }
}

/// Puts a widget into `root`, an element within an open shadow root. `config` has the element's attributes in camel
/// case; `host` has `emit(name, detail, cancelable)` and perhaps `getToken(reason)` and `chunk(name)`, which promises
/// the exports of a part of the widget that comes when it is needed. Throws a string that names the attribute at fault.
#[wasm_bindgen]
pub fn mount(root: HtmlElement, config: JsValue, host: JsValue) -> Result<WidgetHandle, JsValue> {
    let config = read_config(config)?;
    let tokens = token_source(&config, &host, &root);
    let mounted = mount_view(&root, &config, tokens, emitter(host.clone()), Chunks::new(host.clone()));
    let mounted = mounted.map_err(|error| JsValue::from_str(&error.to_string()))?;
    tell_of_panics();
    HOSTS.with_borrow_mut(|hosts| hosts.push(host.clone()));
    Ok(WidgetHandle { mounted, host })
}

/// The version of the widget, which the loader compares with its own.
#[wasm_bindgen]
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

#[wasm_bindgen]
impl WidgetHandle {
    /// Takes over changed attributes. The gateway and the source of tokens stay those of the mount.
    pub fn set_config(&self, config: JsValue) -> Result<(), JsValue> {
        self.mounted.app.configure(&read_config(config)?);
        Ok(())
    }

    /// Opens the launcher.
    pub fn open(&self) {
        self.mounted.app.set_open(true);
    }

    /// Closes the launcher.
    pub fn close(&self) {
        self.mounted.app.set_open(false);
    }

    /// Sends a message as if the user had typed it, as soon as that can be. What the user types meanwhile stays.
    pub fn send(&self, text: String) {
        self.mounted.app.say(text);
    }

    /// Asks the gateway for the balance, as after a purchase.
    pub fn refresh_credits(&self) {
        self.mounted.app.refresh_credits();
    }

    /// Stops the widget and takes it off the page.
    pub fn unmount(self) {}
}

/// A panic ends the one instance that all widgets of the page share. Their hosts are told at once, because otherwise
/// they would only see it at their next call.
fn tell_of_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|_| {
            let hosts =
                HOSTS.try_with(|hosts| hosts.try_borrow().map(|hosts| hosts.clone()).unwrap_or_default());
            for host in hosts.unwrap_or_default() {
                emit(&host, "triptych-error", false, vec![("code", JsValue::from_str("crashed"))]);
            }
        }));
    });
}

fn read_config(config: JsValue) -> Result<Config, JsValue> {
    let text = JSON::stringify(&config).ok().and_then(|text| text.as_string());
    let json = text.and_then(|text| Json::parse(&text)).unwrap_or(Json::Null);
    Config::read(&json).map_err(|error| JsValue::from_str(&error.to_string()))
}

fn token_source(config: &Config, host: &JsValue, root: &HtmlElement) -> Source {
    let host = host.clone();
    let own = from_config(config, property(&root.get_root_node(), "host"));
    Rc::new(move |reason| {
        // Looked up at every call: a page may set the property after the element was made.
        let Ok(get_token) = property(&host, "getToken").dyn_into::<Function>() else {
            return match &own {
                Some(own) => own(reason),
                None => Box::pin(async { Ok(Token::none()) }),
            };
        };
        let host = host.clone();
        Box::pin(async move {
            let failed = |_| Failure::ours(FailureKind::Token, Text::FailedTokenPage);
            let answer = get_token.call1(&host, &JsValue::from_str(reason.as_str())).map_err(failed)?;
            let answer = JsFuture::from(Promise::resolve(&answer)).await.map_err(failed)?;
            Token::from_value(&answer)
        })
    })
}

fn emitter(host: JsValue) -> Emit {
    Rc::new(move |event| {
        let (name, cancelable, pairs) = describe(event);
        emit(&host, name, cancelable, pairs)
    })
}

fn emit(host: &JsValue, name: &str, cancelable: bool, pairs: Vec<(&'static str, JsValue)>) -> bool {
    let Ok(emit) = property(host, "emit").dyn_into::<Function>() else { return true };
    let detail = Object::new();
    for (key, value) in pairs {
        // A plain object takes any property.
        let _ = Reflect::set(&detail, &JsValue::from_str(key), &value);
    }
    let arguments = Array::of3(&JsValue::from_str(name), &detail, &JsValue::from_bool(cancelable));
    // A listener of the page that throws is the page's own affair.
    emit.apply(host, &arguments).map_or(true, |answer| answer != JsValue::FALSE)
}

type Described = (&'static str, bool, Vec<(&'static str, JsValue)>);

fn describe(event: HostEvent) -> Described {
    let text = |text: &str| JsValue::from_str(text);
    let credits = |amount: triptych_protocol::Credits| JsValue::from_f64(amount.micro() as f64);
    let maybe = |amount: Option<_>| amount.map_or(JsValue::NULL, credits);
    match event {
        HostEvent::Ready => ("triptych-ready", false, Vec::new()),
        HostEvent::Opened => ("triptych-open", false, Vec::new()),
        HostEvent::Closed => ("triptych-close", false, Vec::new()),
        HostEvent::Failed(failure) => (
            "triptych-error",
            false,
            vec![("code", text(failure.code())), ("message", text(&failure.message))],
        ),
        HostEvent::Credits(balance) => {
            let detail = vec![
                ("available", credits(balance.available)),
                ("held", credits(balance.held)),
                ("currency", text(&balance.currency)),
            ];
            ("triptych-credits", false, detail)
        }
        HostEvent::TopUp { url, needed, available } => {
            let url = url.map_or(JsValue::NULL, |url| text(&url));
            (
                "triptych-top-up",
                true,
                vec![("url", url), ("needed", maybe(needed)), ("available", maybe(available))],
            )
        }
        HostEvent::Message { thread, id, text: message } => (
            "triptych-message",
            false,
            vec![
                ("role", text("assistant")),
                ("text", text(&message)),
                ("id", text(&id)),
                ("thread", text(&thread)),
            ],
        ),
        HostEvent::Feedback { thread, id, good } => {
            let value = good.map_or(JsValue::NULL, |good| text(if good { "good" } else { "bad" }));
            ("triptych-feedback", false, vec![("id", text(&id)), ("thread", text(&thread)), ("value", value)])
        }
        HostEvent::Asset { kind, url, id } => {
            ("triptych-asset", false, vec![("kind", text(kind)), ("url", text(&url)), ("id", text(&id))])
        }
    }
}

//! What JavaScript sees: the only `#[wasm_bindgen]` exports. The element class owns the lifecycle and holds a handle.

use std::rc::Rc;

use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use triptych_protocol::json::Json;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, HtmlElement};

use crate::app::Question;
use crate::client::token::{Source, Token, from_config};
use crate::client::{property, tabs};
use crate::config::Config;
use crate::error::{Failure, FailureKind};
use crate::host::{Emit, Functions, HostEvent, Settle, Work};
use crate::locale::Text;
use crate::mount::{Mounted, mount as mount_view};
use crate::tools::Tool;
use crate::view::Chunks;

/// A running widget. It is stopped and taken off the page by `unmount`, or when it is freed.
#[wasm_bindgen]
pub struct WidgetHandle {
    mounted: Mounted,
}

/// Puts a widget into `root`, an element within an open shadow root. `config` has the element's attributes in camel
/// case; `host` has `emit(name, detail, cancelable)` and perhaps `getToken(reason)`, `chunk(name)`, which promises the
/// exports of a part of the widget that comes when it is needed, and `callTool(name, arguments, signal)`, which promises
/// a text. Throws a string that names the attribute at fault.
#[wasm_bindgen]
pub fn mount(root: HtmlElement, config: JsValue, host: JsValue) -> Result<WidgetHandle, JsValue> {
    let config = read_config(config)?;
    tabs::release_at_crash(&property(&host, "hold"));
    let tokens = token_source(&config, &host, &root);
    let mounted =
        mount_view(&root, &config, tokens, emitter(host.clone()), functions(host.clone()), Chunks::new(host));
    let mounted = mounted.map_err(|error| JsValue::from_str(&error.to_string()))?;
    Ok(WidgetHandle { mounted })
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
    /// `format`, which may be empty, is the form that the answer is to have, as JSON. `settle` is called once, with the
    /// answer, or with a sentence and a code.
    pub fn send(&self, text: String, format: String, settle: Option<Function>) {
        let settle = settle.map(|settle| -> Settle {
            Box::new(move |text, code| {
                let code = code.map_or(JsValue::UNDEFINED, JsValue::from_str);
                // It is ours and does not throw.
                let _ = settle.call2(&JsValue::NULL, &JsValue::from_str(text), &code);
            })
        });
        self.mounted.app.say(Question { text, format, settle });
    }

    /// Says which functions the page offers: their names, with a `?` where the user is asked before a call, and their
    /// definitions as a chat call has them, each on a line of its own.
    pub fn set_tools(&self, names: String, definitions: String) {
        let tools = names.split_ascii_whitespace().zip(definitions.lines());
        let tools = tools.map(|(name, definition)| Tool::read(name, definition)).collect();
        self.mounted.app.offer(tools, &definitions);
    }

    /// Says what the page shows: what it is called, how the user sees it, and as JSON. Nothing where they are empty.
    pub fn set_context(&self, title: String, shown: String, json: String) {
        self.mounted.app.share(title, shown, json);
    }

    /// Asks the gateway for the balance, as after a purchase.
    pub fn refresh_credits(&self) {
        self.mounted.app.refresh_credits();
    }

    /// Stops the widget and takes it off the page.
    pub fn unmount(self) {}
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

fn functions(host: JsValue) -> Functions {
    Rc::new(move |name, arguments| {
        let controller = AbortController::new().ok();
        let signal = controller.as_ref().map_or(JsValue::UNDEFINED, |controller| controller.signal().into());
        let called = property(&host, "callTool").dyn_into::<Function>().and_then(|call| {
            call.call3(&host, &JsValue::from_str(name), &JsValue::from_str(arguments), &signal)
        });
        let result = async move {
            let result = match called {
                Ok(promise) => JsFuture::from(Promise::resolve(&promise)).await,
                Err(error) => Err(error),
            };
            let text = |value: &JsValue| value.as_string();
            match result {
                Ok(value) => Ok(text(&value).unwrap_or_default()),
                // What is thrown is often an error, and may be anything.
                Err(error) => Err(text(&property(&error, "message"))
                    .or_else(|| text(&error))
                    .unwrap_or_else(|| "The function failed.".into())),
            }
        };
        let cancel = move || {
            if let Some(controller) = controller {
                controller.abort();
            }
        };
        Work { result: Box::pin(result), cancel: Box::new(cancel) }
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
        HostEvent::ToolCall { thread, id, call } => (
            "triptych-tool-call",
            false,
            vec![
                ("thread", text(&thread)),
                ("id", text(&id)),
                ("call", text(&call.id)),
                ("name", text(&call.name)),
                ("arguments", text(&call.arguments)),
                ("decision", call.decision.map_or(JsValue::NULL, |decision| text(decision.word()))),
                ("state", text(call.state.word())),
                ("size", JsValue::from_f64(call.result.map_or(0, |result| result.len()) as f64)),
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

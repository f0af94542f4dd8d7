//! The database itself: opened, brought up to date, asked. Knows nothing of what is kept in it but where.

use js_sys::{Array, Function, Promise, Reflect};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    IdbDatabase, IdbKeyRange, IdbObjectStoreParameters, IdbOpenDbRequest, IdbRequest, IdbTransaction,
    IdbTransactionMode,
};

/// One line for each thread: key `[owner, id]`.
pub(crate) const THREADS: &str = "threads";
/// One line for each message: key `[owner, thread, id]`.
pub(crate) const MESSAGES: &str = "messages";

/// Makes a version of the database out of the one before it.
pub(crate) type Migration = fn(&IdbDatabase, &IdbTransaction) -> Result<(), JsValue>;

/// All versions, in their order. What was ever shipped is never changed: a new version is a new line.
pub(crate) const MIGRATIONS: &[Migration] = &[threads_and_messages];

fn threads_and_messages(database: &IdbDatabase, _: &IdbTransaction) -> Result<(), JsValue> {
    for (name, key) in [(THREADS, &["owner", "id"][..]), (MESSAGES, &["owner", "thread", "id"])] {
        let options = IdbObjectStoreParameters::new();
        options.set_key_path(&strings(key));
        database.create_object_store_with_optional_parameters(name, &options)?;
    }
    Ok(())
}

/// Why nothing can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The browser has no storage, or none for this page, as in some private windows.
    Missing,
    /// Another tab has an older version open and does not let go of it.
    Blocked,
    /// The disk, or this page's share of it, is full.
    Full,
    /// It was deleted or closed under us, or is of a newer version.
    Lost,
}

/// An open database. It is let go of as soon as another tab wants to change or delete it.
pub(crate) struct Database {
    database: IdbDatabase,
    _yield: Closure<dyn FnMut()>,
}

impl Database {
    /// Opens a database and brings it to the version of the last migration.
    pub(crate) async fn open(name: &str, migrations: &'static [Migration]) -> Result<Database, Trouble> {
        let factory = web_sys::window().and_then(|window| window.indexed_db().ok().flatten());
        let factory = factory.ok_or(Trouble::Missing)?;
        let request = factory.open_with_u32(name, migrations.len() as u32).map_err(|_| Trouble::Missing)?;
        let asked = request.clone();
        let upgrade = Closure::<dyn FnMut(JsValue)>::new(move |event: JsValue| {
            let old = get(&event, "oldVersion").as_f64().unwrap_or_default() as usize;
            let database = asked.result().ok().and_then(|result| result.dyn_into::<IdbDatabase>().ok());
            let (Some(database), Some(transaction)) = (database, asked.transaction()) else { return };
            let done = migrations.iter().skip(old).try_for_each(|make| make(&database, &transaction));
            if done.is_err() {
                // Nothing of a half-made version stays.
                let _ = transaction.abort();
            }
        });
        request.set_onupgradeneeded(Some(upgrade.as_ref().unchecked_ref()));
        let opened = opened(&request).await;
        request.set_onupgradeneeded(None);
        let database: IdbDatabase = opened?.unchecked_into();
        let held = database.clone();
        let close = Closure::<dyn FnMut()>::new(move || held.close());
        database.set_onversionchange(Some(close.as_ref().unchecked_ref()));
        Ok(Database { database, _yield: close })
    }

    /// Begins a change of both stores.
    pub(crate) fn write(&self) -> Result<IdbTransaction, Trouble> {
        self.begin(IdbTransactionMode::Readwrite)
    }

    /// Begins a look at both stores, of one moment.
    pub(crate) fn read(&self) -> Result<IdbTransaction, Trouble> {
        self.begin(IdbTransactionMode::Readonly)
    }

    fn begin(&self, mode: IdbTransactionMode) -> Result<IdbTransaction, Trouble> {
        let stores = strings(&[THREADS, MESSAGES]);
        let begun = self.database.transaction_with_str_sequence_and_mode(&stores, mode);
        begun.map_err(|_| Trouble::Lost)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.database.set_onversionchange(None);
        self.database.close();
    }
}

/// Waits until a change is kept, all of it or none.
pub(crate) async fn kept(transaction: &IdbTransaction) -> Result<(), Trouble> {
    let done = Promise::new(&mut |resolve: Function, reject: Function| {
        transaction.set_oncomplete(Some(&resolve));
        transaction.set_onabort(Some(&reject));
    });
    // What is asked is asked: it need not wait for this page's next turn, which may never come.
    if let Ok(commit) = get(transaction, "commit").dyn_into::<Function>() {
        let _ = commit.call0(transaction);
    }
    match JsFuture::from(done).await {
        Ok(_) => Ok(()),
        Err(_) => Err(match transaction.error() {
            Some(error) if error.name() == "QuotaExceededError" => Trouble::Full,
            _ => Trouble::Lost,
        }),
    }
}

/// Waits for the answer of a request.
pub(crate) async fn answer(request: Result<IdbRequest, JsValue>) -> Result<JsValue, Trouble> {
    let request = request.map_err(|_| Trouble::Lost)?;
    JsFuture::from(promise(&request)).await.map_err(|_| Trouble::Lost)?;
    request.result().map_err(|_| Trouble::Lost)
}

/// All keys that begin with these words.
pub(crate) fn within(words: &[&str]) -> Result<IdbKeyRange, Trouble> {
    let (lower, upper) = (strings(words), strings(words));
    // An array comes after every text.
    upper.push(&Array::new());
    IdbKeyRange::bound(&lower, &upper).map_err(|_| Trouble::Lost)
}

/// A key of words.
pub(crate) fn strings(words: &[&str]) -> Array {
    words.iter().map(|word| JsValue::from_str(word)).collect()
}

/// A property; undefined where there is none.
pub(crate) fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
}

async fn opened(request: &IdbOpenDbRequest) -> Result<JsValue, Trouble> {
    let opened = promise(request);
    let blocked = Promise::new(&mut |_, reject: Function| request.set_onblocked(Some(&reject)));
    let first = Promise::race(&Array::of2(&opened, &blocked));
    match JsFuture::from(first).await {
        Ok(_) => request.result().map_err(|_| Trouble::Missing),
        Err(event) if get(&event, "type") == "blocked" => {
            // Should it be opened after all, nobody waits for it any more, and it must not block the next one.
            let late = request.clone();
            let close = Closure::once_into_js(move || {
                if let Ok(database) = late.result() {
                    database.unchecked_into::<IdbDatabase>().close();
                }
            });
            request.set_onsuccess(Some(close.unchecked_ref()));
            Err(Trouble::Blocked)
        }
        Err(_) => Err(match request.error().ok().flatten() {
            Some(error) if error.name() == "VersionError" => Trouble::Lost,
            Some(error) if error.name() == "QuotaExceededError" => Trouble::Full,
            _ => Trouble::Missing,
        }),
    }
}

fn promise(request: &IdbRequest) -> Promise {
    Promise::new(&mut |resolve: Function, reject: Function| {
        request.set_onsuccess(Some(&resolve));
        request.set_onerror(Some(&reject));
    })
}

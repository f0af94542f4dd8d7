//! The database of chats, in the browser's own: what an earlier version kept is there in the next one.

use js_sys::{Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{IdbDatabase, IdbTransaction};

#[path = "../../src/client/vault/database.rs"]
#[allow(dead_code, unreachable_pub)]
mod database;

use database::{Database, MESSAGES, MIGRATIONS, Migration, THREADS, Trouble, answer, get, kept, strings};

/// The next version as one would be written: what it adds, and what it makes of what is there.
const NEXT: &[Migration] = &[MIGRATIONS[0], titles_in_capitals];

fn titles_in_capitals(_: &IdbDatabase, transaction: &IdbTransaction) -> Result<(), JsValue> {
    let store = transaction.object_store(THREADS)?;
    let request = store.get(&strings(&["owner", "one"]))?;
    let asked = request.clone();
    let then = wasm_bindgen::closure::Closure::once_into_js(move || {
        let line = asked.result().unwrap();
        let title = get(&line, "title").as_string().unwrap().to_uppercase();
        Reflect::set(&line, &"title".into(), &title.into()).unwrap();
        store.put(&line).unwrap();
    });
    request.set_onsuccess(Some(then.unchecked_ref()));
    Ok(())
}

fn half_made(database: &IdbDatabase, _: &IdbTransaction) -> Result<(), JsValue> {
    database.create_object_store("half")?;
    Err(JsValue::NULL)
}

fn line(id: &str, title: &str) -> Object {
    let line = Object::new();
    for (name, value) in [("owner", "owner"), ("id", id), ("title", title)] {
        Reflect::set(&line, &name.into(), &value.into()).unwrap();
    }
    line
}

async fn write(database: &Database, id: &str, title: &str) -> Result<(), Trouble> {
    let transaction = database.write()?;
    transaction.object_store(THREADS).unwrap().put(&line(id, title)).unwrap();
    kept(&transaction).await
}

async fn title(database: &Database, id: &str) -> Option<String> {
    let store = database.read().unwrap().object_store(THREADS).unwrap();
    get(&answer(store.get(&strings(&["owner", id]))).await.unwrap(), "title").as_string()
}

#[wasm_bindgen_test]
async fn what_an_earlier_version_kept_is_there_in_the_next_one() {
    let name = "triptych-test-migration";
    let old = Database::open(name, MIGRATIONS).await.unwrap();
    write(&old, "one", "tides").await.unwrap();
    // The old one is still open, as in another tab: it lets go by itself.
    let new = Database::open(name, NEXT).await.unwrap();
    assert_eq!(title(&new, "one").await.as_deref(), Some("TIDES"));
    assert_eq!(write(&old, "two", "rain").await, Err(Trouble::Lost), "the old version writes no more");
    drop(new);
    assert_eq!(
        Database::open(name, MIGRATIONS).await.err(),
        Some(Trouble::Lost),
        "an old tab touches nothing new"
    );
}

#[wasm_bindgen_test]
async fn a_version_that_could_not_be_made_leaves_the_old_one_as_it_was() {
    const BROKEN: &[Migration] = &[MIGRATIONS[0], half_made];
    let name = "triptych-test-broken";
    let old = Database::open(name, MIGRATIONS).await.unwrap();
    write(&old, "one", "tides").await.unwrap();
    assert!(Database::open(name, BROKEN).await.is_err());
    let again = Database::open(name, MIGRATIONS).await.unwrap();
    assert_eq!(title(&again, "one").await.as_deref(), Some("tides"));
}

#[wasm_bindgen_test]
async fn what_is_written_together_is_there_together_or_not_at_all() {
    let database = Database::open("triptych-test-together", MIGRATIONS).await.unwrap();
    let transaction = database.write().unwrap();
    transaction.object_store(THREADS).unwrap().put(&line("one", "tides")).unwrap();
    // A message without its key is refused, and with it all that was to be written with it.
    assert!(transaction.object_store(MESSAGES).unwrap().put(&Object::new()).is_err());
    transaction.abort().unwrap();
    assert_eq!(kept(&transaction).await, Err(Trouble::Lost));
    assert_eq!(title(&database, "one").await, None);
}

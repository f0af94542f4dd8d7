//! Threads that outlive the page: kept in the browser's database, apart by user. What is written together is there
//! together or not at all, so the text of an answer under way and the event after which it goes on always fit.

mod database;
mod record;

use futures_util::future::join3;
use js_sys::{Array, JSON, JsString, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{IdbKeyRange, IdbObjectStore, IdbTransaction};

pub(crate) use self::database::Trouble;
use self::database::{Database, MESSAGES, MIGRATIONS, THREADS, answer, get, kept, strings, within};
use self::record::{row, set};
use crate::session::Session;
use crate::thread::{Live, Message, MessageId, Thread};
use crate::threads::Row;

const NAME: &str = "triptych";
/// How many messages are looked through before the page gets its turn.
const PAGE: u32 = 400;
/// What lists hold at most; a store full of lines that somebody else wrote must not hold up the page.
const MOST_THREADS: u32 = 5_000;

/// The threads of one user of one gateway.
pub(crate) struct Vault {
    database: Database,
    owner: String,
}

impl Vault {
    /// Opens the threads of a user. `owner` names the user among all of all gateways.
    pub(crate) async fn open(owner: String) -> Result<Vault, Trouble> {
        Ok(Vault { database: Database::open(NAME, MIGRATIONS).await?, owner })
    }

    /// Who the threads belong to.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// A line for each thread, in no order.
    pub(crate) async fn rows(&self) -> Result<Vec<Row>, Trouble> {
        let transaction = self.database.read()?;
        let range = within(&[&self.owner])?;
        let all = store(&transaction, THREADS)?.get_all_with_key_and_limit(&range, MOST_THREADS);
        Ok(Array::from(&answer(all).await?).iter().filter_map(|line| row(&line)).collect())
    }

    /// The line of one thread.
    pub(crate) async fn row(&self, id: &str) -> Result<Option<Row>, Trouble> {
        let transaction = self.database.read()?;
        let line = answer(store(&transaction, THREADS)?.get(&strings(&[&self.owner, id]))).await?;
        Ok(row(&line))
    }

    /// A thread and what its answer under way is taken up by, of one moment. What cannot be read of it is left out.
    pub(crate) async fn load(&self, id: &str) -> Result<Option<(Thread, Option<Live>)>, Trouble> {
        let (thread, messages, draft) = self.lines(id).await?;
        Ok(record::thread(&thread, &messages).map(|(mut thread, live)| {
            thread.draft = get(&draft, "text").as_string().unwrap_or_default();
            (thread, live)
        }))
    }

    /// Keeps what has changed of a thread, together: the words of an answer under way and what the next ones come
    /// after. What is to be kept is taken at once, and kept when the answer is there.
    pub(crate) fn save(
        &self,
        session: &Session,
        change: &Unkept,
    ) -> Result<impl Future<Output = Result<(), Trouble>> + use<>, Trouble> {
        let thread = session.thread();
        let transaction = self.database.write()?;
        let threads = store(&transaction, THREADS)?;
        if change.draft {
            put(&threads, &self.draft_line(thread))?;
        }
        let line = record::thread_line(session);
        set(&line, "owner", &self.owner.as_str().into());
        put(&threads, &line)?;
        let store = store(&transaction, MESSAGES)?;
        for message in change.changed.iter().filter_map(|id| thread.message(*id)) {
            put(&store, &self.message_line(&thread.id.0, message))?;
        }
        for id in change.removed.iter().filter(|id| thread.message(**id).is_none()) {
            let key = strings(&[&self.owner, &thread.id.0]);
            key.push(&id.0.into());
            store.delete(&key).map_err(|_| Trouble::Lost)?;
        }
        Ok(async move { kept(&transaction).await })
    }

    /// Keeps that these calls of a message run, before they do. False where another tab has done so before: without
    /// locks several tabs may come to them. Whose turn it is is settled at once.
    pub(crate) fn claim(
        &self,
        thread: &str,
        message: &Message,
        places: Vec<usize>,
    ) -> Result<impl Future<Output = Result<bool, Trouble>> + use<>, Trouble> {
        let transaction = self.database.write()?;
        let store = store(&transaction, MESSAGES)?;
        let key = strings(&[&self.owner, thread]);
        key.push(&message.id.0.into());
        let before = store.get(&key);
        let line = self.message_line(thread, message);
        Ok(async move {
            let before = answer(before).await?;
            if places.into_iter().any(|place| record::has_begun(&before, place)) {
                return Ok(false);
            }
            put(&store, &line)?;
            kept(&transaction).await.map(|()| true)
        })
    }

    /// Changes one property of a thread's line.
    pub(crate) async fn mark(&self, id: &str, name: &str, mark: Mark) -> Result<(), Trouble> {
        let transaction = self.database.write()?;
        let threads = store(&transaction, THREADS)?;
        let line = answer(threads.get(&strings(&[&self.owner, id]))).await?;
        if line.is_object() {
            set(&line, name, &mark.value());
            put(&threads, line.unchecked_ref())?;
        }
        kept(&transaction).await
    }

    /// Forgets a thread for good.
    pub(crate) async fn erase(&self, id: &str) -> Result<(), Trouble> {
        let transaction = self.database.write()?;
        let lost = |_| Trouble::Lost;
        let threads = store(&transaction, THREADS)?;
        threads.delete(&strings(&[&self.owner, id])).map_err(lost)?;
        threads.delete(&strings(&[&self.owner, &draft_id(id)])).map_err(lost)?;
        store(&transaction, MESSAGES)?.delete(&within(&[&self.owner, id])?.into()).map_err(lost)?;
        kept(&transaction).await
    }

    /// Looks for words in all messages, whatever their case. `found` hears of threads as they are found, and says
    /// whether to go on.
    pub(crate) async fn search(
        &self,
        words: &str,
        mut found: impl FnMut(Vec<String>) -> bool,
    ) -> Result<(), Trouble> {
        let words = words.to_lowercase();
        let mut range = within(&[&self.owner])?;
        loop {
            let transaction = self.database.read()?;
            let page = store(&transaction, MESSAGES)?.get_all_with_key_and_limit(&range, PAGE);
            let page = Array::from(&answer(page).await?);
            let mut hits: Vec<String> = Vec::new();
            for line in page.iter() {
                let Ok(text) = get(&line, "text").dyn_into::<JsString>() else { continue };
                // In the browser's own strings: nothing is copied that is not wanted.
                if text.to_lower_case().includes(&words, 0)
                    && let Some(thread) = get(&line, "thread").as_string()
                    && hits.last() != Some(&thread)
                {
                    hits.push(thread);
                }
            }
            if !found(hits) || page.length() < PAGE {
                return Ok(());
            }
            let last = page.get(page.length() - 1);
            let after = [get(&last, "owner"), get(&last, "thread"), get(&last, "id")];
            let rest = IdbKeyRange::bound_with_lower_open(
                &after.iter().collect::<Array>(),
                &range.upper().map_err(|_| Trouble::Lost)?,
                true,
            );
            range = rest.map_err(|_| Trouble::Lost)?;
        }
    }

    /// Threads as a file of JSON, each with its messages.
    pub(crate) async fn json(&self, ids: &[String]) -> Result<String, Trouble> {
        let threads = Array::new();
        for id in ids {
            let (thread, messages, _) = self.lines(id).await?;
            if !thread.is_object() {
                continue;
            }
            for line in messages.iter() {
                forget(&line, &["owner", "thread"]);
            }
            // Whose it is, what only this browser knows of a call under way, and what the user lets through here, is
            // nobody else's.
            forget(&thread, &["owner", "deleted", "live", "trusts"]);
            set(&thread, "messages", &messages);
            threads.push(&thread);
        }
        let file = Object::new();
        set(&file, "format", &"triptych-threads".into());
        set(&file, "version", &1.into());
        set(&file, "threads", &threads);
        let text = JSON::stringify_with_replacer_and_space(&file, &JsValue::NULL, &2.into());
        text.map(String::from).map_err(|_| Trouble::Lost)
    }

    fn message_line(&self, thread: &str, message: &Message) -> Object {
        let line = record::message_line(message);
        set(&line, "owner", &self.owner.as_str().into());
        set(&line, "thread", &thread.into());
        line
    }

    /// What is typed has a line of its own, so that a tab that reads an answer does not write over what another types.
    fn draft_line(&self, thread: &Thread) -> Object {
        let line = Object::new();
        set(&line, "owner", &self.owner.as_str().into());
        set(&line, "id", &draft_id(&thread.id.0).into());
        set(&line, "text", &thread.draft.as_str().into());
        line
    }

    async fn lines(&self, id: &str) -> Result<(JsValue, Array, JsValue), Trouble> {
        let transaction = self.database.read()?;
        let threads = store(&transaction, THREADS)?;
        let thread = threads.get(&strings(&[&self.owner, id]));
        let draft = threads.get(&strings(&[&self.owner, &draft_id(id)]));
        let messages = store(&transaction, MESSAGES)?.get_all_with_key(&within(&[&self.owner, id])?.into());
        // All are asked before any is waited for: a look without a question ends.
        let (thread, messages, draft) = join3(answer(thread), answer(messages), answer(draft)).await;
        Ok((thread?, Array::from(&messages?), draft?))
    }
}

/// What of a thread is not kept yet.
#[derive(Debug, Default)]
pub(crate) struct Unkept {
    /// Something at all: the thread's own line is always written.
    pub(crate) thread: bool,
    /// What is typed.
    pub(crate) draft: bool,
    /// Messages that are new or have changed.
    pub(crate) changed: Vec<MessageId>,
    /// Messages that are gone.
    pub(crate) removed: Vec<MessageId>,
}

fn draft_id(id: &str) -> String {
    ["draft:", id].concat()
}

/// What a property of a thread's line becomes.
pub(crate) enum Mark {
    Text(String),
    Time(f64),
    Nothing,
}

impl Mark {
    fn value(&self) -> JsValue {
        match self {
            Mark::Text(text) => JsValue::from_str(text),
            Mark::Time(time) => JsValue::from_f64(*time),
            Mark::Nothing => JsValue::NULL,
        }
    }
}

fn store(transaction: &IdbTransaction, name: &str) -> Result<IdbObjectStore, Trouble> {
    transaction.object_store(name).map_err(|_| Trouble::Lost)
}

fn put(store: &IdbObjectStore, line: &Object) -> Result<(), Trouble> {
    store.put(line).map(drop).map_err(|_| Trouble::Lost)
}

fn forget(line: &JsValue, names: &[&str]) {
    for name in names {
        let _ = Reflect::delete_property::<Object>(line.unchecked_ref(), &JsValue::from_str(name));
    }
}

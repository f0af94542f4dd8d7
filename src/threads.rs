//! The list of threads as a state machine: what happened goes in, what is to be done comes out. The threads themselves
//! are kept elsewhere; here are their lines.

mod day;
mod export;
mod signal;
mod title;

pub use day::Day;
pub use export::{Said, file_name, markdown};
pub use signal::{Effect, Input};
pub use title::clean_title;

/// How long a deleted thread can be had back, in milliseconds.
pub const UNDO_MS: f64 = 8_000.0;

/// One line of the list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The thread.
    pub id: String,
    /// What it is called; empty before its first message.
    pub title: String,
    /// When something was said in it last, in milliseconds since 1970.
    pub updated: f64,
    /// An answer is under way in it.
    pub running: bool,
    /// When it was deleted; it can still be had back for a while.
    pub deleted: Option<f64>,
}

/// The list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Threads {
    /// Newest first.
    rows: Vec<Row>,
    query: String,
    /// Threads in which a message has the words that are looked for.
    found: Vec<String>,
    current: Option<String>,
    /// The last one that was deleted here.
    bin: Option<Row>,
}

impl Threads {
    /// What is seen: newest first, those that have the words that are looked for.
    pub fn shown(&self) -> Vec<Row> {
        let words = self.query.trim().to_lowercase();
        let rows = self.rows.iter();
        rows.filter(|row| {
            words.is_empty() || row.title.to_lowercase().contains(&words) || self.found.contains(&row.id)
        })
        .cloned()
        .collect()
    }

    /// All threads, newest first.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// A line by its thread.
    pub fn row(&self, id: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// The thread that is shown.
    pub fn current(&self) -> Option<&str> {
        self.current.as_deref()
    }

    /// The words that are looked for.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// What can be had back.
    pub fn bin(&self) -> Option<&Row> {
        self.bin.as_ref()
    }

    /// Takes in what happened; the effects are to be carried out in their order.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match input {
            Input::Listed { rows, now } => self.listed(rows, now),
            Input::Changed(row) => self.changed(row),
            Input::Gone(id) => self.gone(&id),
            Input::Search(query) => self.search(query),
            Input::Found { query, ids } if query == self.query => {
                self.found.extend(ids);
                vec![Effect::List]
            }
            Input::Found { .. } => Vec::new(),
            Input::Open(id) if self.current.as_ref() == Some(&id) => Vec::new(),
            Input::Open(id) => vec![Effect::Open(id)],
            Input::Shown(id) => {
                self.current = id;
                vec![Effect::List]
            }
            Input::Rename { id, title } => self.rename(&id, &title),
            Input::Delete { id, now } => self.delete(&id, now),
            Input::Undo => self.undo(),
            Input::Forget => self.forget(),
        }
    }

    fn listed(&mut self, rows: Vec<Row>, now: f64) -> Vec<Effect> {
        let (gone, kept): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.deleted.is_some());
        self.rows = kept;
        self.rows.sort_by(|one, other| other.updated.total_cmp(&one.updated));
        // What was deleted by a tab that is gone is cleared away by whoever comes next.
        let over = |row: &Row| row.deleted.is_none_or(|at| !(0.0..2.0 * UNDO_MS).contains(&(now - at)));
        let mut effects: Vec<Effect> =
            gone.into_iter().filter(over).map(|row| Effect::Erase(row.id)).collect();
        effects.push(Effect::List);
        effects
    }

    fn changed(&mut self, row: Row) -> Vec<Effect> {
        if row.deleted.is_some() {
            return self.gone(&row.id);
        }
        if self.row(&row.id) == Some(&row) {
            return Vec::new();
        }
        self.rows.retain(|old| old.id != row.id);
        self.insert(row);
        vec![Effect::List]
    }

    fn gone(&mut self, id: &str) -> Vec<Effect> {
        if self.row(id).is_none() {
            return Vec::new();
        }
        self.rows.retain(|row| row.id != id);
        let mut effects = vec![Effect::List];
        if self.current.as_deref() == Some(id) {
            effects.push(Effect::New);
        }
        effects
    }

    fn search(&mut self, query: String) -> Vec<Effect> {
        if query == self.query {
            return Vec::new();
        }
        self.query = query;
        self.found.clear();
        let mut effects = vec![Effect::List];
        if !self.query.trim().is_empty() {
            effects.push(Effect::Search(self.query.clone()));
        }
        effects
    }

    fn rename(&mut self, id: &str, title: &str) -> Vec<Effect> {
        let title = clean_title(title);
        let Some(row) = self.rows.iter_mut().find(|row| row.id == id) else { return Vec::new() };
        // An empty name is no name: the old one stays.
        if title.is_empty() || row.title == title {
            return vec![Effect::List];
        }
        row.title.clone_from(&title);
        vec![Effect::List, Effect::Rename { id: id.to_owned(), title }]
    }

    fn delete(&mut self, id: &str, now: f64) -> Vec<Effect> {
        let Some(mut row) = self.row(id).cloned() else { return Vec::new() };
        let mut effects = self.forget();
        // The list first, so that a fresh thread is not made while the old one is still there.
        effects.extend(self.gone(id));
        row.deleted = Some(now);
        effects.push(Effect::Hide { id: row.id.clone(), at: now });
        self.bin = Some(row);
        effects.push(Effect::Wait);
        effects
    }

    fn undo(&mut self) -> Vec<Effect> {
        let Some(mut row) = self.bin.take() else { return Vec::new() };
        row.deleted = None;
        let id = row.id.clone();
        self.insert(row);
        vec![Effect::List, Effect::Restore(id)]
    }

    fn forget(&mut self) -> Vec<Effect> {
        self.bin.take().map_or_else(Vec::new, |row| vec![Effect::List, Effect::Erase(row.id)])
    }

    fn insert(&mut self, row: Row) {
        let place = self.rows.partition_point(|old| old.updated > row.updated);
        self.rows.insert(place, row);
    }
}

#[cfg(test)]
#[path = "threads/tests.rs"]
mod tests;

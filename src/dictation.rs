//! Words that are spoken into the draft. What is not sure yet is shown and corrected; what is typed meanwhile stays.

/// Something the browser has heard, from the beginning of the dictation on: all of it comes each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The words.
    pub words: String,
    /// They will not change any more.
    pub sure: bool,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The user begins to speak, or has spoken. The draft is as it is now.
    Press(String),
    /// The browser has heard something.
    Heard(Vec<Heard>),
    /// The user typed, and the draft is this.
    Typed(String),
    /// The draft was sent, or is another one.
    Replaced,
    /// The browser listens no more, with the name of an error where it was one.
    Ended(Option<String>),
    /// The user wants to speak no more.
    Stop,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The browser is to listen.
    Listen,
    /// The browser is to finish what it has heard.
    Finish,
    /// The browser is to forget what it has heard.
    Forget,
    /// The draft becomes this.
    Write(String),
    /// Whether it listens.
    Show(bool),
    /// The user is to be told of it.
    Tell(Problem),
    /// The browser has ended it by itself.
    Over,
}

/// Why nothing is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// The user or the page allows no microphone.
    Denied,
    /// There is no microphone.
    NoMicrophone,
    /// The browser's service cannot be reached.
    Network,
    /// Nobody spoke.
    Silence,
    /// The browser cannot.
    Unable,
}

/// A dictation.
#[derive(Clone, Debug, Default)]
pub struct Dictation {
    session: Option<Session>,
}

#[derive(Clone, Debug, Default)]
struct Session {
    /// What stands before the words that are not sure, and after them.
    before: String,
    unsure: String,
    after: String,
    /// So much of what the browser has heard is in the draft for good.
    taken: usize,
    /// So much the browser has heard.
    heard: usize,
    /// So much of it is not to be written, as the user has typed over it.
    passed: usize,
    finishing: bool,
}

impl Dictation {
    /// Whether the user speaks.
    pub fn listens(&self) -> bool {
        self.session.as_ref().is_some_and(|session| !session.finishing)
    }

    /// Takes in what happened; answers with what is to be done.
    pub fn handle(&mut self, input: Input) -> Vec<Effect> {
        match (input, &mut self.session) {
            (Input::Press(draft), None) => {
                self.session = Some(Session { before: draft, ..Session::default() });
                vec![Effect::Listen, Effect::Show(true)]
            }
            (Input::Press(_) | Input::Stop, Some(session)) if !session.finishing => {
                session.finishing = true;
                vec![Effect::Finish, Effect::Show(false)]
            }
            // What the last one has left is given up for the next.
            (Input::Press(draft), Some(_)) => {
                self.session = Some(Session { before: draft, ..Session::default() });
                vec![Effect::Forget, Effect::Listen, Effect::Show(true)]
            }
            (Input::Heard(heard), Some(session)) => {
                session.hear(&heard).map(Effect::Write).into_iter().collect()
            }
            (Input::Typed(draft), Some(session)) => {
                session.take_over(draft);
                Vec::new()
            }
            (Input::Replaced, Some(_)) => {
                self.session = None;
                vec![Effect::Forget, Effect::Show(false)]
            }
            (Input::Ended(error), Some(session)) => {
                let told = match error.as_deref().and_then(problem) {
                    _ if session.finishing => None,
                    Some(Problem::Silence) if session.taken > 0 => Some(Effect::Over),
                    Some(problem) => Some(Effect::Tell(problem)),
                    None => Some(Effect::Over),
                };
                self.session = None;
                [Effect::Forget, Effect::Show(false)].into_iter().chain(told).collect()
            }
            (_, _) => Vec::new(),
        }
    }
}

impl Session {
    /// The draft with what was heard, where that is another one.
    fn hear(&mut self, heard: &[Heard]) -> Option<String> {
        let was = self.draft();
        self.heard = heard.len();
        self.taken = self.taken.max(self.passed);
        while let Some(one) = heard.get(self.taken).filter(|one| one.sure) {
            self.before = joined(&self.before, one.words.trim());
            self.taken += 1;
        }
        self.unsure.clear();
        for one in heard.iter().skip(self.taken) {
            self.unsure = joined(&self.unsure, one.words.trim());
        }
        if self.unsure.is_empty() {
            // What is said next is the end of it all.
            self.before = self.draft();
            self.after.clear();
        }
        let draft = self.draft();
        (draft != was).then_some(draft)
    }

    fn draft(&self) -> String {
        joined(&joined(&self.before, &self.unsure), &self.after)
    }

    /// The user has typed before or after the words that are not sure; or in them, and then they are the user's.
    fn take_over(&mut self, draft: String) {
        let found = if self.unsure.is_empty() { None } else { draft.rfind(&self.unsure) };
        match found {
            Some(place) => {
                self.after = draft[place + self.unsure.len()..].to_owned();
                self.before = draft[..place].to_owned();
            }
            None => {
                if !self.unsure.is_empty() {
                    self.passed = self.heard;
                }
                self.unsure.clear();
                self.after.clear();
                self.before = draft;
            }
        }
    }
}

/// Two texts with a blank between them, unless there is one or the script has none.
pub(crate) fn joined(before: &str, after: &str) -> String {
    // Chinese and Japanese; Korean has blanks.
    let unspaced =
        |sign| matches!(sign, '\u{2e80}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{323af}');
    let close = |sign: char| sign.is_whitespace() || unspaced(sign);
    let words = if before.ends_with(char::is_whitespace) { after.trim_start() } else { after };
    let apart = !before.is_empty()
        && !words.is_empty()
        && !before.ends_with(close)
        && !words.starts_with(|sign: char| close(sign) || ".,;:!?)]…".contains(sign));
    [before, if apart { " " } else { "" }, words].concat()
}

/// What an error of the browser means. That it was taken back is none.
fn problem(error: &str) -> Option<Problem> {
    Some(match error {
        "aborted" => return None,
        "not-allowed" | "service-not-allowed" => Problem::Denied,
        "audio-capture" => Problem::NoMicrophone,
        "network" => Problem::Network,
        "no-speech" => Problem::Silence,
        _ => Problem::Unable,
    })
}

#[cfg(test)]
#[path = "dictation/tests.rs"]
mod tests;

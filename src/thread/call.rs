/// A call of a tool, as far as the model has written it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ToolCall {
    /// Its place among the calls of the answer.
    pub index: u32,
    /// The model's name for the call.
    pub id: String,
    /// The tool.
    pub name: String,
    /// JSON, or what has come of it.
    pub arguments: String,
    /// Where it stands.
    pub state: CallState,
    /// Who has let it through.
    pub decision: Option<Decision>,
    /// What the tool gave back, or why it did not.
    pub result: Option<String>,
}

/// Where a call stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CallState {
    /// It is not the page's to answer.
    #[default]
    Foreign,
    /// The user is to decide.
    Asked,
    /// The page went while it ran, so nobody knows how far it got. The user is to decide.
    Lost,
    /// It runs.
    Running,
    /// It has given its result.
    Done,
    /// It could not be run, or threw.
    Failed,
    /// The user did not want it.
    Declined,
    /// The user has stopped all of it.
    Stopped,
}

/// What let a call through, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The user, this time.
    Allowed,
    /// The user, for all of this chat.
    Always,
    /// The page says that nobody has to be asked.
    Unasked,
    /// The user did not.
    Declined,
}

impl Decision {
    const WORDS: [(Decision, &str); 4] = [
        (Decision::Allowed, "allowed"),
        (Decision::Always, "always"),
        (Decision::Unasked, "unasked"),
        (Decision::Declined, "declined"),
    ];

    /// The word for it, where it is told and kept.
    pub fn word(self) -> &'static str {
        Decision::WORDS.iter().find(|(known, _)| *known == self).map_or("", |(_, word)| word)
    }

    /// What a word stands for.
    pub fn of(word: &str) -> Option<Decision> {
        Decision::WORDS.iter().find(|(_, known)| *known == word).map(|(decision, _)| *decision)
    }
}

impl CallState {
    const WORDS: [(CallState, &str); 8] = [
        (CallState::Foreign, "foreign"),
        (CallState::Asked, "asked"),
        (CallState::Lost, "lost"),
        (CallState::Running, "running"),
        (CallState::Done, "done"),
        (CallState::Failed, "failed"),
        (CallState::Declined, "declined"),
        (CallState::Stopped, "stopped"),
    ];

    /// The word for it, where it is told and kept.
    pub fn word(self) -> &'static str {
        CallState::WORDS.iter().find(|(known, _)| *known == self).map_or("", |(_, word)| word)
    }

    /// What a word stands for.
    pub fn of(word: &str) -> CallState {
        CallState::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map_or(CallState::Foreign, |(state, _)| *state)
    }

    /// True where the user is to decide.
    pub fn is_asked(self) -> bool {
        matches!(self, CallState::Asked | CallState::Lost)
    }

    /// True where the model cannot be told yet.
    pub fn is_open(self) -> bool {
        self.is_asked() || self == CallState::Running
    }
}

impl ToolCall {
    /// Ends it.
    pub(crate) fn end(&mut self, state: CallState, result: impl Into<String>) {
        self.state = state;
        self.result = Some(result.into());
    }
}

//! Every sentence of the widget, in English. A new one is a line here, and a line of the same name in each file of
//! `pkg/src/locales`.

/// One line each, so that English is a single text like every other language.
macro_rules! texts {
    ($($name:ident $text:literal)*) => {
        /// Names a sentence of the widget. Where `{0}` and `{1}` stand something is filled in; where `|` stands between
        /// forms the number decides.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub enum Text { $(#[doc = $text] $name,)* }

        /// The English lines, in the order of the names.
        pub const ENGLISH: &str = concat!($(stringify!($name), "=", $text, "\n",)*);
    };
}

texts! {
    // The forms of a number in the order of each sentence that has some, as `Intl.PluralRules` calls them.
    PluralForms "one|other"

    // The frame.
    Copilot "Copilot"
    AskAnything "Ask anything"
    Greeting "How can I help?"
    Chat "Chat"
    Image "Image"
    Video "Video"
    Panels "Panels"
    OpenNamed "Open {0}"
    CloseNamed "Close {0}"
    Close "Close"
    Offline "You are offline. What you type is kept, and jobs go on at the server."
    TryAgain "Try again"

    // The conversation.
    Conversation "Conversation"
    CostHint "Each answer shows what it cost."
    SendHint "Nothing is sent before you press Send."
    ToNewest "Go to the newest message"
    Message "Message"
    NewChat "New chat"
    ChatModel "Chat model"
    Send "Send"
    Stop "Stop"
    You "You"
    Retry "Retry"
    Reconnecting "Reconnecting…"
    Stopping "Stopping…"
    Stopped "Stopped"
    ReachedLength "Reached the longest length of an answer"
    FirstToken "first token {0} s"
    TokenRate "{0} tokens/s"

    // The list of chats.
    Chats "Chats"
    CloseChats "Close the list"
    SearchChats "Search chats"
    Search "Search"
    Today "Today"
    Yesterday "Yesterday"
    LastWeek "Previous 7 days"
    LastMonth "Previous 30 days"
    Older "Older"
    NoChats "Chats that you have are kept here, in this browser."
    NoChatFound "No chat has these words."
    UntitledChat "Untitled"
    ChatOptions "Options of {0}"
    ChatRunning "An answer is under way"
    ChatName "Name of the chat"
    Rename "Rename"
    SaveMarkdown "Save as Markdown"
    SaveJson "Save as JSON"
    Delete "Delete"
    Deleted "Deleted: {0}"
    Undo "Undo"
    ExportAll "Export all"
    Dismiss "Dismiss"
    NotKept "This browser keeps no chats here: this one is gone when the page is closed."
    StorageFull "The browser's storage is full: what is said from now on is not kept."
    StorageBlocked "Another tab has an older version open: until it is closed chats are not kept."
    StorageLost "The browser's storage is closed: what is said from now on is not kept."

    // Within an answer.
    Copy "Copy"
    Copied "Copied"
    CopyFailed "Copy failed"
    Table "Table"
    Done "Done"
    ToDo "To do"

    // Credits.
    Credits "Credits"
    CreditsUnit "credits"
    BalanceExact "{0} available, {1} held"
    HeldNow "{0} held"
    Shortfall "This needs {0} credits and {1} are free."
    TopUp "Top up"
    PriceExact "{0} credit|{0} credits"
    PriceAtMost "up to {0} credit|up to {0} credits"
    Estimated "{0} (estimated)"
    Charged "Charged {0}"
    Receipt "Held {0} · charged {1} · returned {2}"
    Holding "Holding {0}"
    AllReturned "Held {0} · all returned"

    // Pictures and clips.
    Model "Model"
    Remove "Remove"
    Download "Download"
    ImageModel "Image model"
    DescribePicture "Describe the picture"
    PictureExample "A lighthouse at dusk, soft light, long exposure"
    GenerateImage "Generate image"
    NoPictures "Your pictures appear here."
    Pictures "Pictures"
    MakingPicture "Making the picture"
    PictureWithoutLink "The server sent no link to this picture."
    VideoModel "Video model"
    DescribeClip "Describe the clip"
    ClipExample "A paper boat drifts down a rainy street, slow dolly shot"
    GenerateVideo "Generate video"
    NoClips "Your clips appear here. They go on while the page is closed."
    Clip "Clip"
    Sending "Sending…"
    Waiting "Waiting"
    WaitingPlace "Waiting, number {0} in the queue"
    BeingMade "Being made"
    BeingMadePercent "Being made, {0} %"
    ClipCancelled "The clip was cancelled."
    Seconds "{0} s"
    AskingAgain "No connection; asking again"
    Cancel "Cancel"
    Cancelling "Cancelling…"

    // What a screen reader says.
    SaidSent "Sent. The answer is coming."
    SaidAnswer "Answer: {0}"
    SaidAnswerStopped "The answer was stopped."
    SaidAnswerCut "The answer reached its longest length. {0}"
    SaidAnswerFailed "The answer failed. {0}"
    SaidPictureBegun "The picture is being made."
    SaidPictureFailed "The picture failed. {0}"
    SaidPicturesReady "The picture is ready.|{0} pictures are ready."
    SaidClipBegun "The clip was ordered."
    SaidClipReady "The clip is ready."
    SaidClipCancelled "The clip was cancelled. Its credits were given back."
    SaidClipFailed "The clip failed. Its credits were given back."
    SaidDeleted "The chat was deleted. Undo brings it back."
    SaidNotSaved "The chat could not be saved as a file."
    SaidOnline "The network is back."
    SaidOffline "You are offline. What you type is kept."

    // What failed before the gateway could say why.
    FailedNetwork "The connection was lost. Check your network and try again."
    FailedStatus "The server answered with status {0}. Try again in a moment."
    FailedAnswer "The server's answer could not be read. Try again in a moment."
    FailedStream "The server did not answer with a stream. Check the gateway's address."
    FailedAddress "The gateway's address is not valid."
    FailedRobot "This page could not tell you from a robot. Reload it to try again."
    FailedTokenSource "The page gives no token: set the attribute token-url or site-key, or the property getToken."
    FailedTokenAnswer "The page handed out no token: it must answer with client_secret and expires_at."
    FailedTokenFetch "No token could be fetched from the page's own server. Reload the page or sign in again."
    FailedTokenPage "The page could not hand out a token. Reload the page or sign in again."

    // What the gateway says itself, in English; other languages have these instead.
    RefusedCredits "Your credits do not cover this."
    RefusedToken "The server does not accept this page's token. Reload the page or sign in again."
    RefusedBusy "Too many calls at once. Try again in a moment."
    RefusedDuplicate "The same call was already made."
    RefusedGone "This is not there any more, or no longer offered."
    RefusedRequest "The server refused this: {0}"
    RefusedServer "The server could not do this. Try again in a moment."
}

-- What several gateways on one database tell each other.

-- Gateways that run. One that has not been seen for a while is gone, and what it held is given back.
CREATE TABLE node (
    epoch      TEXT PRIMARY KEY,
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT;

-- How much of a limit was used in a window of time: requests, tokens, spent credits.
CREATE TABLE usage_window (
    -- Whose: `user:…`, `tenant:…`, `site:…`, `address:…`.
    subject    TEXT NOT NULL,
    -- What is counted: `requests`, `tokens`, `spend`, …
    measure    TEXT NOT NULL,
    -- The window's beginning and end.
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    used       INTEGER NOT NULL,
    -- The most that the last count allowed.
    bound      INTEGER NOT NULL,
    PRIMARY KEY (subject, measure, starts_at, ends_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX usage_window_end ON usage_window (ends_at);

-- Browser tokens that were taken back and puzzles that were handed in, until they expire by themselves.
CREATE TABLE revoked_token (
    jti        TEXT PRIMARY KEY,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What an operator has switched off: `all`, `tenant:…`, `user:…`, `model:…` or `provider:…`.
CREATE TABLE kill_switch (
    subject    TEXT PRIMARY KEY,
    reason     TEXT NOT NULL,
    actor      TEXT NOT NULL,
    -- Answers that were being streamed when it was set were to be stopped.
    stops      INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Video jobs, the upstream places that they take, and the files that calls have made.

CREATE TABLE asset (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind       TEXT NOT NULL CHECK (kind IN ('image', 'video', 'audio')),
    mime       TEXT NOT NULL,
    bytes      BIGINT NOT NULL,
    -- Where the file lies in the media store.
    path       TEXT NOT NULL UNIQUE,
    job_id     TEXT UNIQUE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX asset_expiry ON asset (expires_at);

CREATE TABLE job (
    id             TEXT PRIMARY KEY,
    account_id     TEXT NOT NULL REFERENCES accounts (id),
    -- A job and its hold are written together and end together.
    reservation_id TEXT NOT NULL UNIQUE REFERENCES reservation (id),
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    prompt         TEXT NOT NULL,
    seconds        BIGINT NOT NULL,
    size           TEXT NOT NULL,
    resolution     TEXT NOT NULL,
    aspect_ratio   TEXT NOT NULL,
    -- Whatever else was ordered, as JSON.
    extra          TEXT,
    -- Batch jobs start when no interactive one waits.
    batch          BIGINT NOT NULL DEFAULT 0,
    state          TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'submitting', 'running', 'storing',
        'indeterminate', 'cancelling', 'completed', 'failed', 'cancelled', 'expired')),
    -- Counts the transitions; each one names the version that it starts from.
    version        BIGINT NOT NULL DEFAULT 0,
    -- Set before the provider is called, so that a lost answer is known to have been one. Providers that take a
    -- reference of ours get it.
    attempt_id     TEXT UNIQUE,
    -- The provider's own id of the job, what else is needed to ask for it as JSON, and its link to the clip.
    upstream_id    TEXT,
    upstream_op    TEXT,
    upstream_url   TEXT,
    progress       BIGINT NOT NULL DEFAULT 0,
    -- Calls for this job that went wrong since the last that went well.
    misses         BIGINT NOT NULL DEFAULT 0,
    error_code     TEXT,
    error_message  TEXT,
    held           BIGINT NOT NULL,
    charged        BIGINT,
    -- Where the provider says that the clip came out shorter than it was ordered.
    delivered_seconds BIGINT,
    asset_id       TEXT REFERENCES asset (id) ON DELETE SET NULL,
    hidden         BIGINT NOT NULL DEFAULT 0,
    -- 1 where its owner wants it taken back, 2 once the provider has agreed.
    cancel_asked   BIGINT NOT NULL DEFAULT 0,
    -- The run of the gateway that works on it, and until when nobody else may.
    lease_owner    TEXT,
    lease_until    BIGINT NOT NULL DEFAULT 0,
    created_at     BIGINT NOT NULL,
    started_at     BIGINT,
    -- When a worker looks at it next.
    due_at         BIGINT NOT NULL,
    deadline_at    BIGINT NOT NULL,
    completed_at   BIGINT,
    CHECK ((state IN ('completed', 'failed', 'cancelled', 'expired')) = (charged IS NOT NULL)),
    CHECK (state NOT IN ('running', 'storing', 'cancelling') OR upstream_id IS NOT NULL)
);
CREATE INDEX job_account ON job (account_id, id);
CREATE INDEX job_due ON job (due_at) WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired');
-- What a user has under way, and what waits, without its history.
CREATE INDEX job_open ON job (account_id, state) WHERE state NOT IN ('completed', 'failed', 'cancelled', 'expired');
CREATE INDEX job_queue ON job (provider, batch, id) WHERE state = 'queued';
-- Jobs that were given up and may yet turn out to have been made.
CREATE INDEX job_late ON job (due_at) WHERE state = 'expired';
CREATE INDEX job_upstream ON job (provider, upstream_id);
-- How long jobs of a kind take is told from those that have ended.
CREATE INDEX job_ended ON job (provider, model, resolution, seconds, completed_at) WHERE state = 'completed';

-- What happened to a job, for the audit.
CREATE TABLE job_event (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_id     TEXT NOT NULL REFERENCES job (id),
    state      TEXT NOT NULL,
    version    BIGINT NOT NULL,
    note       TEXT,
    created_at BIGINT NOT NULL
);
CREATE INDEX job_event_job ON job_event (job_id, seq);

-- One row for each job that a provider may have at once. It outlives a restart, so the number holds exactly.
CREATE TABLE upstream_slot (
    provider TEXT NOT NULL,
    slot_no  BIGINT NOT NULL,
    job_id   TEXT UNIQUE REFERENCES job (id),
    PRIMARY KEY (provider, slot_no)
);

-- Webhooks that were taken, so that none is taken twice.
CREATE TABLE webhook (
    source      TEXT NOT NULL,
    webhook_id  TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (source, webhook_id)
);

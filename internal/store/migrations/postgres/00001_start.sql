-- +goose Up
CREATE TABLE connections (
    name         TEXT PRIMARY KEY,
    crm          TEXT NOT NULL,
    org_id       TEXT NOT NULL,
    watermark    BIGINT NOT NULL,
    last_full    BIGINT NOT NULL,
    last_success BIGINT NOT NULL,
    in_scope     BIGINT NOT NULL,
    known        BIGINT NOT NULL
);
CREATE UNIQUE INDEX connections_org ON connections (crm, org_id);

CREATE TABLE leases (
    connection TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    epoch      BIGINT NOT NULL,
    until      BIGINT NOT NULL
);

CREATE TABLE runs (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id          TEXT NOT NULL UNIQUE,
    connection  TEXT NOT NULL,
    mode        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    phase       TEXT NOT NULL,
    cursor      TEXT NOT NULL,
    status      TEXT NOT NULL,
    started     BIGINT NOT NULL,
    ended       BIGINT NOT NULL,
    window_from BIGINT NOT NULL,
    window_to   BIGINT NOT NULL,
    resume_at   BIGINT NOT NULL,
    counts      TEXT NOT NULL,
    error       TEXT NOT NULL,
    moment      BIGINT NOT NULL,
    beside      TEXT NOT NULL
);
CREATE INDEX runs_connection ON runs (connection, seq);

-- Every deal that was ever looked at has a number: what is kept of deals is
-- filed by it, so that rows of a first pass, which come in no order of their ids,
-- are put behind one another.
CREATE TABLE deals (
    num        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection TEXT NOT NULL,
    object     TEXT NOT NULL,
    id         TEXT NOT NULL,
    read_by    TEXT NOT NULL -- the run that read it last
);
CREATE UNIQUE INDEX deals_id ON deals (connection, id);

CREATE TABLE states (
    connection TEXT NOT NULL,
    deal       BIGINT NOT NULL,
    card       TEXT NOT NULL,
    attempt    BIGINT NOT NULL,
    status     TEXT NOT NULL,
    is_open    BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    in_scope   BIGINT NOT NULL,
    final      BIGINT NOT NULL,
    band       TEXT NOT NULL,
    score      BIGINT,
    account    TEXT NOT NULL,
    amount     TEXT NOT NULL,
    won_at     BIGINT NOT NULL,
    twin       TEXT NOT NULL, -- another deal that may be the same sale
    motion     TEXT NOT NULL,
    sent_at    BIGINT NOT NULL,
    input_hash TEXT NOT NULL,
    body       TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (deal, card)
);
CREATE INDEX states_due ON states (connection, is_open, next_at, deal);
CREATE INDEX states_account ON states (account, connection) WHERE in_scope = 1 AND account <> '';
CREATE INDEX states_motion ON states (connection, card, motion, sent_at) WHERE motion <> '';

CREATE TABLE snapshots (
    seq  BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    deal BIGINT NOT NULL,
    at   BIGINT NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX snapshots_deal ON snapshots (deal, at);

CREATE TABLE judgements (
    seq           BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    deal          BIGINT NOT NULL,
    card          TEXT NOT NULL,
    version       TEXT NOT NULL,
    attempt       BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    run           TEXT NOT NULL,
    snapshot_hash TEXT NOT NULL,
    body          TEXT NOT NULL
);
CREATE INDEX judgements_deal ON judgements (deal, card, at);

CREATE TABLE intents (
    seq         BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run         TEXT NOT NULL,
    connection  TEXT NOT NULL,
    deal        BIGINT NOT NULL,
    account     TEXT NOT NULL,
    card        TEXT NOT NULL,
    status      TEXT NOT NULL,
    class       TEXT NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    tries       BIGINT NOT NULL,
    next_try    BIGINT NOT NULL,
    escalation  TEXT NOT NULL,
    band_change BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX intents_deal ON intents (deal, card);
CREATE INDEX intents_status ON intents (connection, status, run, seq);

-- What an intent writes stands apart from how far it is: the one never changes,
-- the other does twice as a rule, and a change rewrites its whole row.
CREATE TABLE payloads (
    intent     BIGINT PRIMARY KEY,
    fields     TEXT NOT NULL,
    before     TEXT NOT NULL,
    input_hash TEXT NOT NULL
);

CREATE TABLE outcomes (
    seq     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    intent  BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    status  TEXT NOT NULL,
    class   TEXT NOT NULL,
    code    TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX outcomes_intent ON outcomes (intent);

-- What people were asked for as tasks of the CRM: one row for each for good,
-- whatever becomes of the task.
CREATE TABLE tasks (
    connection TEXT NOT NULL,
    key        TEXT NOT NULL,
    deal       BIGINT NOT NULL,
    card       TEXT NOT NULL,
    attempt    BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    role       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    about      TEXT NOT NULL,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    due        BIGINT NOT NULL,
    urgent     BIGINT NOT NULL,
    find_only  BIGINT NOT NULL,
    digest     BIGINT NOT NULL,
    within     TEXT NOT NULL, -- the key of the digest that tells it
    run        TEXT NOT NULL, -- that is to make or close it
    status     TEXT NOT NULL,
    task       TEXT NOT NULL,
    note       TEXT NOT NULL,
    class      TEXT NOT NULL,
    code       TEXT NOT NULL,
    message    TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    next_try   BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (connection, key)
);
CREATE INDEX tasks_deal ON tasks (deal);
CREATE INDEX tasks_status ON tasks (connection, status, run);

CREATE TABLE calls (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection TEXT NOT NULL,
    at         BIGINT NOT NULL,
    calls      BIGINT NOT NULL
);
CREATE INDEX calls_connection ON calls (connection, at);

CREATE TABLE cards (
    version TEXT PRIMARY KEY,
    id      TEXT NOT NULL,
    source  TEXT NOT NULL
);

CREATE TABLE schedules (
    key          TEXT PRIMARY KEY,
    last_success BIGINT NOT NULL
);

-- +goose Down
DROP TABLE schedules;
DROP TABLE cards;
DROP TABLE calls;
DROP TABLE tasks;
DROP TABLE outcomes;
DROP TABLE payloads;
DROP TABLE intents;
DROP TABLE judgements;
DROP TABLE snapshots;
DROP TABLE states;
DROP TABLE deals;
DROP TABLE runs;
DROP TABLE leases;
DROP TABLE connections;

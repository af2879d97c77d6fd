-- +goose Up
CREATE TABLE connections (
    name         TEXT PRIMARY KEY,
    crm          TEXT NOT NULL,
    org_id       TEXT NOT NULL,
    watermark    INTEGER NOT NULL,
    last_full    INTEGER NOT NULL,
    last_success INTEGER NOT NULL,
    in_scope     INTEGER NOT NULL,
    known        INTEGER NOT NULL
);
CREATE UNIQUE INDEX connections_org ON connections (crm, org_id);

CREATE TABLE leases (
    connection TEXT PRIMARY KEY,
    holder     TEXT NOT NULL,
    epoch      INTEGER NOT NULL,
    until      INTEGER NOT NULL
);

CREATE TABLE runs (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    connection  TEXT NOT NULL,
    mode        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    phase       TEXT NOT NULL,
    cursor      TEXT NOT NULL,
    status      TEXT NOT NULL,
    started     INTEGER NOT NULL,
    ended       INTEGER NOT NULL,
    window_from INTEGER NOT NULL,
    window_to   INTEGER NOT NULL,
    resume_at   INTEGER NOT NULL,
    counts      TEXT NOT NULL,
    error       TEXT NOT NULL,
    moment      INTEGER NOT NULL,
    beside      TEXT NOT NULL
);
CREATE INDEX runs_connection ON runs (connection, seq);

-- Every deal that was ever looked at has a number: what is kept of deals is
-- filed by it, so that rows of a first pass, which come in no order of their ids,
-- are put behind one another.
CREATE TABLE deals (
    num        INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    object     TEXT NOT NULL,
    id         TEXT NOT NULL,
    read_by    TEXT NOT NULL -- the run that read it last
);
CREATE UNIQUE INDEX deals_id ON deals (connection, id);

CREATE TABLE states (
    connection TEXT NOT NULL,
    deal       INTEGER NOT NULL,
    card       TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    status     TEXT NOT NULL,
    is_open    INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    in_scope   INTEGER NOT NULL,
    final      INTEGER NOT NULL,
    band       TEXT NOT NULL,
    score      INTEGER,
    account    TEXT NOT NULL,
    amount     TEXT NOT NULL,
    won_at     INTEGER NOT NULL,
    twin       TEXT NOT NULL, -- another deal that may be the same sale
    motion     TEXT NOT NULL,
    sent_at    INTEGER NOT NULL,
    input_hash TEXT NOT NULL,
    body       TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (deal, card)
);
CREATE INDEX states_due ON states (connection, is_open, next_at, deal);
CREATE INDEX states_account ON states (account, connection) WHERE in_scope = 1 AND account <> '';
CREATE INDEX states_motion ON states (connection, card, motion, sent_at) WHERE motion <> '';

CREATE TABLE snapshots (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    deal INTEGER NOT NULL,
    at   INTEGER NOT NULL,
    hash TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX snapshots_deal ON snapshots (deal, at);

CREATE TABLE judgements (
    seq           INTEGER PRIMARY KEY AUTOINCREMENT,
    deal          INTEGER NOT NULL,
    card          TEXT NOT NULL,
    version       TEXT NOT NULL,
    attempt       INTEGER NOT NULL,
    at            INTEGER NOT NULL,
    run           TEXT NOT NULL,
    snapshot_hash TEXT NOT NULL,
    body          TEXT NOT NULL
);
CREATE INDEX judgements_deal ON judgements (deal, card, at);

CREATE TABLE intents (
    seq         INTEGER PRIMARY KEY AUTOINCREMENT,
    run         TEXT NOT NULL,
    connection  TEXT NOT NULL,
    deal        INTEGER NOT NULL,
    account     TEXT NOT NULL,
    card        TEXT NOT NULL,
    status      TEXT NOT NULL,
    class       TEXT NOT NULL,
    code        TEXT NOT NULL,
    message     TEXT NOT NULL,
    tries       INTEGER NOT NULL,
    next_try    INTEGER NOT NULL,
    escalation  TEXT NOT NULL,
    band_change INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL
);
CREATE INDEX intents_deal ON intents (deal, card);
CREATE INDEX intents_status ON intents (connection, status, run, seq);

-- What an intent writes stands apart from how far it is: the one never changes,
-- the other does twice as a rule, and a change rewrites its whole row.
CREATE TABLE payloads (
    intent     INTEGER PRIMARY KEY,
    fields     TEXT NOT NULL,
    before     TEXT NOT NULL,
    input_hash TEXT NOT NULL
);

CREATE TABLE outcomes (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    intent  INTEGER NOT NULL,
    at      INTEGER NOT NULL,
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
    deal       INTEGER NOT NULL,
    card       TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    role       TEXT NOT NULL,
    owner      TEXT NOT NULL,
    about      TEXT NOT NULL,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    due        INTEGER NOT NULL,
    urgent     INTEGER NOT NULL,
    find_only  INTEGER NOT NULL,
    digest     INTEGER NOT NULL,
    within     TEXT NOT NULL, -- the key of the digest that tells it
    run        TEXT NOT NULL, -- that is to make or close it
    status     TEXT NOT NULL,
    task       TEXT NOT NULL,
    note       TEXT NOT NULL,
    class      TEXT NOT NULL,
    code       TEXT NOT NULL,
    message    TEXT NOT NULL,
    tries      INTEGER NOT NULL,
    next_try   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (connection, key)
);
CREATE INDEX tasks_deal ON tasks (deal);
CREATE INDEX tasks_status ON tasks (connection, status, run);

CREATE TABLE calls (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    connection TEXT NOT NULL,
    at         INTEGER NOT NULL,
    calls      INTEGER NOT NULL
);
CREATE INDEX calls_connection ON calls (connection, at);

CREATE TABLE cards (
    version TEXT PRIMARY KEY,
    id      TEXT NOT NULL,
    source  TEXT NOT NULL
);

CREATE TABLE schedules (
    key          TEXT PRIMARY KEY,
    last_success INTEGER NOT NULL
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

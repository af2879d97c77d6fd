-- +goose Up
-- Records of attempts that are final, beside their deals: what each is to say,
-- and whether the CRM has it so.
CREATE TABLE attempts (
    connection TEXT NOT NULL,
    key        TEXT NOT NULL,
    deal       BIGINT NOT NULL,
    once       BIGINT NOT NULL, -- it is made, and never changed
    body       TEXT NOT NULL,
    run        TEXT NOT NULL, -- that has planned what it says
    status     TEXT NOT NULL,
    class      TEXT NOT NULL,
    code       TEXT NOT NULL,
    message    TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    next_try   BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (connection, key)
);
CREATE INDEX attempts_deal ON attempts (deal);
CREATE INDEX attempts_status ON attempts (connection, status, next_try);

-- +goose Down
DROP TABLE attempts;

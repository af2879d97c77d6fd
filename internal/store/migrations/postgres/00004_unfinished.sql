-- +goose Up
-- A run goes through its intents in their order, whatever their status, which
-- changes twice as a rule and moves them through no index. What is not finished
-- is found by its deal, however much was written before.
DROP INDEX intents_status;
CREATE INDEX intents_run ON intents (connection, run, seq);
CREATE INDEX intents_unfinished ON intents (connection, deal) WHERE status IN ('planned', 'sent', 'unknown', 'rejected');

-- +goose Down
DROP INDEX intents_unfinished;
DROP INDEX intents_run;
CREATE INDEX intents_status ON intents (connection, status, run, seq);

-- +goose Up
-- Runs page through their tasks by key. What is open is found by its deal, what
-- is told by its digest, and what is to be told by its run and owner. Passes
-- page through the deals whose clock runs, and sweeps through those in scope.
DROP INDEX tasks_status;
CREATE INDEX tasks_run ON tasks (connection, run, key);
CREATE INDEX tasks_open ON tasks (connection, deal) WHERE status IN ('wanted', 'sent', 'closing');
CREATE INDEX tasks_told ON tasks (connection, within) WHERE status = 'told';
CREATE INDEX tasks_late ON tasks (connection, run, owner, key) WHERE digest = 1 AND status = 'wanted';
CREATE INDEX states_open ON states (connection, deal) WHERE is_open = 1;
CREATE INDEX states_scope ON states (connection, deal) WHERE in_scope = 1;

-- +goose Down
DROP INDEX states_scope;
DROP INDEX states_open;
DROP INDEX tasks_late;
DROP INDEX tasks_told;
DROP INDEX tasks_open;
DROP INDEX tasks_run;
CREATE INDEX tasks_status ON tasks (connection, status, run);

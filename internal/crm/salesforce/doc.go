// Package salesforce reads and writes one Salesforce org as a crm.Source, a
// crm.Sink and a crm.TaskBook. It signs in (JWT bearer, client credentials,
// refresh token, and SOAP login for orgs that still need it), checks the mapping
// against the org's schema, finds Opportunities that moved, loads whole snapshots with
// contact roles, contacts, notes and stage history, resolves users, and writes
// syncd's own fields in collections, one outcome a record; tasks are made and
// closed the same way.
//
// Promises: a field or record the integration user cannot see reads as
// Unreadable and never as blank; ids are 18 characters long; every id given to
// Load comes back exactly once; a write is never sent again once it may have
// been processed; no error or log line holds a token, an address, a phone
// number or record text.
//
// A deal's child rows do not move its own stamp, so Changed cannot see them:
// Touched finds their deals. A contact role that is deleted leaves no trace for
// either, so the caller loads open deals anew. Merging does not exist for
// Opportunities.
//
// Requests travel through package transport, which renews the session, sends
// again what is safe, and counts. simpleforce carries the few calls where
// nothing is lost by it (describe, set-up queries); pages of records are
// decoded once, from the raw answer, so that numbers keep every digit.
package salesforce

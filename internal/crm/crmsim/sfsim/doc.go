// Package sfsim is a simulated Salesforce org: an http.Handler that answers the
// REST API and SOAP login as the vendor does, over data seeded from a
// world.World.
//
// It promises to be no kinder than the vendor. What Salesforce refuses is
// refused here with the same status, code and body shape; what Salesforce does
// not promise (row order without ORDER BY, page sizes, the order of rows with
// equal sort keys) is deliberately not kept here; and no answer carries anything
// that a real org would not send. Where the vendor's behaviour is not known for
// certain the stricter reading is the default, and a field of Options chooses
// the other one.
//
// A Server keeps all state in memory and reads one simclock.Clock for stamps,
// Date headers, session ages and the rolling request window. The Go methods
// beside ServeHTTP play the people and the weather of an org: somebody edits a
// record in the browser, an admin hides a field, a session dies between two
// pages. They are for tests and demos; a client under test never sees them.
//
// Covered: token endpoint, SOAP login, identity; SOQL with paging, parents,
// subqueries and aggregates; describe; single-record calls, collections,
// composite and batch; Bulk API 2.0 query and ingest; limits; replication calls;
// note and file bodies; posts in feeds; custom fields, and custom objects that
// the Metadata API's create call makes. Left to others: Bulk API 1, metadata
// deployment, comments and likes, sharing rules, triggers.
package sfsim

// Package hssim is a simulated HubSpot portal: an http.Handler that answers the
// CRM API as the vendor does, over data seeded from a world.World.
//
// It promises to be no kinder than the vendor. What HubSpot refuses is refused
// here with the same status and body shape, what HubSpot leaves open (order of
// batch results, page sizes of associations, when the search index catches up)
// is left open here, and no answer carries anything a real portal would not
// send. Where the vendor's behaviour is not known for certain the stricter
// reading is the default, and a field of Options chooses the other one.
//
// A Server keeps all state in memory and reads one simclock.Clock for stamps,
// Date headers, token expiry, rate windows and index lag. The Go methods beside
// ServeHTTP play the people and the weather of a portal: somebody edits a deal
// in the browser, an admin revokes a scope, the network breaks at the third
// call. They are for tests and demos; a client under test never sees them.
//
// Covered: objects (deals, contacts, companies, notes, tasks, calls, emails,
// meetings) with search, list, batch and single calls; associations and labels
// v4; properties and groups; pipelines; owners; OAuth refresh; account
// information. Left to others: webhooks, line items, users, lists, imports.
package hssim

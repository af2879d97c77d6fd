// Package hubspot reads and writes one HubSpot portal as a crm.Source, a crm.Sink
// and a crm.TaskBook. It signs in (service key, private-app token, or OAuth
// refresh), checks the mapping against the portal's properties, finds deals that moved,
// loads whole snapshots with labelled contacts and logged activities, resolves
// owners, and writes syncd's own properties in batches, one outcome a record;
// tasks are made and closed the same way.
//
// Promises: what the token cannot see reads as Unreadable and never as blank;
// every id given to Load comes back exactly once; the answer to a batch is
// decided by its body, record by record, whatever its status; a write is not
// sent again once it may have been processed; no error or log line holds a
// token, an address, a phone number or the text of a record.
//
// Search is an index that lags, so it only names deals; what is true of a deal
// comes from batch reads. Contacts and activities move without moving a deal's
// date: Touched finds their deals. Labels and links may change without moving
// anything at all, so the caller loads open deals anew.
//
// The time of a field's last change is asked for where the deal holds a value
// in one of the tracked fields, or changed owner after it was won; history
// halves the size of a batch, so deals without either are spared it.
//
// Requests travel through package transport. go-hubspot carries owners,
// pipelines and properties, its answers read again from the raw body; search,
// batches and associations are asked for and decoded here. All code speaks the
// v3 and v4 paths, and one place rewrites them to the version in use.
package hubspot

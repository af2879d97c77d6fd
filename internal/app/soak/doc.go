// Package soak holds the long test: the daemon, as shipped, on two CRMs, while
// people edit and everything goes wrong that a simulator can make go wrong, and
// the daemon is killed and started again. At its end the records are as if
// nothing had gone wrong, nothing was sent twice, and the process holds no more
// than it did near its beginning. It has no code of its own.
//
// go test runs a short form. SYNCD_SOAK=30m runs the long one for that time,
// SYNCD_SOAK_SEED picks another course of events, and SYNCD_SOAK_LOG names a
// file that takes a line of JSON every few seconds.
//
// What people do is chosen so that the end does not depend on which pass saw
// what: an edit whose effect depends on what was seen before is made only once
// a whole pass has begun since the deal's last edit, and the deal is then left
// alone until another has. The same edits at the same moments, on a CRM without
// faults, give the records to compare with.
package soak

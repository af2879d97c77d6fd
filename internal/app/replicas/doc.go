// Package replicas holds tests of several syncd processes that share one
// PostgreSQL database: the real binary, killed, stopped and paused, against
// simulated CRMs that note who asked for what and when. It has no code of its
// own.
//
// Every process has front doors of its own to the same CRMs, so that each
// request is known to be its, and a name of its own in the database, so that
// each row is. What two minutes of waiting would bring about after a death can
// be brought about at once (audit.age); SYNCD_MATRIX=all waits as well.
package replicas

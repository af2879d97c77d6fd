// Package stories tells the life of handoffs through the whole program on the
// simulated CRMs: one told step by step, and many at once that are interrupted
// at random and counted against an oracle that has seen only what people did.
package stories

// Package faults holds the fault matrix: for every call that a pass makes to a
// CRM, and everything that can go wrong with such a call, one cell in which it
// does go wrong. A cell proves that its fault happened, and that the record, its
// tasks and the store end as if it had not. It holds tests and no product.
//
// go test runs a sample; SYNCD_MATRIX=all runs every cell.
package faults

// Package traps holds one test for each of forty-five ways in which a naive
// build of syncd would anger the people it works for. A test tells a story: how
// things stand, one thing that somebody does, and what is on the record then;
// it names the change of the product that makes it fail. The package holds
// tests and no product.
package traps

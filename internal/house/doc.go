// Package house holds checks on the shape of the whole: which way imports
// point, and that the core is pure. It has no code of its own.
package house

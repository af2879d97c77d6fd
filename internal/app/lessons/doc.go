// Package lessons holds one test for each of thirty faults that other sync
// engines were reported for, through the whole program or, where a pass cannot
// show the point, through the real adapter. It holds tests and no product.
package lessons

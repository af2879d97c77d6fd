// Package check holds the tests of what deploy offers: that configurations are
// valid, that names, ports, paths and labels of manifests fit each other and
// what syncd serves, that the image's root is all that the program needs. It
// holds no product. What takes a cluster or a container engine is not checked.
package check

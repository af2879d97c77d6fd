package sfsim

import "strings"

const (
	base62   = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	checksum = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
)

// mintID makes an 18-character id: key prefix, two characters of the org's pod,
// a reserved zero, nine digits to the base of 62, and the three that make it
// safe where case is not kept. Ids of one kind sort in the order they were made.
func mintID(prefix, pod string, n uint64) string {
	var b [15]byte
	copy(b[:], prefix)
	copy(b[3:], pod)
	b[5] = '0'
	for i := 14; i > 5; i-- {
		b[i] = base62[n%62]
		n /= 62
	}
	return string(b[:]) + suffix(string(b[:]))
}

// suffix returns the three check characters of a 15-character id.
func suffix(id string) string {
	var out [3]byte
	for g := range out {
		bits := 0
		for k := range 5 {
			if c := id[5*g+k]; c >= 'A' && c <= 'Z' {
				bits |= 1 << k
			}
		}
		out[g] = checksum[bits]
	}
	return string(out[:])
}

// fullID turns an id of 15 or 18 characters into the form the org stores. An
// 18-character id whose case was lost is repaired from its check characters.
func fullID(id string) (string, bool) {
	if len(id) != 15 && len(id) != 18 {
		return "", false
	}
	for i := range len(id) {
		if strings.IndexByte(base62, id[i]) < 0 {
			return "", false
		}
	}
	if len(id) == 15 {
		return id + suffix(id), true
	}
	if suffix(id[:15]) == id[15:] {
		return id, true
	}
	fixed := []byte(id[:15])
	tail := strings.ToUpper(id[15:])
	for g := range 3 {
		bits := strings.IndexByte(checksum, tail[g])
		if bits < 0 {
			return "", false
		}
		for k := range 5 {
			c := string(fixed[5*g+k])
			if bits&(1<<k) != 0 {
				c = strings.ToUpper(c)
			} else {
				c = strings.ToLower(c)
			}
			fixed[5*g+k] = c[0]
		}
	}
	if suffix(string(fixed)) != tail {
		return "", false
	}
	return string(fixed) + tail, true
}

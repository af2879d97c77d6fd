package yamlfile

import "strings"

// Nearest is the known word a person most likely meant by word, or "" if none
// is close: at most two slips, and at most one in three letters.
func Nearest(word string, known []string) string {
	best, slips := "", 3
	for _, k := range known {
		d := distance(strings.ToLower(word), strings.ToLower(k))
		if d < slips && d*3 <= max(len(word), len(k)) {
			best, slips = k, d
		}
	}
	return best
}

// DidYouMean is the fix for an unknown word: the nearest known one, or the
// list of all when that is short.
func DidYouMean(word string, known []string) string {
	switch near := Nearest(word, known); {
	case near != "":
		return `did you mean "` + near + `"?`
	case len(known) > 0 && len(known) <= 16:
		return "known: " + strings.Join(known, ", ")
	}
	return ""
}

// distance counts insertions, deletions, replacements and swaps of
// neighbours between a and b. Words far apart in length are not compared.
func distance(a, b string) int {
	ar, br := []rune(a), []rune(b)
	if diff := len(ar) - len(br); diff > 2 || diff < -2 {
		return 3
	}
	var before []int
	row := make([]int, len(br)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(ar); i++ {
		next := make([]int, len(br)+1)
		next[0] = i
		for j := 1; j <= len(br); j++ {
			cost := 1
			if ar[i-1] == br[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && ar[i-1] == br[j-2] && ar[i-2] == br[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(br)]
}

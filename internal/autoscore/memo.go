package autoscore

import (
	"strings"
	"sync"
)

// Bounds of one cache. A company's texts repeat between passes, so a few
// thousand of them save most of the work; a text that is longer than
// memoText is judged anew each time and never kept.
const (
	memoEntries = 4_096
	memoBytes   = 2 << 20
	memoText    = 32 << 10
)

// memo remembers what was found out about a text. It keeps two generations
// and drops the older when the younger is full, so it never holds more than
// twice its bounds, and a text in use survives. Safe for concurrent use.
type memo[V any] struct {
	mu    sync.RWMutex // guards what follows
	young map[string]V
	old   map[string]V
	bytes int // of the keys in young

	entries, size int // bounds of one generation
}

func newMemo[V any]() *memo[V] {
	return &memo[V]{young: map[string]V{}, entries: memoEntries / 2, size: memoBytes / 2}
}

// get returns what find says about text, from memory if it can.
func (m *memo[V]) get(text string, find func(string) V) V {
	m.mu.RLock()
	v, ok := m.young[text]
	if ok {
		m.mu.RUnlock()
		return v
	}
	v, ok = m.old[text]
	m.mu.RUnlock()
	if !ok {
		v = find(text)
	}
	if len(text) <= memoText {
		m.put(text, v)
	}
	return v
}

func (m *memo[V]) put(text string, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.young) >= m.entries || m.bytes+len(text) > m.size {
		m.old, m.young, m.bytes = m.young, make(map[string]V, len(m.young)), 0
	}
	if _, ok := m.young[text]; !ok {
		m.bytes += len(text)
		m.young[strings.Clone(text)] = v // the text may be part of a whole page of JSON
	}
}

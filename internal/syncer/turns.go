package syncer

import (
	"context"
	"sync"
	"time"
)

// turns says which batches may take their answers in. A CRM takes its time to
// answer, and its answers take memory: so batches are asked for well before
// they are judged, and their answers are taken in shortly before.
type turns struct {
	mu    sync.Mutex // guards all below
	open  int        // batches before this one may
	moved chan struct{}
}

func newTurns() *turns { return &turns{moved: make(chan struct{})} }

// of returns what batch n has to wait for: that batches before it were judged.
func (t *turns) of(n int) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			t.mu.Lock()
			open, moved := n < t.open, t.moved
			t.mu.Unlock()
			if open {
				return nil
			}
			select {
			case <-moved:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

func (t *turns) before(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n > t.open {
		t.open = n
		close(t.moved)
		t.moved = make(chan struct{})
	}
}

// patience is how long nothing has to be there to judge before the batch after
// the next is taken in too.
const patience = 100 * time.Millisecond

// await returns batch n, which is to be judged now. Where the CRM is slow to
// answer, the one behind it may be taken in already: nothing is held meanwhile.
func (t *turns) await(n int, future <-chan loaded) loaded {
	t.before(n + 1)
	slow := time.NewTimer(patience)
	defer slow.Stop()
	select {
	case l := <-future:
		return l
	case <-slow.C:
	}
	t.before(n + 2)
	return <-future
}

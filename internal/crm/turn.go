package crm

import "context"

// turnKey marks a context whose answers wait for their turn.
type turnKey struct{}

// WithTurn lets work be asked for before there is room for its answers: a
// request made with the context is sent at once, and its answer is taken in
// only when wait has returned nil. Work whose turn it is must never wait for
// work whose turn comes later.
func WithTurn(ctx context.Context, wait func(context.Context) error) context.Context {
	return context.WithValue(ctx, turnKey{}, wait)
}

// Turn returns what an answer has to wait for, nil if it need not wait.
func Turn(ctx context.Context) (wait func(context.Context) error) {
	wait, _ = ctx.Value(turnKey{}).(func(context.Context) error)
	return wait
}

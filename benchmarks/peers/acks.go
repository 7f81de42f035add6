package main

import (
	"fmt"
	"sync"
	"time"
)

// acks collects when the streams acknowledged what was published last.
type acks struct {
	sync.Mutex
	start    time.Time
	kind     string
	wanted   int
	taken    []time.Duration
	done     chan struct{}
	tolerant bool
}

func (a *acks) expect(kind string, wanted int) {
	a.Lock()
	defer a.Unlock()
	a.kind, a.wanted, a.taken = kind, wanted, make([]time.Duration, 0, wanted)
	a.done = make(chan struct{})
	a.start = time.Now()
}

// tolerate lets clients refuse from now on; before, that is a fault of the benchmark.
func (a *acks) tolerate() {
	a.Lock()
	defer a.Unlock()
	a.tolerant = true
}

func (a *acks) hear(kind, nonce string, refused bool) error {
	if nonce == "" {
		return nil
	}
	a.Lock()
	defer a.Unlock()
	if refused && !a.tolerant {
		return fmt.Errorf("the generator refused %s", kind)
	}
	if kind == a.kind && len(a.taken) < a.wanted && !refused {
		a.taken = append(a.taken, time.Since(a.start))
		if len(a.taken) == a.wanted {
			close(a.done)
		}
	}
	return nil
}

func (a *acks) wait() ([]time.Duration, error) {
	if a.wanted > 0 {
		select {
		case <-a.done:
		case <-time.After(patient):
		}
	}
	a.Lock()
	defer a.Unlock()
	if len(a.taken) < a.wanted {
		return nil, fmt.Errorf("%d of %d streams acknowledged", len(a.taken), a.wanted)
	}
	return a.taken, nil
}

package main

import (
	"bytes"
	"fmt"
	"slices"
	"sort"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

const smallest = 64 << 10 // a window that one large response fills

// odd is what the clients do besides acknowledging.
type odd struct {
	marker  atomic.Pointer[[]byte] // they refuse every response that contains this
	missing atomic.Pointer[string] // they wait to hear that this assignment does not exist
}

func (o *odd) refuses(data []byte) bool {
	marker := o.marker.Load()
	return marker != nil && bytes.Contains(data, *marker)
}

// refuse makes the clients refuse from now on.
func (f *fleet) refuse(marker string) (answer, error) {
	found := []byte(marker)
	f.odd.marker.Store(&found)
	return answer{}, f.failure()
}

// skim reads of a response what a refusal says again, and counts it.
func (c *client) skim(data []byte) (kind string, err error) {
	nonce := ""
	err = fields(data, func(number protowire.Number, value []byte) {
		switch number {
		case 4:
			kind = string(value)
		case 5:
			nonce = string(value)
		}
	})
	c.totals.bytes.Add(int64(len(data)))
	c.totals.responses.Add(1)
	c.totals.refused.Add(1)
	c.Lock()
	defer c.Unlock()
	c.has(kind).nonce = nonce
	return kind, err
}

// refusal is a request with the version held before and an error; google.rpc.Status, code 3.
func (c *client) refusal(kind string) []byte {
	status := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 3)
	status = put(status, 2, []byte("the benchmark refuses this"))
	out := c.acknowledgement(kind, c.held[kind].nonce)
	if c.delta {
		return put(out, 7, status)
	}
	return put(out, 6, status)
}

// miss subscribes every client to a name that does not exist and times what it hears of that.
func (f *fleet) miss(next command) (answer, error) {
	f.odd.missing.Store(&next.Name)
	start := time.Now()
	heard := make(chan time.Duration, len(f.clients))
	for _, one := range f.clients {
		go func() {
			<-one.missed
			heard <- time.Since(start)
		}()
		if err := one.send(func() []byte { return one.subscription(asked[1], next.Name) }); err != nil {
			return nil, err
		}
	}
	taken := []float64{}
	deadline := time.After(time.Duration(next.Seconds * float64(time.Second)))
	for range f.clients {
		select {
		case after := <-heard:
			taken = append(taken, milliseconds(after))
		case <-deadline:
			return answer{"heard": len(taken)}, f.failure()
		}
	}
	sort.Float64s(taken)
	return answer{
		"heard": len(taken), "all_ms": taken[len(taken)-1], "half_ms": taken[len(taken)/2],
	}, f.failure()
}

// subscription asks for one name more; state of the world repeats all of them.
func (c *client) subscription(kind, name string) []byte {
	c.names[kind] = append(slices.Clone(c.names[kind]), name)
	if c.delta {
		return put(put(nil, 2, []byte(kind)), 3, []byte(name))
	}
	return c.acknowledgement(kind, c.held[kind].nonce)
}

// look notices a word about the missing assignment: its removal, or an empty one of its name.
func (o *odd) look(c *client, kind string, resources [][]byte, removed []string) {
	missing := o.missing.Load()
	if missing == nil || kind != asked[1] {
		return
	}
	found := slices.Contains(removed, *missing)
	empty := put(nil, 1, []byte(*missing))
	for _, one := range resources {
		found = found || bytes.HasSuffix(one, empty)
	}
	if !found {
		return
	}
	select {
	case <-c.missed:
	default:
		close(c.missed)
	}
}

// openSlow opens streams that ask for everything and never read.
func (f *fleet) openSlow(next command) error {
	for number := range next.Slow {
		connection, err := dial(next.Port, smallest)
		if err != nil {
			return err
		}
		one := newClient(next.Streams+number, next, &f.totals, &f.odd)
		if _, err := one.ask(f.life, connection, asked); err != nil {
			return fmt.Errorf("a slow stream: %w", err)
		}
		context := f.life
		go func() {
			<-context.Done()
			connection.Close()
		}()
	}
	return nil
}

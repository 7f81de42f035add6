package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	service = "/envoy.service.discovery.v3.AggregatedDiscoveryService/"
	window  = 16 << 20 // Envoy's own: its stream window is larger than any response here
)

// raw hands messages to grpc as they are, so that the generator costs as little as it can.
type raw struct{}

func (raw) Name() string { return "proto" }

func (raw) Marshal(message any) ([]byte, error) { return message.([]byte), nil }

func (raw) Unmarshal(data []byte, into any) error {
	*into.(*[]byte) = data
	return nil
}

// totals is what all streams have received since they were read last.
type totals struct{ bytes, responses, resources, refused atomic.Int64 }

func (t *totals) read() answer {
	return answer{
		"bytes": t.bytes.Swap(0), "responses": t.responses.Swap(0),
		"resources": t.resources.Swap(0), "refused": t.refused.Swap(0),
	}
}

// fleet is all simulated clients, each with a connection of its own as proxies have.
type fleet struct {
	clients []*client
	totals  totals
	odd     odd
	wanted  command
	failed  chan error
	alive   sync.WaitGroup
	life    context.Context
	cancel  context.CancelFunc
}

func load() {
	all := &fleet{}
	obey(map[string]func(command) (answer, error){
		"open":      func(next command) (answer, error) { return all.open(next) },
		"reconnect": func(command) (answer, error) { return all.reconnect() },
		"received":  func(command) (answer, error) { return all.totals.read(), all.failure() },
		"close":     func(command) (answer, error) { return all.close() },
		"refuse":    func(next command) (answer, error) { return all.refuse(next.Marker) },
		"miss":      func(next command) (answer, error) { return all.miss(next) },
	})
}

func (f *fleet) open(next command) (answer, error) {
	f.wanted = next
	f.clients = make([]*client, next.Streams)
	for number := range f.clients {
		f.clients[number] = newClient(number, next, &f.totals, &f.odd)
	}
	opened, err := f.run(true)
	if err == nil {
		err = f.openSlow(next)
	}
	return opened, err
}

// reconnect ends every stream and opens it again with what its client holds.
func (f *fleet) reconnect() (answer, error) {
	if _, err := f.close(); err != nil {
		return nil, err
	}
	f.totals.read()
	return f.run(false)
}

// run opens all streams; if fresh, it returns when each has received all its types, otherwise
// when each has asked.
func (f *fleet) run(fresh bool) (answer, error) {
	start := time.Now()
	life, cancel := context.WithCancel(context.Background())
	f.life, f.cancel, f.failed = life, cancel, make(chan error, len(f.clients))
	ready := make(chan struct{}, len(f.clients))
	for _, one := range f.clients {
		f.alive.Add(1)
		go func() {
			defer f.alive.Done()
			err := one.run(life, f.wanted.Port, fresh, func() { ready <- struct{}{} })
			if err != nil && life.Err() == nil {
				f.failed <- err
			}
		}()
	}
	deadline := time.After(patient)
	for got := range f.clients {
		select {
		case <-ready:
		case err := <-f.failed:
			return nil, err
		case <-deadline:
			return nil, fmt.Errorf("%d of %d streams are ready", got, len(f.clients))
		}
	}
	return answer{"all_ms": milliseconds(time.Since(start))}, nil
}

func (f *fleet) failure() error {
	select {
	case err := <-f.failed:
		return err
	default:
		return nil
	}
}

func (f *fleet) close() (answer, error) {
	if f.cancel != nil {
		f.cancel()
	}
	f.alive.Wait()
	return answer{}, f.failure()
}

// dial opens a connection that no other stream shares.
func dial(port int, window int32) (*grpc.ClientConn, error) {
	return grpc.NewClient(
		fmt.Sprintf("passthrough:///127.0.0.1:%d", port),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithInitialWindowSize(window),
		grpc.WithInitialConnWindowSize(window),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(1<<30)),
	)
}

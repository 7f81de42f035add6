package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
)

const (
	shared  = "all"
	patient = 120 * time.Second
)

// grouping says which nodes have one snapshot together, by a key in the cache.
type grouping interface {
	cache.NodeHash
	keys(nodes int) []string
}

// oneForAll puts every node into one group: go-control-plane's cheapest arrangement.
type oneForAll struct{}

func (oneForAll) ID(*core.Node) string { return shared }

func (oneForAll) keys(int) []string { return []string{shared} }

// oneForEach gives every node a snapshot of its own, by its id.
type oneForEach struct{ cache.IDHash }

func (oneForEach) keys(nodes int) []string {
	keys := make([]string, nodes)
	for number := range keys {
		keys[number] = fmt.Sprintf("node-%d", number)
	}
	return keys
}

func serve(group grouping) {
	heard := &acks{}
	store := cache.NewSnapshotCache(true, group, nil)
	callbacks := server.CallbackFuncs{
		StreamRequestFunc: func(_ int64, request *discovery.DiscoveryRequest) error {
			return heard.hear(request.TypeUrl, request.ResponseNonce, request.ErrorDetail != nil)
		},
		StreamDeltaRequestFunc: func(_ int64, request *discovery.DeltaDiscoveryRequest) error {
			return heard.hear(request.TypeUrl, request.ResponseNonce, request.ErrorDetail != nil)
		},
	}
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot listen:", err)
		os.Exit(1)
	}
	listening := grpc.NewServer(grpc.MaxConcurrentStreams(20000))
	discovery.RegisterAggregatedDiscoveryServiceServer(
		listening, server.NewServer(context.Background(), store, callbacks))
	go listening.Serve(socket)
	say(answer{"port": socket.Addr().(*net.TCPAddr).Port})
	obey(map[string]func(command) (answer, error){
		"publish": func(next command) (answer, error) { return publish(store, group, heard, next) },
		"usage":   func(command) (answer, error) { return usage() },
		"cpu": func(command) (answer, error) {
			return answer{"total_cpu_ms": milliseconds(processTime())}, nil
		},
		"build": func(next command) (answer, error) { return build(next.Count) },
		"tolerate": func(command) (answer, error) {
			heard.tolerate()
			return answer{}, nil
		},
	})
}

// publish sets the snapshots of a file: one for all keys, or one for each.
func publish(
	store cache.SnapshotCache, group grouping, heard *acks, next command,
) (answer, error) {
	snapshots, err := read(next.File)
	if err != nil {
		return nil, err
	}
	runtime.GC() // what reading the file left behind is not the change's to pay
	before := processTime()
	heard.expect(next.Type, next.Streams)
	for number, key := range group.keys(next.Nodes) {
		snapshot := snapshots[number%len(snapshots)]
		if err := store.SetSnapshot(context.Background(), key, snapshot); err != nil {
			return nil, err
		}
	}
	published := time.Since(heard.start)
	taken, err := heard.wait()
	if err != nil {
		return nil, err
	}
	sort.Slice(taken, func(i, j int) bool { return taken[i] < taken[j] })
	spent := processTime()
	result := answer{
		"cpu_ms":       milliseconds(spent - before),
		"total_cpu_ms": milliseconds(spent),
		"publish_ms":   milliseconds(published),
	}
	if len(taken) > 0 {
		result["all_ms"] = milliseconds(taken[len(taken)-1])
		result["half_ms"] = milliseconds(taken[len(taken)/2])
	}
	return result, nil
}

func milliseconds(span time.Duration) float64 { return float64(span) / 1e6 }

// usage returns what this process takes, garbage given back to the system first.
func usage() (answer, error) {
	debug.FreeOSMemory()
	kib, err := residentKiB()
	return answer{"rss_kib": kib}, err
}

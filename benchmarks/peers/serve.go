package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"sync"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
)

const (
	shared  = "all" // every node has the same snapshot: go-control-plane's cheapest arrangement
	patient = 120 * time.Second
)

// oneForAll puts every node into the group that has the shared snapshot.
type oneForAll struct{}

func (oneForAll) ID(*core.Node) string { return shared }

// content is a snapshot as the benchmark writes it: messages of each type, and a version of each.
type content struct {
	Versions  map[string]string `json:"versions"`
	Resources []struct {
		Type string `json:"type"`
		Body []byte `json:"body"`
	} `json:"resources"`
}

// acks collects when the streams acknowledged what was published last.
type acks struct {
	sync.Mutex
	start  time.Time
	kind   string
	wanted int
	taken  []time.Duration
	done   chan struct{}
}

func (a *acks) expect(kind string, wanted int) {
	a.Lock()
	defer a.Unlock()
	a.kind, a.wanted, a.taken = kind, wanted, make([]time.Duration, 0, wanted)
	a.done = make(chan struct{})
	a.start = time.Now()
}

func (a *acks) hear(kind, nonce string, refused bool) error {
	if nonce == "" {
		return nil
	}
	if refused {
		return fmt.Errorf("the generator refused %s", kind)
	}
	a.Lock()
	defer a.Unlock()
	if kind == a.kind && len(a.taken) < a.wanted {
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

func serve() {
	heard := &acks{}
	store := cache.NewSnapshotCache(true, oneForAll{}, nil)
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
		"publish": func(next command) (answer, error) { return publish(store, heard, next) },
		"usage":   func(command) (answer, error) { return usage() },
	})
}

func publish(store cache.SnapshotCache, heard *acks, next command) (answer, error) {
	snapshot, err := read(next.File)
	if err != nil {
		return nil, err
	}
	runtime.GC() // what reading the file left behind is not the change's to pay
	before := processTime()
	heard.expect(next.Type, next.Streams)
	if err := store.SetSnapshot(context.Background(), shared, snapshot); err != nil {
		return nil, err
	}
	published := time.Since(heard.start)
	taken, err := heard.wait()
	if err != nil {
		return nil, err
	}
	sort.Slice(taken, func(i, j int) bool { return taken[i] < taken[j] })
	result := answer{"cpu_ms": milliseconds(processTime() - before), "publish_ms": milliseconds(published)}
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
	return answer{"rss_kib": kib, "cpu_ms": milliseconds(processTime())}, err
}

func read(file string) (*cache.Snapshot, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var found content
	if err := json.Unmarshal(text, &found); err != nil {
		return nil, err
	}
	byType := map[string][]types.Resource{}
	for _, one := range found.Resources {
		message, err := message(one.Type)
		if err != nil {
			return nil, err
		}
		if err := proto.Unmarshal(one.Body, message); err != nil {
			return nil, err
		}
		byType[one.Type] = append(byType[one.Type], message)
	}
	snapshot := &cache.Snapshot{}
	for kind, resources := range byType {
		snapshot.Resources[cache.GetResponseType(kind)] =
			cache.NewResources(found.Versions[kind], resources)
	}
	return snapshot, nil
}

func message(kind string) (proto.Message, error) {
	switch kind {
	case resource.ClusterType:
		return &cluster.Cluster{}, nil
	case resource.EndpointType:
		return &endpoint.ClusterLoadAssignment{}, nil
	case resource.ListenerType:
		return &listener.Listener{}, nil
	case resource.RouteType:
		return &route.RouteConfiguration{}, nil
	}
	return nil, fmt.Errorf("no message of type %s", kind)
}

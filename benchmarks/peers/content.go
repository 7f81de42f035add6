package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	route "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	"github.com/envoyproxy/go-control-plane/pkg/resource/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// content is a snapshot as the benchmark writes it: messages of each type, and a version of each.
type content struct {
	Versions  map[string]string `json:"versions"`
	Resources []struct {
		Type string `json:"type"`
		Body []byte `json:"body"`
	} `json:"resources"`
}

// read returns the snapshots of a file: one for all nodes, or one for each.
func read(file string) ([]*cache.Snapshot, error) {
	text, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer text.Close()
	found := []*cache.Snapshot{}
	for lines := json.NewDecoder(text); ; {
		var one content
		if err := lines.Decode(&one); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, err
		}
		snapshot, err := one.snapshot()
		if err != nil {
			return nil, err
		}
		found = append(found, snapshot)
	}
}

func (c content) snapshot() (*cache.Snapshot, error) {
	byType := map[string][]types.Resource{}
	for _, one := range c.Resources {
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
			cache.NewResources(c.Versions[kind], resources)
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

// build times one changed endpoint of many: the message stays, it is marshalled and hashed again.
func build(count int) (answer, error) {
	members := make([]*endpoint.LbEndpoint, count)
	for n := range members {
		members[n] = member(fmt.Sprintf("10.%d.%d.%d", 1+n/62500, n/250%250, n%250+1))
	}
	assignment := &endpoint.ClusterLoadAssignment{
		ClusterName: "service-0",
		Endpoints: []*endpoint.LocalityLbEndpoints{{
			Locality:            &core.Locality{},
			LbEndpoints:         members,
			LoadBalancingWeight: wrapperspb.UInt32(1),
		}},
	}
	times := []float64{}
	for round := range 15 {
		start := time.Now()
		members[round*count/15] = member(fmt.Sprintf("10.200.0.%d", round))
		body, err := cache.MarshalResource(assignment)
		if err != nil {
			return nil, err
		}
		if cache.HashResource(body) == "" {
			return nil, errors.New("no hash")
		}
		times = append(times, milliseconds(time.Since(start)))
	}
	return answer{"times_ms": times}, nil
}

func member(address string) *endpoint.LbEndpoint {
	socket := &core.SocketAddress{
		Address:       address,
		PortSpecifier: &core.SocketAddress_PortValue{PortValue: 8080},
	}
	at := &core.Address{Address: &core.Address_SocketAddress{SocketAddress: socket}}
	return &endpoint.LbEndpoint{
		HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: at}},
	}
}

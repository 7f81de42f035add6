package main

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
)

const prefix = "type.googleapis.com/envoy.config."

// asked is the order in which Envoy asks for its types, each after the one before was answered.
var asked = []string{
	prefix + "cluster.v3.Cluster",
	prefix + "endpoint.v3.ClusterLoadAssignment",
	prefix + "listener.v3.Listener",
	prefix + "route.v3.RouteConfiguration",
}

// held is what a client has of one type: a version of all, and one of each in delta.
type held struct {
	version string
	each    map[string]string
}

// client acknowledges everything, and remembers what it must say when it connects again.
type client struct {
	node   []byte
	delta  bool
	names  map[string][]string // type to names; none: a wildcard
	held   map[string]*held
	totals *totals
}

func newClient(number int, wanted command, totals *totals) *client {
	return &client{
		node:   node(fmt.Sprintf("node-%d", number), wanted.NodeKiB),
		delta:  wanted.Dialect == "delta",
		names:  map[string][]string{asked[1]: wanted.Names, asked[3]: wanted.Routes},
		held:   map[string]*held{},
		totals: totals,
	}
}

func (c *client) run(life context.Context, port int, fresh bool, ready func()) error {
	connection, err := dial(port)
	if err != nil {
		return err
	}
	defer connection.Close()
	method := service + "StreamAggregatedResources"
	if c.delta {
		method = service + "DeltaAggregatedResources"
	}
	description := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	stream, err := connection.NewStream(life, description, method)
	if err != nil {
		return err
	}
	first := asked[:1]
	if !fresh {
		first = asked // a client that has everything asks for everything
	}
	for number, kind := range first {
		if err := stream.SendMsg(c.first(kind, number == 0)); err != nil {
			return err
		}
	}
	if !fresh {
		ready()
	}
	return c.listen(stream, fresh, ready)
}

// listen acknowledges until the stream ends, and asks for the types one after the other.
func (c *client) listen(stream grpc.ClientStream, fresh bool, ready func()) error {
	next := 1
	for {
		var data []byte
		if err := stream.RecvMsg(&data); err != nil {
			return err
		}
		kind, nonce, err := c.take(data)
		if err != nil {
			return err
		}
		if err := stream.SendMsg(c.acknowledgement(kind, nonce)); err != nil {
			return err
		}
		if !fresh || next > len(asked) || kind != asked[next-1] {
			continue
		}
		if next == len(asked) {
			ready()
		} else if err := stream.SendMsg(c.first(asked[next], false)); err != nil {
			return err
		}
		next++
	}
}

// first returns the first request of a type. Field numbers: envoy/service/discovery/v3.
func (c *client) first(kind string, withNode bool) []byte {
	var out []byte
	has := c.held[kind]
	if withNode && c.delta {
		out = put(out, 1, c.node)
	} else if withNode {
		out = put(out, 2, c.node)
	}
	if !c.delta {
		if has != nil {
			out = put(out, 1, []byte(has.version))
		}
		return put(c.named(out, kind), 4, []byte(kind))
	}
	out = put(out, 2, []byte(kind))
	out = c.named(out, kind)
	if has != nil {
		names := make([]string, 0, len(has.each))
		for name := range has.each {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			entry := put(put(nil, 1, []byte(name)), 2, []byte(has.each[name]))
			out = put(out, 5, entry)
		}
	}
	return out
}

func (c *client) acknowledgement(kind, nonce string) []byte {
	if c.delta {
		return put(put(nil, 2, []byte(kind)), 6, []byte(nonce))
	}
	out := put(nil, 1, []byte(c.held[kind].version))
	out = put(c.named(out, kind), 4, []byte(kind))
	return put(out, 5, []byte(nonce))
}

func (c *client) named(out []byte, kind string) []byte {
	for _, name := range c.names[kind] {
		out = put(out, 3, []byte(name))
	}
	return out
}

// take reads a response and keeps what it says; type_url and nonce have the same numbers in both.
func (c *client) take(data []byte) (kind, nonce string, err error) {
	version, resources := "", [][]byte{}
	removed := []string{}
	err = fields(data, func(number protowire.Number, value []byte) {
		switch number {
		case 1:
			version = string(value)
		case 2:
			resources = append(resources, value)
		case 4:
			kind = string(value)
		case 5:
			nonce = string(value)
		case 6:
			removed = append(removed, string(value))
		}
	})
	if err != nil {
		return "", "", err
	}
	c.totals.bytes.Add(int64(len(data)))
	c.totals.responses.Add(1)
	c.totals.resources.Add(int64(len(resources)))
	has := c.held[kind]
	if has == nil {
		has = &held{each: map[string]string{}}
		c.held[kind] = has
	}
	has.version = version
	if c.delta {
		return kind, nonce, has.change(resources, removed)
	}
	return kind, nonce, nil
}

func (h *held) change(resources [][]byte, removed []string) error {
	for _, resource := range resources {
		name, version := "", ""
		err := fields(resource, func(number protowire.Number, value []byte) {
			switch number {
			case 1:
				version = string(value)
			case 3:
				name = string(value)
			}
		})
		if err != nil {
			return err
		}
		h.each[name] = version
	}
	for _, name := range removed {
		delete(h.each, name)
	}
	return nil
}

// fields calls with each length-delimited field; the responses have no others that count here.
func fields(data []byte, with func(protowire.Number, []byte)) error {
	for len(data) > 0 {
		number, kind, size := protowire.ConsumeTag(data)
		if size < 0 {
			return errors.New("a response is not protobuf")
		}
		data = data[size:]
		rest := protowire.ConsumeFieldValue(number, kind, data)
		if rest < 0 {
			return errors.New("a response ends within a field")
		}
		if kind == protowire.BytesType {
			value, _ := protowire.ConsumeBytes(data)
			with(number, value)
		}
		data = data[rest:]
	}
	return nil
}

func put(out []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, number, protowire.BytesType), value)
}

// node returns a Node of about this size: Envoy lists its extensions in it, 61 KB of them.
func node(name string, kib int) []byte {
	out := put(nil, 1, []byte(name))
	out = put(out, 2, []byte("bench"))
	out = put(out, 6, []byte("envoy"))
	for number := 0; len(out) < kib<<10; number++ {
		extension := put(nil, 1, []byte(fmt.Sprintf("envoy.filters.http.extension_%d", number)))
		extension = put(extension, 2, []byte("envoy.filters.http"))
		extension = put(extension, 6,
			[]byte(fmt.Sprintf("envoy.extensions.filters.http.v3.Extension%d", number)))
		out = put(out, 9, extension)
	}
	return out
}

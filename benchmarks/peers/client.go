package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"

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
	nonce   string
	each    map[string]string
}

// client acknowledges everything unless told otherwise, and remembers what it must say when it
// connects again. The lock is for its stream's writes and for what they are made of.
type client struct {
	sync.Mutex
	node   []byte
	delta  bool
	names  map[string][]string // type to names; none: a wildcard
	held   map[string]*held
	totals *totals
	odd    *odd
	stream grpc.ClientStream
	missed chan struct{} // closed when it hears that odd.missing does not exist
}

func newClient(number int, wanted command, totals *totals, odd *odd) *client {
	return &client{
		node:   node(fmt.Sprintf("node-%d", number), wanted.NodeKiB),
		delta:  wanted.Dialect == "delta",
		names:  map[string][]string{asked[1]: wanted.Names, asked[3]: own(wanted.Routes, number)},
		held:   map[string]*held{},
		totals: totals,
		odd:    odd,
		missed: make(chan struct{}),
	}
}

// own puts a client's number where a name has {n}.
func own(names []string, number int) []string {
	found := make([]string, len(names))
	for index, name := range names {
		found[index] = strings.ReplaceAll(name, "{n}", strconv.Itoa(number))
	}
	return found
}

func (c *client) run(life context.Context, port int, fresh bool, ready func()) error {
	connection, err := dial(port, window)
	if err != nil {
		return err
	}
	defer connection.Close()
	first := asked[:1]
	if !fresh {
		first = asked // a client that has everything asks for everything
	}
	stream, err := c.ask(life, connection, first)
	if err != nil {
		return err
	}
	if !fresh {
		ready()
	}
	return c.listen(stream, fresh, ready)
}

// ask opens the stream and sends the first request of each of these types.
func (c *client) ask(
	life context.Context, connection *grpc.ClientConn, kinds []string,
) (grpc.ClientStream, error) {
	method := service + "StreamAggregatedResources"
	if c.delta {
		method = service + "DeltaAggregatedResources"
	}
	description := &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}
	stream, err := connection.NewStream(life, description, method)
	if err != nil {
		return nil, err
	}
	c.Lock()
	defer c.Unlock()
	c.stream = stream
	for number, kind := range kinds {
		if err := stream.SendMsg(c.first(kind, number == 0)); err != nil {
			return nil, err
		}
	}
	return stream, nil
}

// listen acknowledges until the stream ends, and asks for the types one after the other.
func (c *client) listen(stream grpc.ClientStream, fresh bool, ready func()) error {
	next := 1
	for {
		var data []byte
		if err := stream.RecvMsg(&data); err != nil {
			return err
		}
		kind, err := c.answer(data)
		if err != nil {
			return err
		}
		if !fresh || next > len(asked) || kind != asked[next-1] {
			continue
		}
		if next == len(asked) {
			ready()
		} else if err := c.send(func() []byte { return c.first(asked[next], false) }); err != nil {
			return err
		}
		next++
	}
}

// answer takes a response and acknowledges or refuses it.
func (c *client) answer(data []byte) (string, error) {
	if c.odd.refuses(data) {
		kind, err := c.skim(data)
		if err != nil {
			return "", err
		}
		return kind, c.send(func() []byte { return c.refusal(kind) })
	}
	kind, err := c.take(data)
	if err != nil {
		return "", err
	}
	return kind, c.send(func() []byte { return c.acknowledgement(kind, c.held[kind].nonce) })
}

func (c *client) send(made func() []byte) error {
	c.Lock()
	defer c.Unlock()
	return c.stream.SendMsg(made())
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
		for name, version := range has.each { // in an order of its own, as Envoy does
			entry := put(put(nil, 1, []byte(name)), 2, []byte(version))
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
func (c *client) take(data []byte) (kind string, err error) {
	version, nonce, resources := "", "", [][]byte{}
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
		return "", err
	}
	c.totals.bytes.Add(int64(len(data)))
	c.totals.responses.Add(1)
	c.totals.resources.Add(int64(len(resources)))
	c.Lock()
	defer c.Unlock()
	c.odd.look(c, kind, resources, removed)
	has := c.has(kind)
	has.version, has.nonce = version, nonce
	if c.delta {
		return kind, has.change(resources, removed)
	}
	return kind, nil
}

func (c *client) has(kind string) *held {
	if c.held[kind] == nil {
		c.held[kind] = &held{each: map[string]string{}}
	}
	return c.held[kind]
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

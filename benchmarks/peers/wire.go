package main

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
)

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

// Command peers is the other side of the xDS benchmark: a load generator that speaks xDS, and a
// server on go-control-plane. Both take commands as JSON lines on standard input, one at a time,
// and answer each with one JSON line.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// command is a superset of what the two programs take; "do" says which fields count.
type command struct {
	Do      string   `json:"do"`
	File    string   `json:"file"`     // publish: the snapshot's resources
	Type    string   `json:"type"`     // publish: the type whose acknowledgements are awaited
	Streams int      `json:"streams"`  // publish: how many of them; open: how many streams
	Dialect string   `json:"dialect"`  // open: sotw or delta
	Port    int      `json:"port"`     // open
	NodeKiB int      `json:"node_kib"` // open: size of the Node of a stream's first request
	Names   []string `json:"names"`    // open: the endpoint assignments to ask for
	Routes  []string `json:"routes"`   // open: the route configurations to ask for
	Slow    int      `json:"slow"`     // open: how many streams more ask and never read
	Nodes   int      `json:"nodes"`    // publish: how many nodes there are
	Marker  string   `json:"marker"`   // refuse: what a refused response contains
	Name    string   `json:"name"`     // miss: the endpoint assignment that does not exist
	Seconds float64  `json:"seconds"`  // miss: how long to wait for a word
	Count   int      `json:"count"`    // build: how many endpoints
}

type answer map[string]any

// obey answers commands until standard input ends; an error is an answer too.
func obey(handlers map[string]func(command) (answer, error)) {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var next command
		result, err := answer(nil), json.Unmarshal(lines.Bytes(), &next)
		if err == nil {
			if handle, known := handlers[next.Do]; known {
				result, err = handle(next)
			} else {
				err = fmt.Errorf("unknown command %q", next.Do)
			}
		}
		if err != nil {
			result = answer{"error": err.Error()}
		}
		say(result)
	}
}

func say(what answer) {
	line, err := json.Marshal(what)
	if err != nil {
		panic(err) // our own values: a bug
	}
	os.Stdout.Write(append(line, '\n'))
}

// processTime is the CPU time this process has taken, user and system.
func processTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// residentKiB reads VmRSS; see proc_pid_status(5).
func residentKiB() (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rest, found := strings.CutPrefix(line, "VmRSS:"); found {
			return strconv.Atoi(strings.Fields(rest)[0])
		}
	}
	return 0, fmt.Errorf("no VmRSS in /proc/self/status")
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "serve":
		serve(oneForAll{})
	case len(os.Args) == 2 && os.Args[1] == "serve-each":
		serve(oneForEach{})
	case len(os.Args) == 2 && os.Args[1] == "load":
		load()
	default:
		fmt.Fprintln(os.Stderr, "usage: peers serve|serve-each|load")
		os.Exit(2)
	}
}

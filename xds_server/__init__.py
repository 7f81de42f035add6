"""Everything that touches: the server that devices are pointed at, its store, API and commands."""

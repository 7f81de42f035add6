"""One file a step from one schema to the next."""

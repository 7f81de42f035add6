"""The machine's container engine: found, or started and stopped again, and what it must have."""

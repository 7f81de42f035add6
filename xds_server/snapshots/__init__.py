"""What devices should run now, and what they say about it: values only, bytes inside."""

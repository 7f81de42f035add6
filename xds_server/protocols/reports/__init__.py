"""What clients report beside xDS itself: loads, access logs, metrics, and what they hold."""

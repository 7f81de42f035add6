"""The namespace bed: hosts, fabric, workloads and what measures them."""

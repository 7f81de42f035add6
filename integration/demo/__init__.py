"""The demo: a real fabric, real bridges and proxies, one policy, and proof by traffic."""

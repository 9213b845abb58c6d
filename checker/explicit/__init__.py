"""Explicit exploration of every reachable state."""

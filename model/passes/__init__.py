"""Passes from the typed IR to the system that an engine explores."""

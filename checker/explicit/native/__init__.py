"""Exploration at machine speed, by a kernel compiled for one system."""

"""The specification held against implementations, and against other specifications."""

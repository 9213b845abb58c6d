"""The microkernel: the part of the confidential VM that isolates containers from one another."""

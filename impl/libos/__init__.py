"""The library OS: what a function calls instead of Linux, in its own address space.

Only its own tenant trusts it; isolation never depends on it. Memory, threads and temporary files
stay inside; files of the image are read through the host and verified; what goes to the network is
encrypted before the host has it. `calls` lists all calls, `process` has those that move data.
"""

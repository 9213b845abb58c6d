"""The mappings of `impl`: what its machine is in the terms of the specification, module by module.

Each mapping computes the abstract state from what the machine really has: bytes of frames, page
tables as they are walked, rows of the reverse map or the secure EPT, control groups, vCPUs.
"""

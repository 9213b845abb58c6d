"""The host: cgroups, shadow containers, backing of memory, delegated calls; and its evil twin."""

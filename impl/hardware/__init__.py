"""The hardware: frames of bytes, memory encryption, page ownership, TLBs, vCPUs, reports."""

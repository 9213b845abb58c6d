"""Evidence about a confidential VM and its containers, and the verifier that judges it.

Split attestation: the hardware vouches for the VM (kernel, key, boot), the kernel for a container
(zygote, function, root file system, nonce, key). Formats stand apart from their makers and judges.
"""

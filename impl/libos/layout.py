"""Where things lie in a container's address space, in virtual pages.

Page 0 stays unmapped. The mailbox is shared with the host, everything else is private.
"""

MAILBOX = 1
CHANNELS = 2
CHANNELS_END = 16
CODE = 16
FUNCTION = 128
HEAP = 160
HEAP_END = 288
MAPPINGS = 288
MAPPINGS_END = 512

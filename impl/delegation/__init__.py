"""What crosses the border of the VM when a call is delegated: messages, image blocks, records.

Both sides speak these formats; the checks are those of the side that must not trust the other.
"""

"""The gate: what was accepted of a specification, held against what is found of it today.

`lock` is the data of `splitspec.lock`, `lock_text` its reader and writer. `record` makes a block of
a judged run, `comparison` the findings of two locks, `keeping` keeps results by content. No engine
is started here: the command line makes the runs, and hands over what they gave.
"""

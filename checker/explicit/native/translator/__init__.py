"""Translate functions written in a small subset of Python to LLVM IR text."""

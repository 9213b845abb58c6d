"""Specify, check and prove split confidential containers."""

__version__ = "0.1.0"

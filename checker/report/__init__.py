"""Verdicts and traces as text, data and pictures."""

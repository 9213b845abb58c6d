"""A system as text for tools of others: what can be said there, and what is left out."""

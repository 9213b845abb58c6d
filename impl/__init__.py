"""A small confidential-container system that really runs."""

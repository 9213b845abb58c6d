"""Functions that run in containers: Python callables that see nothing but their process."""

"""Engines that judge a system, and the forms in which a verdict is shown."""

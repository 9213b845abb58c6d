"""The commands and their flags. What each does stands in a module of `cli`, imported when it
runs.
"""

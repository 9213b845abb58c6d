"""From typed models to what is probably not meant in them: warnings, never errors."""

from splitspec.model.lint.warnings import Linted, lint

__all__ = ["Linted", "lint"]

"""Write the path of a file as the reader of a report finds it."""

from __future__ import annotations

import os
from pathlib import Path


def shown(path: Path) -> str:
    """Return a path from the top of the repository, where GitHub says which that is, else from
    here; one that lies below neither stays whole.

    GitHub takes the places of annotations and of SARIF from the top, wherever a command was run.
    """
    whole = path.absolute()
    for top in (os.environ.get("GITHUB_WORKSPACE", ""), str(Path.cwd())):
        if top and whole.is_relative_to(top):
            return str(whole.relative_to(top))
    return str(path)

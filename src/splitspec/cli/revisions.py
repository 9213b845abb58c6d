"""From a word to a specification: a folder, or a revision of git that is laid out in a folder."""

from __future__ import annotations

import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath

from splitspec.cli.models import wrong
from splitspec.model.manifest import FILE_NAME

SUFFIXES = frozenset({".split", ".toml"})


@contextmanager
def laid_out(word: str) -> Iterator[Path]:
    """Give the `models.toml` of a folder or a revision; raise `RefusedError` if there is none."""
    folder = Path(word)
    if folder.is_dir():
        yield _manifest_in(folder, word)
        return
    revision = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{word}^{{commit}}")
    if revision is None:
        raise wrong(f"{word} is neither a folder nor a revision of git")
    name = revision.decode().strip()
    # From the top, so that the same specification is found from every folder of the checkout.
    top = _git("rev-parse", "--show-toplevel")
    archive = None if top is None else _git("-C", top.decode().strip(), "archive", name)
    if archive is None:
        raise wrong(f"git cannot lay out {word}")
    with tempfile.TemporaryDirectory(prefix="splitspec-") as place:
        _lay_out(archive, Path(place))
        yield _manifest_in(Path(place), word)


def texts_in(folder: Path) -> dict[str, bytes]:
    """Return the texts of the specification in a folder, by their place in it."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.suffix in SUFFIXES and path.is_file()
    }


def _lay_out(archive: bytes, place: Path) -> None:
    """Write the texts of specifications, and nothing else that a revision may hold."""
    with tarfile.open(fileobj=BytesIO(archive)) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            content = tar.extractfile(member) if member.isreg() else None
            if content is None or path.suffix not in SUFFIXES or ".." in path.parts:
                continue
            target = place / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())


def _manifest_in(folder: Path, word: str) -> Path:
    for place in (folder / FILE_NAME, folder / "spec" / FILE_NAME):
        if place.is_file():
            return place
    raise wrong(f"{word} has no {FILE_NAME}, and no spec/{FILE_NAME}")


def _git(*words: str) -> bytes | None:
    """Return what git prints, None if it fails or is not installed."""
    try:
        done = subprocess.run(("git", *words), capture_output=True, check=False)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None

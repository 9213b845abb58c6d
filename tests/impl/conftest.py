"""What several suites of the implementation begin from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.impl.deployments import FILES, SIZES
from tests.impl.scenes import KINDS
from tests.impl.weakness import Weakness

from splitspec.impl.deployment import Deployment
from splitspec.impl.machine import Machine


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A directory with the files of an image."""
    for name, content in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return tmp_path


@pytest.fixture(params=KINDS)
def deployment(request: pytest.FixtureRequest) -> Iterator[Deployment]:
    """An empty deployment on each platform."""
    made = Deployment(Machine(SIZES, request.param))
    yield made
    for instance in list(made.instances.values()):
        instance.delegate.close()


@pytest.fixture
def weakness(request: pytest.FixtureRequest) -> Weakness:
    """The weakness that the test shows."""
    found: Weakness = request.function.weakness
    return found

"""Settings that every suite shares, and the marker of what runs at night only."""

import pytest
from hypothesis import settings

# Time limits for single cases would make the suite depend on the machine's load.
settings.register_profile("default", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.load_profile("default")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is marked `nightly` in every run but that of `make nightly`."""
    if config.getoption("--hypothesis-profile") == "nightly":
        return
    for item in items:
        if "nightly" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="runs in `make nightly`"))

"""Settings that every suite shares."""

from hypothesis import settings

# Time limits for single cases would make the suite depend on the machine's load.
settings.register_profile("default", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.load_profile("default")

"""Settings for all tests."""

from hypothesis import settings

# A busy machine, or a function compiled at its first call, is no failure.
settings.register_profile("minimask", deadline=None)
settings.load_profile("minimask")

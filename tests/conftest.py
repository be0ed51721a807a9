"""Settings for all tests.

Hypothesis draws the same examples in every run, so that a change, and nothing else, decides whether the tests pass. To
look for new ones: `python start.py test --hypothesis-profile=explore`.
"""

from hypothesis import settings

# A busy machine, or a function compiled at its first call, is no failure.
settings.register_profile("minimask", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("minimask")

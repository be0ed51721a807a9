"""Bad input: what every table of refusals asks of a call."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def refused(call: Callable[[], object], error: type[Exception], *parts: str) -> None:
    """Assert that a call raises exactly this error, with all these parts in its message."""
    with pytest.raises(error) as caught:
        call()
    assert type(caught.value) is error
    for part in parts:
        assert part in str(caught.value)

import pytest

from minimask.exercises import call


@pytest.fixture
def short_patience(monkeypatch):
    """Stop a call after a fifth of a second, not after two."""
    monkeypatch.setattr(call, "SECONDS", 0.2)

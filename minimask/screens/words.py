"""The words on the pages: a list of our own, so that nothing on a page is anybody's."""

from __future__ import annotations

import numpy as np

ACTIONS = (
    *("Save", "Send", "Cancel", "OK", "Next", "Back", "Open", "Close", "Add", "Edit", "Search", "Sign in", "Reply"),
    *("Share", "Print", "Apply", "Reset", "Try it", "Buy", "Follow", "Start", "Stop", "Done", "Undo", "Copy", "Join"),
)
"""On buttons."""
FIELDS = (
    *("Name", "Email", "City", "Phone", "Password", "Street", "Title", "Date", "Company", "Country", "Subject"),
    *("Search", "Price", "Amount", "Code", "Notes", "Web site", "First name", "Last name", "Language"),
)
"""Labels of fields."""
OPTIONS = (
    *("Remember me", "Newsletter", "Show all", "Dark mode", "Sounds", "Gift wrap", "Large print", "By train", "By bus"),
    *("Small", "Medium", "Large", "Weekly", "Monthly", "Never", "Always", "Only friends", "In stock", "Free", "New"),
)
"""Beside check boxes and radio buttons."""
NOUNS = (
    *("river", "garden", "letter", "window", "morning", "station", "kitchen", "mountain", "bridge", "market", "lamp"),
    *("ticket", "harbor", "bread", "island", "forest", "paper", "teacher", "weather", "street", "painting", "engine"),
    *("library", "picture", "village", "summer", "journey", "concert", "orange", "bicycle", "museum", "theater"),
)
OTHERS = (
    *("the", "a", "of", "in", "under", "over", "near", "with", "and", "old", "quiet", "green", "small", "first", "new"),
    *("opens", "waits", "sings", "falls", "turns", "shines", "begins", "ends", "slowly", "today", "again", "for", "to"),
)


def chosen(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    """Return one of some words."""
    return words[int(rng.integers(len(words)))]


def sentence(rng: np.random.Generator, length: int) -> str:
    """Return so many words that begin with a capital letter, and mean nothing.

    Examples
    --------
    >>> sentence(np.random.default_rng(0), 4)
    'Slowly painting new bridge'
    """
    parts = [chosen(rng, OTHERS if k % 2 == 0 else NOUNS) for k in range(length)]
    return " ".join(parts).capitalize()

"""The reasons: why a mutant survives, one by one. By the statement it is right too, or no check can see it."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

TABLE = Path(__file__).with_name("survivors.toml")


class Reason(NamedTuple):
    """Why a mutant survives, and whether because it is right too: then no check may reject it."""

    text: str
    is_right: bool


@cache
def reasons(path: Path = TABLE) -> dict[tuple[str, str], Reason]:
    """Return the reasons from the table beside this file: (exercise, change) -> reason."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    found: dict[tuple[str, str], Reason] = {}
    for id, groups in table.items():
        for group in groups:
            for change in group["changes"]:
                if (id, change) in found:
                    raise ValueError(f"{path.name} gives two reasons for exercise {id}: {change}")
                found[id, change] = Reason(group["reason"], group.get("is_right", True))
    return found

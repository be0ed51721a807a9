"""The equivalents: mutants that no check may reject, since by the statement they are right too; and the reasons."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("equivalents.toml")


@cache
def equivalents(path: Path = TABLE) -> dict[tuple[str, str], str]:
    """Return the reasons from the table beside this file: (exercise, change) -> reason."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    reasons: dict[tuple[str, str], str] = {}
    for id, groups in table.items():
        for group in groups:
            for change in group["changes"]:
                if (id, change) in reasons:
                    raise ValueError(f"{path.name} gives two reasons for exercise {id}: {change}")
                reasons[id, change] = group["reason"]
    return reasons

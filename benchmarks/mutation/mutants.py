"""The mutants of a function: its source, changed in one place."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import NamedTuple

from .operators import OPERATORS, Operator
from .scope import Scope


class Mutant(NamedTuple):
    """A function with one change: by which operator, in which lines, and the whole of it."""

    operator: str
    change: str
    source: str


def mutants(source: str, operators: Mapping[str, Operator] = OPERATORS) -> list[Mutant]:
    r"""Return all mutants of a function, in the order of its lines, each once.

    Examples
    --------
    >>> for mutant in mutants("def half(x):\n    return x / 2", {"constant": OPERATORS["constant"]}):
    ...     print(mutant.change)
    return x / 2 -> return x / 3
    return x / 2 -> return x / 1
    return x / 2 -> return x / 0
    return x / 2 -> return x / -2
    """
    scope = Scope(source)
    found: list[Mutant] = []
    seen, changes = {_shape(scope.tree)}, dict[str, int]()
    for node in scope.nodes:
        for name, operator in operators.items():
            for text in operator(node, scope):
                changed, tree = _with(source, node, text)
                if tree in seen:
                    continue
                seen.add(tree)
                change = _difference(source, changed)
                changes[change] = changes.get(change, 0) + 1
                turn = f" (place {changes[change]})" if changes[change] > 1 else ""
                found.append(Mutant(name, change + turn, changed))
    return found


def _with(source: str, node: ast.AST, text: str) -> tuple[str, str]:
    """Return a source with another text in the place of a node, in parentheses where it needs them, and its tree."""
    if isinstance(node, ast.stmt):
        text = text.replace("\n", "\n" + " " * node.col_offset)
    bare = _spliced(source, node, text)
    whole = any(isinstance(part, ast.stmt | ast.Slice) for part in [node, *getattr(node, "elts", ())])
    if whole or _binds_most(text):
        return bare, _shape(ast.parse(bare))
    safe = _spliced(source, node, f"({text})")
    tree = _shape(ast.parse(safe))
    try:
        needless = _shape(ast.parse(bare)) == tree
    except SyntaxError:
        needless = False
    return bare if needless else safe, tree


def _binds_most(text: str) -> bool:
    """Return whether an expression means the same beside any sign: a name, a call, an index, a plain number."""
    node = ast.parse(text, mode="eval").body
    number = isinstance(node, ast.Constant) and isinstance(node.value, float | int)
    return number or isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Subscript)


def _spliced(source: str, node: ast.AST, text: str) -> str:
    assert isinstance(node, ast.expr | ast.stmt)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    lines = source.encode().splitlines(keepends=True)  # columns are counted in bytes
    before = b"".join(lines[: node.lineno - 1]) + lines[node.lineno - 1][: node.col_offset]
    after = lines[node.end_lineno - 1][node.end_col_offset :] + b"".join(lines[node.end_lineno :])
    return (before + text.encode() + after).decode()


def _difference(source: str, changed: str) -> str:
    """Return the lines that differ, as they were and as they are."""
    old, new = source.splitlines(), changed.splitlines()
    start = next((k for k, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    stop = 0
    while stop < min(len(old), len(new)) - start and old[-1 - stop] == new[-1 - stop]:
        stop += 1
    if not len(old) - stop - start:  # something was added: show behind what
        start -= 1
    before, after = ("; ".join(line.strip() for line in lines[start : len(lines) - stop]) for lines in (old, new))
    return f"{before} -> {after}"


def _shape(tree: ast.AST) -> str:
    return ast.dump(tree, annotate_fields=False)

"""The scope: what an operator needs to know about a function beyond the node that it looks at."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator

SAFEGUARDS = {"strict"}


class Scope:
    """A function, its names, and where its nodes stand.

    Parameters
    ----------
    source : str
        A single function.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.tree = ast.parse(source)
        function = self.tree.body[0]
        assert isinstance(function, ast.FunctionDef)
        self.function = function
        self.parameters = {
            argument.arg: ast.unparse(argument.annotation) if argument.annotation else ""
            for argument in function.args.args
        }
        self.nodes = list(_changeable(function))
        returns = [node for node in self.nodes if isinstance(node, ast.Return)]
        self.last_return = returns[-1] if returns else None
        self._places = {id(place) for node in self.nodes for place in _places_in(node)}
        self._loops = {id(node.iter) for node in self.nodes if isinstance(node, ast.For | ast.comprehension)}
        tests = [node.test for node in self.nodes if isinstance(node, ast.If | ast.IfExp)]
        ifs = [test for node in self.nodes if isinstance(node, ast.comprehension) for test in node.ifs]
        self._conditions = {id(node) for node in tests + ifs}
        self._safeguards = {id(node) for node in self.nodes if isinstance(node, ast.keyword) and node.arg in SAFEGUARDS}
        self._not_to_change = {
            *(id(_negated(node)) for node in self.nodes),  # the whole of -1 is one number
            *(id(node.value) for node in self.nodes if isinstance(node, ast.keyword) and self.is_safeguard(node)),
        }
        self._groups = [*_names_bound_together(self.nodes), *self._parameters_of_one_type()]

    def number(self, node: ast.AST) -> float | bool | None:
        """Return the number or truth value that a node is, with its sign, or None."""
        if id(node) in self._not_to_change:
            return None
        digits = _negated(node) or node
        if not isinstance(digits, ast.Constant) or not isinstance(digits.value, int | float):
            return None
        return digits.value if digits is node else -digits.value

    def is_safeguard(self, node: ast.keyword) -> bool:
        """Return whether an argument only guards against input that an exercise rules out."""
        return id(node) in self._safeguards

    def is_place(self, node: ast.AST) -> bool:
        """Return whether a node is an index."""
        return id(node) in self._places

    def is_looped_over(self, node: ast.expr) -> bool:
        """Return whether a loop or a comprehension runs over a node."""
        return id(node) in self._loops

    def is_condition(self, node: ast.expr) -> bool:
        """Return whether a node decides which way to go."""
        return id(node) in self._conditions

    def partners(self, name: str) -> list[str]:
        """Return the names with which a name may be confused: its neighbors where it gets its value."""
        neighbors = []
        for group in self._groups:
            if name in group:
                k = group.index(name)
                neighbors += group[max(k - 1, 0) : k] + group[k + 1 : k + 2]
        return [other for other in dict.fromkeys(neighbors) if other not in (name, "_")]

    def bound_by(self, node: ast.stmt) -> set[str] | None:
        """Return the names that a statement gives a value to, or None where it should not be left out."""
        if isinstance(node, ast.FunctionDef | ast.Return | ast.Pass | ast.While):
            return None
        names = {
            inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
        }
        return set() if isinstance(node, ast.AugAssign | ast.If | ast.For) else names

    def bound_before(self, node: ast.stmt) -> set[str]:
        """Return the names that have a value before a statement is reached."""
        stores = [n for n in self.nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)]
        return {*self.parameters, *(name.id for name in stores if name.lineno < node.lineno)}

    def lines_of(self, node: ast.stmt) -> list[str]:
        """Return a statement as lines without their common indentation."""
        lines = self.source.splitlines()[node.lineno - 1 : node.end_lineno]
        return textwrap.dedent("\n".join(lines)).splitlines()

    def text_between(self, node: ast.stmt, inner: ast.stmt) -> str:
        """Return a statement without its indentation, up to a statement inside it."""
        lines = self.source.splitlines()[node.lineno - 1 : inner.lineno - 1]
        return textwrap.dedent("\n".join(lines)) + "\n    "

    def _parameters_of_one_type(self) -> Iterator[list[str]]:
        for kind in dict.fromkeys(self.parameters.values()):
            yield [name for name, its_kind in self.parameters.items() if its_kind == kind]


def _negated(node: ast.AST) -> ast.Constant | None:
    """Return the 1 of a -1."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return node.operand
    return None


def _changeable(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Walk through all that a function does, in the order of the source: neither annotations nor docstrings."""
    for child in function.body:
        if not (isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)):
            yield from _walk(child)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "args") and isinstance(node, ast.AnnAssign | ast.FunctionDef):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _walk(child)


def _places_in(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the indices in a subscript, and the ends of its slices; an axis is a place too."""
    if isinstance(node, ast.keyword) and node.arg == "axis":
        yield node.value
    if isinstance(node, ast.Subscript):
        for item in node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]:
            if isinstance(item, ast.Slice):
                yield from (end for end in (item.lower, item.upper) if end)
            else:
                yield item


def _names_bound_together(nodes: list[ast.AST]) -> Iterator[list[str]]:
    for node in nodes:
        if isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
            yield [item.id for item in node.elts if isinstance(item, ast.Name)]

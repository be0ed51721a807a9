"""The operators: each looks at one node of a function's syntax tree, and names what might stand there by mistake."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from .scope import Scope

ARITHMETIC: dict[type[ast.operator], tuple[ast.operator, ...]] = {
    ast.Add: (ast.Sub(),),
    ast.Sub: (ast.Add(),),
    ast.Mult: (ast.Div(),),
    ast.Div: (ast.Mult(), ast.FloorDiv()),
    ast.FloorDiv: (ast.Div(),),
    ast.Mod: (ast.FloorDiv(),),
    ast.Pow: (ast.Mult(),),
}
COMPARISONS: dict[type[ast.cmpop], tuple[ast.cmpop, ...]] = {
    ast.Lt: (ast.LtE(), ast.GtE()),
    ast.LtE: (ast.Lt(), ast.Gt()),
    ast.Gt: (ast.GtE(), ast.LtE()),
    ast.GtE: (ast.Gt(), ast.Lt()),
    ast.Eq: (ast.NotEq(),),
    ast.NotEq: (ast.Eq(),),
    ast.In: (ast.NotIn(),),
    ast.NotIn: (ast.In(),),
}
ONE_WAY = ast.Sub | ast.Div | ast.FloorDiv | ast.Pow | ast.MatMult
FUNCTIONS = {
    "floor": ("ceil", "round", "trunc"),
    "ceil": ("floor", "round"),
    "int": ("round",),
    "min": ("max",),
    "max": ("min",),
    "minimum": ("maximum",),
    "maximum": ("minimum",),
    "argmin": ("argmax",),
    "argmax": ("argmin",),
    "sum": ("mean", "max"),
    "mean": ("sum",),
    "prod": ("sum",),
    "any": ("all",),
    "all": ("any",),
    "cumsum": ("cumprod",),
    "zeros": ("ones",),
    "eye": ("ones_like",),
    "log": ("log2",),
    "log2": ("log",),
    "log1p": ("log",),
    "exp": ("expm1",),
    "std": ("var",),
    "sign": ("abs",),
    "repeat": ("tile",),
}
SYMMETRIC = {"min", "max", "minimum", "maximum"}
CLAMPS = {*SYMMETRIC, "clip", "copysign"}
WRAPPERS = {"abs", "floor", "ceil", "int", "round", "sqrt", "log", "log2", "log1p", "exp", "sign", "sorted", "unique"}
METHODS = {"copy", "astype", "any", "all", "flatten", "ravel"}
Operator = Callable[[ast.AST, Scope], Iterator[str]]


def arithmetic(node: ast.AST, _: Scope) -> Iterator[str]:
    """Yield plus for minus, times for divided by."""
    if isinstance(node, ast.BinOp):
        for sign in ARITHMETIC.get(type(node.op), ()):
            yield ast.unparse(ast.BinOp(node.left, sign, node.right))
    if isinstance(node, ast.AugAssign):
        for sign in ARITHMETIC.get(type(node.op), ()):
            yield ast.unparse(ast.AugAssign(node.target, sign, node.value))
        yield f"{ast.unparse(node.target)} = {ast.unparse(node.value)}"


def dropped_operand(node: ast.AST, _: Scope) -> Iterator[str]:
    """Leave out one side of a sum, a product or a condition."""
    if isinstance(node, ast.BinOp):
        yield from (ast.unparse(node.left), ast.unparse(node.right))
    if isinstance(node, ast.BoolOp):
        for k in range(len(node.values)):
            rest = node.values[:k] + node.values[k + 1 :]
            yield ast.unparse(ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0])


def comparison(node: ast.AST, _: Scope) -> Iterator[str]:
    """Put the boundary on the other side, or compare the other way round; keep half of a chain."""
    if isinstance(node, ast.Compare):
        left, signs, others = node.left, node.ops, node.comparators
        for k, sign in enumerate(signs):
            for other in COMPARISONS.get(type(sign), ()):
                yield ast.unparse(ast.Compare(left, [*signs[:k], other, *signs[k + 1 :]], others))
        if len(signs) > 1:
            yield ast.unparse(ast.Compare(left, signs[:-1], others[:-1]))
            yield ast.unparse(ast.Compare(others[0], signs[1:], others[1:]))


def logic(node: ast.AST, _: Scope) -> Iterator[str]:
    """Yield and for or, leave out a not, take a branch always or never."""
    if isinstance(node, ast.BoolOp):
        yield ast.unparse(ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
        sign = ast.BitOr() if isinstance(node.op, ast.BitAnd) else ast.BitAnd()
        yield ast.unparse(ast.BinOp(node.left, sign, node.right))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        yield ast.unparse(node.operand)
    if isinstance(node, ast.IfExp):
        yield from (ast.unparse(node.body), ast.unparse(node.orelse))
        yield ast.unparse(ast.IfExp(node.test, node.orelse, node.body))


def condition(node: ast.AST, scope: Scope) -> Iterator[str]:
    """Let the condition of a statement or of a comprehension always hold, or turn it around."""
    if isinstance(node, ast.expr) and scope.is_condition(node):
        yield "True"
        if not isinstance(node, ast.Compare):
            yield ast.unparse(ast.UnaryOp(ast.Not(), node))


def constant(node: ast.AST, scope: Scope) -> Iterator[str]:
    """Yield numbers off by one, zero, of the other sign, or half as large; and the other truth value."""
    value = scope.number(node)
    if isinstance(value, bool):
        yield repr(not value)
    elif value is not None:
        yield from map(repr, (value + 1, value - 1, abs(value - value)))
        if value and not scope.is_place(node):  # an index of the other sign may well be the same place
            yield repr(-value)
        if isinstance(value, float) and value:
            yield repr(value / 2)


def sign(node: ast.AST, _: Scope) -> Iterator[str]:
    """Leave out a minus."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant):
        yield ast.unparse(node.operand)


def place(node: ast.AST, scope: Scope) -> Iterator[str]:
    """Take an index or the end of a slice that is off by one, or leave an end out."""
    if isinstance(node, ast.Slice):
        lower, upper, step = (ast.unparse(end) if end else "" for end in (node.lower, node.upper, node.step))
        stepped = f":{step}" if step else ""
        if lower:
            yield f":{upper}{stepped}"
        if upper:
            yield f"{lower}:{stepped}"
        if step:
            yield f"{lower}:{upper}"
    if isinstance(node, ast.expr) and scope.is_place(node) and not isinstance(node, ast.Constant | ast.Slice):
        yield from (ast.unparse(ast.BinOp(node, sign, ast.Constant(1))) for sign in (ast.Add(), ast.Sub()))


def function(node: ast.AST, _: Scope) -> Iterator[str]:
    """Call a function's neighbor: ceil for floor, max for min, mean for sum."""
    if isinstance(node, ast.Call):
        for other in FUNCTIONS.get(_name_of(node), ()):
            called = ast.Attribute(node.func.value, other) if isinstance(node.func, ast.Attribute) else ast.Name(other)
            yield ast.unparse(ast.Call(called, node.args, node.keywords))


def unwrapped(node: ast.AST, _: Scope) -> Iterator[str]:
    """Leave out a clamp, a rounding, a root, an abs, a copy or a transposition."""
    if isinstance(node, ast.Call) and not isinstance(node.args[0] if node.args else None, ast.Starred):
        name = _name_of(node)
        if name in CLAMPS and len(node.args) > 1:
            yield from map(ast.unparse, node.args)
        if name == "clip" and len(node.args) == 3:
            it, low, high = map(ast.unparse, node.args)
            yield from (f"np.maximum({it}, {low})", f"np.minimum({it}, {high})")
        if name in WRAPPERS and node.args:
            yield ast.unparse(node.args[0])
        if name in METHODS and isinstance(node.func, ast.Attribute):
            yield ast.unparse(node.func.value)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield ast.unparse(node.value)


def swapped(node: ast.AST, _: Scope) -> Iterator[str]:
    """Swap two arguments, two values of a tuple or the two sides of a difference."""
    if isinstance(node, ast.Call) and _name_of(node) not in SYMMETRIC:
        keywords = list(map(ast.unparse, node.keywords))
        for arguments in _neighbors_swapped(list(map(ast.unparse, node.args))):
            yield f"{ast.unparse(node.func)}({', '.join(arguments + keywords)})"
    if isinstance(node, ast.Tuple | ast.List) and not any(isinstance(item, ast.Starred) for item in node.elts):
        for items in _neighbors_swapped(list(map(ast.unparse, node.elts))):
            yield f"[{', '.join(items)}]" if isinstance(node, ast.List) else ", ".join(items)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ONE_WAY):
        yield ast.unparse(ast.BinOp(node.right, node.op, node.left))


def name(node: ast.AST, scope: Scope) -> Iterator[str]:
    """Take a name's partner: the height for the width, the other argument of the same type."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield from scope.partners(node.id)


def keyword(node: ast.AST, scope: Scope) -> Iterator[str]:
    """Leave out an argument with a name: an axis, a start, a kind of sorting."""
    if isinstance(node, ast.Call):
        for k, left_out in enumerate(node.keywords):
            if not scope.is_safeguard(left_out):
                rest = [*node.args, *node.keywords[:k], *node.keywords[k + 1 :]]
                yield f"{ast.unparse(node.func)}({', '.join(map(ast.unparse, rest))})"


def loop(node: ast.AST, scope: Scope) -> Iterator[str]:
    """Let a loop forget its first or its last turn, run one turn too many, or backward."""
    if isinstance(node, ast.expr) and scope.is_looped_over(node):
        text = ast.unparse(node)
        yield from (f"list({text})[1:]", f"list({text})[:-1]", f"list({text})[::-1]")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
            *start, stop = map(ast.unparse, node.args)
            begin = start[0] if start else "0"
            yield from (f"range({begin}, {stop} + 1)", f"range({begin} - 1, {stop})")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "enumerate":
            yield f"enumerate({ast.unparse(node.args[0])}, 1)"


def statement(node: ast.AST, scope: Scope) -> Iterator[str]:
    """Leave out a statement, if what follows can run without it; end a loop after its first turn."""
    if not isinstance(node, ast.stmt):
        return
    targets = scope.bound_by(node)
    if targets is not None and targets <= scope.bound_before(node):
        yield "pass"
    if isinstance(node, ast.For | ast.While):
        inner = "\n".join("    " + line for line in scope.lines_of(node.body[-1]))
        yield f"{scope.text_between(node, node.body[-1])}{inner.lstrip()}\n    break"


def answer(node: ast.AST, scope: Scope) -> Iterator[str]:
    """Hand an argument back, or spoil one behind the caller's back."""
    if isinstance(node, ast.Return) and node is scope.last_return and node.value:
        for name, kind in scope.parameters.items():
            yield f"return {name}"
            spoil = "fill(0)" if "ndarray" in kind and "list" not in kind else "clear()" if "list" in kind else ""
            if spoil:
                yield f"its_answer = {ast.unparse(node.value)}\n{name}.{spoil}\nreturn its_answer"


OPERATORS: dict[str, Operator] = {
    operator.__name__.replace("_", " "): operator
    for operator in (
        arithmetic,
        dropped_operand,
        comparison,
        logic,
        condition,
        constant,
        sign,
        place,
        function,
        unwrapped,
        swapped,
        name,
        keyword,
        loop,
        statement,
        answer,
    )
}


def _name_of(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _neighbors_swapped(items: list[str]) -> Iterator[list[str]]:
    for k in range(len(items) - 1):
        yield [*items[:k], items[k + 1], items[k], *items[k + 2 :]]

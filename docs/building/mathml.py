"""Formulas as MathML, made when the site is built: browsers draw it by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from latex2mathml.converter import convert

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.writers.html5 import HTML5Translator


def as_mathml(formula: str, *, block: bool) -> str:
    """Return a formula of LaTeX as a `math` element, which keeps the LaTeX for those who want to read it.

    Examples
    --------
    >>> as_mathml("x^2", block=False)[:45]
    '<math xmlns="http://www.w3.org/1998/Math/Math'
    """
    return str(convert(formula, display="block" if block else "inline"))


def _inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(as_mathml(node.astext(), block=False))
    raise nodes.SkipNode


def _block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{as_mathml(node.astext(), block=True)}</div>')
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Add the renderer, called `mathml`."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))

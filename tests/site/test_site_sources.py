"""The tree that the site is built from, and the texts that are made for it."""

from __future__ import annotations

import doctest
import re
from html.parser import HTMLParser

import conf
import pytest
from building import code_spans, finishing, linked_code, living, mathml, reference, sources
from building.tree import Tree
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from pygments.styles import get_style_by_name
from pygments.token import STANDARD_TYPES, Text


def test_a_tree_touches_only_what_is_new_and_ends_without_what_is_old(tmp_path):
    tree = Tree(tmp_path)
    first = tree.write("a/one.md", "one")
    tree.write("two.md", b"two")
    before = first.stat().st_mtime_ns
    again = Tree(tmp_path)
    again.write("a/one.md", "one")
    assert first.stat().st_mtime_ns == before
    assert again.sweep() == [tmp_path / "two.md"]
    again.write("a/one.md", "another")
    assert first.read_text() == "another"


def test_links_to_code_lead_to_pages_that_show_it(tmp_path):
    tree = Tree(tmp_path)
    text = (
        "[taps](../minimask/roi/taps.py) [chapter](01_beyond_the_box.ipynb#x) [out](https://a.example/b.py) [no](no.py)"
    )
    linked = sources._linked(text, sources.ROOT / "notebooks", tree)
    assert linked == text.replace("../minimask/roi/taps.py", "/files/minimask/roi/taps.py.md")
    page = (tmp_path / "files/minimask/roi/taps.py.md").read_text(encoding="utf-8")
    assert "# minimask/roi/taps.py" in page
    assert (sources.ROOT / "minimask/roi/taps.py").read_text(encoding="utf-8") in page


def test_the_reference_has_every_module_on_one_page():
    modules = list(reference.modules())
    texts = reference.pages()
    for module in modules:
        if module != "minimask.exercises.card":  # the package has a function of the same name
            (page,) = [page for page, text in texts.items() if f"automodule:: {module}\n" in text]
            assert page == reference.page_of(module)
    assert ".. autoclass:: Card" in texts["exercises"]
    assert {"minimask.geometry.boxes", "minimask.roi.taps", "minimask.widgets.x_ray"} <= set(modules)
    with pytest.raises(ValueError, match="add 'attic' to PAGES"):
        reference.page_of("minimask.attic")


def test_the_index_of_the_reference_leads_to_every_page():
    text = (sources.ROOT / "docs/reference/index.md").read_text(encoding="utf-8")
    contents = re.search(r"^```\{toctree\}\n:caption.*?```", text, re.MULTILINE | re.DOTALL)[0].splitlines()
    assert set(reference.PAGES) <= set(contents)


def test_the_front_door_has_every_name_of_the_package():
    import minimask

    text = (sources.ROOT / "docs/reference/front_door.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"autofunction:: (\w+)", text)) | set(re.findall(r"`minimask\.(\w+)`", text))
    assert documented == set(minimask.__all__)


def test_every_widget_is_in_the_gallery():
    text = (sources.ROOT / "docs/gallery.md").read_text(encoding="utf-8")
    assert set(re.findall(r"living-widget\} (\w+)", text)) == set(living.NAMES)


def test_a_widget_travels_as_a_classic_script(tmp_path):
    living.write_widgets(Tree(tmp_path), "living")
    files = {path.stem: path.read_text(encoding="utf-8") for path in (tmp_path / "living").iterdir()}
    assert set(files) == set(map(living.module_of, living.NAMES))
    for name, script in files.items():
        assert script.startswith(f'minimaskLiving.widget("{name}", "')
        assert not re.search(r"^(import|export)\b", script, re.MULTILINE)
        assert len(re.findall(r"^return \{", script, re.MULTILINE)) == 1


def test_formulas_become_mathml():
    inline, block = (mathml.as_mathml(r"\frac{a}{b} \le 1", block=block) for block in (False, True))
    assert inline.startswith("<math ")
    assert 'display="block"' in block
    assert "<mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac>" in inline
    assert "script" not in inline


STYLES = [conf.html_theme_options[f"pygments_{which}_style"] for which in ("light", "dark")]


class Colored(HTMLParser):
    """The characters of code, each with its look in a style."""

    def __init__(self, style: str) -> None:
        super().__init__()
        self.style, self.tokens = get_style_by_name(style), {short: token for token, short in STANDARD_TYPES.items()}
        self.within, self.seen, self.spans = [Text], [], 0

    def handle_starttag(self, tag, attrs):
        if tag == "span":
            self.within.append(self.tokens[dict(attrs).get("class", "")])
            self.spans += 1

    def handle_endtag(self, tag):
        if tag == "span":
            self.within.pop()

    def handle_data(self, data):
        look = self.style.style_for_token(self.within[-1])
        self.seen += [(letter, look) for letter in data if not letter.isspace()]


@pytest.mark.parametrize("style", STYLES)
def test_code_with_few_spans_looks_the_same(style):
    code = (sources.ROOT / "minimask" / "model" / "mask_rcnn.py").read_text(encoding="utf-8")
    page = highlight(code, PythonLexer(), HtmlFormatter())
    plain = code_spans.plain_classes(*STYLES)
    before, after = Colored(style), Colored(style)
    before.feed(page)
    after.feed(code_spans.with_few_spans(page, plain))
    assert after.seen == before.seen and len(before.seen) > 5000
    assert after.spans < before.spans / 2


WITH_EXAMPLES = [code_spans, finishing, linked_code, living, mathml]


@pytest.mark.parametrize("module", WITH_EXAMPLES, ids=lambda module: module.__name__)
def test_the_examples_run(module):
    assert doctest.testmod(module).failed == 0

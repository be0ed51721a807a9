"""Joining the front end's modules, the style sheet, and pages without a kernel."""

import json
import re
import subprocess
import sys

import pytest

from minimask.plots import style
from minimask.widgets import BoxCeiling, front_end
from minimask.widgets.shades import RAMPS

WIDGETS = (
    "anchor_sea",
    "attack_strength",
    "box_ceiling",
    "count_explorer",
    "funnel",
    "gradient_alignment",
    "roi_window",
    "screen_picker",
    "training_monitor",
    "weather_map",
    "x_ray",
)
LEAN = (
    "anchor_sea",
    "attack_strength",
    "box_ceiling",
    "count_explorer",
    "gradient_alignment",
    "screen_picker",
    "x_ray",
)
"""They travel without what they do not use."""
TIGHT = (
    "attack_strength",
    "count_explorer",
    "gradient_alignment",
    "screen_picker",
)
"""And without spaces that do not matter."""
BARE = (*TIGHT, "x_ray")
"""And so do their style sheets."""
LARGE = {"x_ray": 80_000, "gradient_alignment": 62_000}
"""Ten pictures in one; eight methods."""
MODULES = sorted(path.stem for path in front_end.FOLDER.glob("*.js"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(front_end, "FOLDER", tmp_path)

    def write(**modules: str) -> None:
        for name, source in modules.items():
            (tmp_path / f"{name}.js").write_text(source, encoding="utf-8")

    return write


def test_what_a_module_needs_stands_before_it_and_only_once(folder):
    folder(
        top='import { a } from "./left.js";\nimport {\n  b,\n  c,\n} from "./right.js";\nexport default a + b + c;\n',
        left='import { c } from "./right.js";\nexport const a = c;\n',
        right="export const b = 2;\nexport function c() {}\n",
    )
    assert front_end.module("top").split("\n") == [
        "const b = 2;",
        "function c() {}",
        "",
        "const a = c;",
        "",
        "export default a + b + c;",
        "",
    ]


def test_comments_stay_at_home_and_code_does_not(folder):
    folder(
        top="/**\n * About it.\n */\n// Here, too.\n  // and here\nconst url = `//kept`; // kept\n"
        "f(/** @type {T} */ x);\n/** @type {T} */ const y = 1;\n/** One line. */\nexport default y;\n"
    )
    assert front_end.module("top") == (
        "const url = `//kept`; // kept\nf(/** @type {T} */ x);\n/** @type {T} */ const y = 1;\nexport default y;\n"
    )


DECLARED = re.compile(r"^(?:export )?(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)


@pytest.mark.parametrize("name", MODULES)
def test_no_two_modules_that_travel_together_declare_the_same_name(name):
    words = DECLARED.findall(front_end.module(name))
    assert [word for word in words if words.count(word) > 1] == []
    assert words


@pytest.mark.parametrize("name", MODULES)
def test_no_module_asks_for_anything_from_elsewhere(name):
    joined = front_end.module(name)
    assert not re.search(r"^\s*import\b", joined, flags=re.MULTILINE)
    urls = set(re.findall(r"https?://[^\s\"'`)]+", joined)) - {"http://www.w3.org/2000/svg"}
    assert urls == set()
    assert not re.search(r"\bfetch\(|XMLHttpRequest|(?<!\{)\bimport\(", joined)  # `{import(...)}` is a type


@pytest.mark.parametrize("name", WIDGETS)
def test_what_travels_is_small(name):
    esm, sheet = (
        front_end.module(name, lean=name in LEAN, tight=name in TIGHT),
        front_end.style_sheet(name, tight=name in BARE),
    )
    size = len(esm.encode()) + len(sheet.encode())
    assert size < LARGE.get(name, 60_000)


def test_a_lean_module_leaves_at_home_what_nobody_names(folder):
    folder(
        top='import { a } from "./left.js";\nexport default () => {\n  a();\n};\n',
        left="const LIST = [\n  1,\n];\n/** About it. */\nexport function a() {\n  return LIST;\n}\n"
        "export const unused = 3;\nconst needed = unused;\n",
    )
    assert front_end.module("top", lean=True) == (
        "const LIST = [\n1,\n];\nfunction a() {\nreturn LIST;\n}\n\nexport default () => {\na();\n};\n"
    )


def test_a_tight_module_has_no_spaces_that_do_not_matter(folder):
    folder(
        top='const a = (/** @type {T} */ b) => [ "x  = y", `${ b } : c`, b - -1, b + c ];\n'
        "if (a) return [\n  1,\n];\nconst of = a;  // said\nlet d = a\nexport default { of };\n"
    )
    assert front_end.module("top", lean=True, tight=True) == (
        '\nconst a=(b)=>["x  = y",`${ b } : c`,b - -1,b+c];if(a)return[1,];const of=a;// said\n'
        "let d=a\nexport default{of};"
    )
    folder(top='const a = `one ${b ? `two` : ""}`;\n')
    with pytest.raises(ValueError, match="no template within a template"):
        front_end.module("top", lean=True, tight=True)


@pytest.mark.parametrize("name", WIDGETS)
def test_a_tight_style_sheet_says_the_same(name):
    def words(text: str) -> str:
        return re.sub(r"\s+|/\*.*?\*/", "", text, flags=re.DOTALL)

    tight = front_end.style_sheet(name, tight=True)
    assert words(tight) == words(front_end.style_sheet(name))
    assert "\n" not in tight.strip()


@pytest.mark.parametrize("name", WIDGETS)
def test_the_style_sheet_has_the_palette_of_the_figures(name):
    sheet = front_end.style_sheet(name)
    for color in ("SHAPE", "SHAPE_EDGE", "TIGHT", "BEST", "YOURS"):
        assert f"--mm-{color.lower().replace('_', '-')}: {getattr(style, color)};" in sheet
    for ramp, (low, high) in RAMPS.items():
        assert f"--mm-{ramp}-low: {low}; --mm-{ramp}-high: {high};" in sheet
    assert "http" not in sheet
    assert "@import" not in sheet


def test_a_page_holds_the_state_and_nothing_breaks_out_of_it(tmp_path):
    widget = BoxCeiling({"</script><b>": [[0, 0], [4, 0], [0, 4]]})
    widget.rotate(30)
    widget.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert text.count("</script>") == 1
    traits = json.loads(re.search(r"^const traits = (.*);$", text, flags=re.MULTILINE)[1])
    assert traits == {"state": widget.state, "shapes": widget.shapes}
    assert traits["state"]["angle"] == 30
    assert not re.search(r"(src|href)=\"(?!data:)", text)


def test_importing_the_widgets_loads_no_matplotlib():
    script = (
        "import sys, minimask.widgets.anchor_sea, minimask.widgets.box_ceiling, minimask.widgets.roi_window;"
        "import minimask.widgets.funnel, minimask.widgets.weather_map, minimask.widgets.x_ray;"
        "import minimask.widgets.attack_strength, minimask.widgets.count_explorer;"
        "import minimask.widgets.screen_picker;"
        "import minimask.widgets.training_monitor, minimask.widgets.gradient_alignment;"
        "print([name for name in ('matplotlib', 'torch', 'numba') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"

"""Sphinx's settings; `python start.py site` builds the site by `docs/build_site.py`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # for the package `building`

from building import reference

import minimask

project = "minimask"
author = "The minimask authors"
copyright = "2026, the minimask authors"
release = version = minimask.__version__
html_title = "minimask"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_design",
    "building.site",
]
root_doc = "index"
exclude_patterns = ["made"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}

suppress_warnings = [
    "design.card_legacy",  # the new way of writing a footer is too new
    "ref.python",  # a name that only type checkers import may be that of several classes
]

# Chapters are committed executed, and shown as they are.
nb_execution_mode = "off"
nb_merge_streams = True
myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath", "tasklist"]
myst_heading_anchors = 4
myst_links_external_new_tab = False

# The reference
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the tables of parameters say more: shapes and units
add_module_names = False
toc_object_entries_show_parents = "hide"
default_role = "linked-code"
nitpicky = True
nitpick_ignore_regex = [
    (r"py:.*", r"(?!minimask).*"),  # other libraries' pages are on the network
    *((r"py:.*", rf"{name}\..*") for name in reference.LEFT_OUT),
]

# How it looks
html_theme = "sphinx_book_theme"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_extra_path: list[str] = []
html_css_files = ["site.css"]
html_js_files = [("living.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_last_updated_fmt = None
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}  # light or dark as the reader's system
html_theme_options = {
    "navbar_persistent": [],  # the search field is in the sidebar
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "show_navbar_depth": 1,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}

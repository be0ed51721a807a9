import re

import pytest

from minimask.screens.drawings import DRAWINGS, ICONS
from minimask.screens.pages import CLASSES, make_page
from minimask.screens.themes import MORE, SEEN, THEMES, UNSEEN


def test_the_same_seed_and_number_write_the_same_page():
    assert make_page(3, 7) == make_page(3, 7)


@pytest.mark.parametrize("other", [(4, 7), (3, 8)])
def test_another_number_or_seed_writes_another_page(other):
    assert make_page(*other).html != make_page(3, 7).html


def test_no_page_to_learn_from_has_an_unseen_theme():
    assert not set(SEEN) & set(UNSEEN)
    assert {make_page(k, 1).theme for k in range(60)} == set(SEEN)
    assert {make_page(k, 1, UNSEEN).theme for k in range(30)} == set(UNSEEN)
    assert set(MORE) == set(THEMES)


def test_pages_hold_every_class_and_signs_and_pictures_of_every_kind():
    written = "".join(make_page(k).html for k in range(120))
    assert set(re.findall(r'data-role="(\w+)"', written)) == {*CLASSES, "none"}
    assert all(f'aria-label="{name}"' in written for name in ICONS)
    assert all(f'alt="{name} of' in written for name in DRAWINGS)


@pytest.mark.parametrize("theme", THEMES)
def test_nothing_is_asked_of_the_network(theme):
    for k in range(5):
        html = make_page(k, 3, (theme,)).html.replace("http://www.w3.org/2000/svg", "")  # the name of SVG, no address
        assert not re.search(r"https?:|//[a-z]|@import|<script|<link", html)
        assert all(source.startswith("data:") for source in re.findall(r'src="([^"]*)"', html))


def test_buttons_without_words_have_names():
    for k in range(40):
        for attributes, inside in re.findall(r"<button([^>]*)>(.*?)</button>", make_page(k).html):
            assert re.sub(r"<.*?>", "", inside).strip() or "aria-label=" in attributes


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((-1,), "index must be a whole number of at least 0, got -1"),
        ((0, 0.5), "seed must be a whole number of at least 0, got 0.5"),
        ((0, 0, ("plain",)), r"themes must be some of native, .*, got \['plain'\]"),
        ((0, 0, ()), r"themes must be some of .*, got \[\]"),
    ],
)
def test_what_cannot_be_written_is_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        make_page(*arguments)

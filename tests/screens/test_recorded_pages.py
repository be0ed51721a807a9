import zipfile
from collections import Counter

import numpy as np
import pytest

from minimask.screens.pages import CLASSES, make_page
from minimask.screens.recorded import FILE, recorded_screens, write_screens
from minimask.screens.recording import PAGES
from minimask.screens.themes import SEEN, UNSEEN
from minimask.screens.world import HELD_OUT


def test_the_recorded_pages_are_those_of_the_held_out_seed():
    screens = recorded_screens()
    wanted = [make_page(k, HELD_OUT, themes) for themes, count in PAGES.items() for k in range(count)]
    assert [screen.page for screen in screens] == wanted
    assert Counter(screen.page.theme in UNSEEN for screen in screens) == {False: PAGES[SEEN], True: PAGES[UNSEEN]}


def test_masks_lie_in_their_boxes_and_no_two_share_a_pixel_but_with_their_panel():
    y, x = np.mgrid[:192, :256] + 0.5
    for screen in recorded_screens():
        for element, mask in zip(screen.elements, screen.masks, strict=True):
            x1, y1, x2, y2 = element.box
            assert element.role in CLASSES and mask.any()
            assert element.role == "panel" or not mask[(x < x1 - 1) | (x > x2 + 1) | (y < y1 - 1) | (y > y2 + 1)].any()
        alone = [mask for element, mask in zip(screen.elements, screen.masks, strict=True) if element.role != "panel"]
        assert np.sum(alone, axis=0).max() <= 1


def test_what_is_written_is_read(tmp_path):
    screens = recorded_screens()[:2]
    for name in ("one.zip", "two.zip"):
        write_screens(screens, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    for before, after in zip(screens, recorded_screens(tmp_path / "one.zip"), strict=True):
        assert before.page == after.page and before.elements == after.elements
        assert (before.image == after.image).all() and (before.masks == after.masks).all()


def test_the_file_is_small():
    assert FILE.stat().st_size < 1_500_000


def test_what_is_no_recording_is_refused(tmp_path):
    for path in (tmp_path / "none.zip", tmp_path / "text.zip", tmp_path / "empty.zip"):
        if path.stem == "text":
            path.write_text("pages")
        if path.stem == "empty":
            zipfile.ZipFile(path, "w").close()
        with pytest.raises(ValueError, match=f"path must lead to recorded pages, a .zip file, got .*{path.stem}.zip"):
            recorded_screens(path)

"""Label masks: what comes in comes out to the pixel, and what does not fit is named before anything is written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from minimask.cli import WRONG_USAGE, main
from minimask.data.coco_folder import CocoFolder
from minimask.data.label_masks import as_labels, as_picture, import_label_masks, pairs_in, read_labels
from minimask.data.nuclei import NucleiWorld


@pytest.fixture
def place(tmp_path):
    for kind in ("pictures", "masks"):
        (tmp_path / kind).mkdir()
    return tmp_path


def put(place, name, labels, mask=None, mode=None, ending=".png"):
    """Write a picture of a name, and its mask."""
    labels = np.asarray(labels)
    rng = np.random.default_rng(len(name))
    image = rng.integers(0, 256, (*labels.shape, 3), dtype=np.uint8)
    Image.fromarray(image).save(place / "pictures" / f"{name}{ending}")
    drawn = Image.fromarray(labels.astype(np.uint16 if mode == "I;16" else np.uint8))
    drawn.save(place / "masks" / f"{mask or name}.png")
    return image


def brought_in(place, **settings):
    report = import_label_masks(place / "pictures", place / "masks", place / "out", **settings)
    return report, CocoFolder(place / "out")


def test_a_round_trip_loses_nothing(place):
    pictures = list(NucleiWorld(seed=1).pictures(3))
    for number, picture in enumerate(pictures):
        Image.fromarray(picture.image).save(place / "pictures" / f"slide {number}.png")
        Image.fromarray(as_labels(picture).astype(np.uint16)).save(place / "masks" / f"slide {number}.png")
    report, folder = brought_in(place, name="nucleus")
    assert (report.pictures, report.objects, report.without) == (3, sum(len(p.labels) for p in pictures), 0)
    assert folder.classes == ("nucleus",) and [e.file_name for e in folder.entries] == [
        f"slide {k}.png" for k in range(3)
    ]
    for picture, back in zip(pictures, folder, strict=True):
        for part in ("image", "masks", "boxes", "labels"):
            assert np.array_equal(getattr(picture, part), getattr(back, part)), part


def test_numbers_beyond_a_byte_gaps_and_pieces_are_objects(place):
    labels = np.zeros((6, 9), int)
    labels[0, :2], labels[5, 7:], labels[2:4, 3:5] = 40_000, 40_000, 300
    image = put(place, "a", labels, mode="I;16")
    assert read_labels(place / "masks" / "a.png").max() == 40_000
    _, folder = brought_in(place)
    back = folder[0]
    assert np.array_equal(back.masks, [labels == 300, labels == 40_000]) and np.array_equal(back.image, image)
    assert back.boxes.tolist() == [[3, 2, 5, 4], [0, 0, 9, 6]] and folder.classes == ("object",)


def test_black_and_white_and_palettes_are_numbers_too(place):
    put(place, "a", np.zeros((3, 4)))
    put(place, "b", np.zeros((3, 4)))
    Image.fromarray(np.eye(3, 4, dtype=bool)).save(place / "masks" / "a.png")
    palette = Image.fromarray(np.full((3, 4), 2, np.uint8)).convert("P")
    palette.putpalette([9, 9, 9] * 256)
    palette.putdata([0, 1, 2, 3] * 3)
    palette.save(place / "masks" / "b.png")
    _, folder = brought_in(place)
    assert [len(one.labels) for one in folder] == [1, 3]


def test_a_picture_without_objects_is_kept(place):
    put(place, "a", np.zeros((3, 4)))
    put(place, "b", np.ones((3, 4)))
    report, folder = brought_in(place)
    assert (report.without, [len(one.labels) for one in folder]) == (1, [0, 1])


@given(arrays(np.int64, (5, 6), elements=st.integers(0, 4)))
@settings(max_examples=30)
def test_labels_become_a_picture_and_labels_again(labels):
    picture = as_picture(np.zeros((5, 6, 3), np.uint8), labels)
    again = as_labels(picture)
    numbers = [number for number in np.unique(labels) if number]
    assert len(picture.labels) == len(numbers)
    for k, number in enumerate(numbers, start=1):
        assert np.array_equal(again == k, labels == number)


@pytest.mark.parametrize("ending", ["", "_mask", "_masks", "_labels", "_cp_masks"])
def test_names_that_belong_together(place, ending):
    put(place, "a_1", np.ones((3, 4)), f"a_1{ending}", ending=".jpg")
    put(place, "a", np.ones((3, 4)), f"a{ending}", ending=".tif")
    pairs = pairs_in(place / "pictures", place / "masks")
    assert [(p.picture.name, p.mask.name) for p in pairs] == [
        ("a.tif", f"a{ending}.png"),
        ("a_1.jpg", f"a_1{ending}.png"),
    ]


def test_pictures_and_masks_in_one_folder(place):
    put(place, "a", np.ones((3, 4)))
    (place / "masks" / "a.png").rename(place / "pictures" / "a_masks.png")
    (pair,) = pairs_in(place / "pictures", place / "pictures")
    assert (pair.picture.name, pair.mask.name) == ("a.png", "a_masks.png")


def test_what_does_not_fit_is_named_and_nothing_is_written(place):
    put(place, "a", np.ones((3, 4)))

    def refused(message, error=ValueError):
        with pytest.raises(error, match=message):
            import_label_masks(place / "pictures", place / "masks", place / "out")
        assert not (place / "out").exists()

    put(place, "b", np.ones((3, 4)), "c")
    refused(r"masks must each belong to a picture, but there is none named c for .*c\.png")
    (place / "masks" / "c.png").unlink()
    refused(r"every picture must have a mask of its name in .*; 1 of 2 have none: b\.png")
    Image.new("L", (3, 3)).save(place / "masks" / "b.png")
    refused(r"a mask must have its picture's size \(height, width\), \(3, 4\) of .*b\.png, got \(3, 3\)")
    Image.new("RGB", (4, 3)).save(place / "masks" / "b.png")
    refused(r"a mask must have one whole number for each pixel .*b\.png of kind RGB")
    (place / "masks" / "b.png").write_text("no picture")
    refused(r"b\.png must be a picture that Pillow can read")
    Image.new("L", (4, 3)).save(place / "masks" / "b.png")
    Image.new("L", (4, 3)).save(place / "masks" / "b_mask.png")
    refused(r"a picture must have one mask, but b\.png has b\.png and b_mask\.png")
    (place / "masks" / "b_mask.png").unlink()
    Image.new("RGB", (4, 3)).save(place / "pictures" / "b.jpg")
    refused(r"pictures must each have a name of their own, got b\.jpg and b\.png")
    (place / "pictures" / "b.jpg").unlink()
    with pytest.raises(FileNotFoundError, match=r"masks must be a folder, but there is no folder .*nowhere"):
        pairs_in(place / "pictures", place / "nowhere")
    with pytest.raises(ValueError, match="name must be the name of the objects"):
        import_label_masks(place / "pictures", place / "masks", place / "out", " ")


def test_the_command(place, capsys, monkeypatch):
    monkeypatch.chdir(place)
    put(place, "a", np.eye(3, 4) * 2)
    put(place, "b", np.zeros((3, 4)))
    assert main(["import-label-masks", "pictures", "masks", "cells", "--class", "cell", "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "2 pictures with 1 objects, 1 of them without any: cells\n" in told and "minimask train --data cells" in told
    assert CocoFolder("cells").classes == ("cell",)
    assert main(["import-label-masks", "pictures", "masks", "cells"]) == WRONG_USAGE
    assert "argument FOLDER: must be new or empty" in capsys.readouterr().err
    assert main(["import-label-masks", "nowhere", "masks", "new"]) == WRONG_USAGE
    assert "pictures must be a folder, but there is no folder nowhere" in capsys.readouterr().err

"""Predicting for files: every kind of picture, broken ones, equal names, and results that COCO's tools read."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from minimask.data.found import Found
from minimask.predicting import find_images, in_words, predict_files

# In pycocotools.decode.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")

CLASSES = ("red", "blue")
IDS = (7, 90)
SIDEWAYS = 6
"""EXIF's number for: to be turned clockwise by a right angle."""


def find(picture):
    """A detector of what is red, or blue, beyond doubt; the box is the tight one."""
    masks = [(picture[..., 0] > 200) & (picture[..., 2] < 50), (picture[..., 2] > 200) & (picture[..., 0] < 50)]
    labels = [label for label, mask in enumerate(masks, start=1) if mask.any()]
    masks = np.array([masks[label - 1] for label in labels], dtype=bool).reshape(-1, *picture.shape[:2])
    rows, columns = ([np.flatnonzero(mask.any(axis=axis)) for mask in masks] for axis in (1, 0))
    boxes = [[c[0], r[0], c[-1] + 1, r[-1] + 1] for r, c in zip(rows, columns, strict=True)]
    scores = np.linspace(0.9, 0.8, len(labels))
    return Found(np.array(boxes, dtype=np.float32).reshape(-1, 4), np.array(labels, dtype=np.int64), scores, masks)


def painted(size=(40, 30), red=(2, 3, 12, 9), blue=None):
    image = Image.new("RGB", size, "white")
    for color, box in (("red", red), ("blue", blue)):
        if box:
            image.paste(color, box)
    return image


@pytest.fixture
def pictures(tmp_path):
    """A folder with pictures of many kinds, and what is to be found in each: label, and x y width height."""
    folder = tmp_path / "in"
    folder.mkdir()
    image, both = painted(), painted(blue=(20, 10, 40, 30))
    image.save(folder / "plain.png")
    both.save(folder / "both.PNG")
    both.convert("P").save(folder / "palette.gif")
    image.convert("RGBA").save(folder / "alpha.png")
    image.convert("CMYK").save(folder / "print.tif")
    image.convert("L").save(folder / "gray.png")
    Image.fromarray(np.full((5, 7), 40_000, dtype=np.uint16)).save(folder / "deep.png")
    Image.new("1", (1, 1)).save(folder / "tiny.bmp")
    exif = Image.Exif()
    exif[0x0112] = SIDEWAYS
    painted((30, 40), red=(3, 28, 9, 38)).save(folder / "sideways.png", exif=exif)
    red, blue = (1, [2, 3, 10, 6]), (2, [20, 10, 20, 20])
    return folder, {
        "plain.png": [red],
        "both.PNG": [red, blue],
        "palette.gif": [red, blue],
        "alpha.png": [red],
        "print.tif": [red],
        "gray.png": [],
        "deep.png": [],
        "tiny.bmp": [],
        "sideways.png": [(1, [2, 3, 10, 6])],
    }


@pytest.fixture
def done(pictures, tmp_path):
    folder, truth = pictures
    told = []
    report = predict_files(
        find_images([folder]), tmp_path / "out", find, CLASSES, IDS, lambda path, words: told.append((path.name, words))
    )
    return tmp_path / "out", truth, report, dict(told)


def test_coco_reads_what_was_found_in_every_kind_of_picture(done, capsys):
    out, truth, report, _ = done
    results = COCO(out / "images.json").loadRes(str(out / "results.json"))
    assert {entry["name"]: k for k, entry in results.cats.items()} == dict(zip(CLASSES, IDS, strict=True))
    assert sorted(Path(entry["file_name"]).name for entry in results.imgs.values()) == sorted(truth)
    for number, entry in results.imgs.items():
        found = results.loadAnns(results.getAnnIds(imgIds=[number]))
        expected = truth[Path(entry["file_name"]).name]
        assert [(IDS.index(one["category_id"]) + 1, one["bbox"]) for one in found] == expected
        for one, (_, (x, y, width, height)) in zip(found, expected, strict=True):
            mask = results.annToMask(one)
            assert mask.shape == (entry["height"], entry["width"])
            assert mask.sum() == mask[y : y + height, x : x + width].sum() == width * height
    assert report == (len(truth), sum(map(len, truth.values())), [])


def test_an_upright_picture_is_what_a_viewer_shows(done):
    out, *_ = done
    images = json.loads((out / "images.json").read_text())["images"]
    (entry,) = [one for one in images if "sideways" in one["file_name"]]
    assert (entry["width"], entry["height"]) == (40, 30)
    with Image.open(out / entry["overlay"]) as overlay:
        assert overlay.width * 3 == overlay.height * 4


def test_every_picture_has_an_overlay_of_its_name_and_shape(done, pictures):
    out, truth, *_ = done
    assert sorted(path.stem for path in (out / "overlays").iterdir()) == sorted(Path(name).stem for name in truth)
    for entry in json.loads((out / "images.json").read_text())["images"]:
        with Image.open(out / entry["overlay"]) as overlay, Image.open(entry["file_name"]) as image:
            factor, rest = divmod(overlay.width, entry["width"])
            assert (rest, overlay.height) == (0, factor * entry["height"])
            shown = np.asarray(overlay.resize((entry["width"], entry["height"]), Image.Resampling.BOX)).astype(int)
            if entry["file_name"].endswith("plain.png"):
                change = np.abs(shown - np.asarray(image.convert("RGB")).astype(int)).sum(axis=2)
                assert change[4:8, 4:10].min() > 60 and change[20:, 20:].max() < 10


def test_it_is_told_file_by_file(done):
    _, truth, _, told = done
    assert told.keys() == truth.keys()
    assert (told["plain.png"], told["both.PNG"], told["gray.png"]) == ("1 red", "1 red, 1 blue", "nothing")


def test_broken_files_are_reported_and_the_others_done(pictures, tmp_path):
    folder, truth = pictures
    whole = (folder / "both.PNG").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("not a picture")
    (folder / "empty.png").touch()
    report = predict_files([*find_images([folder]), folder / "gone.png"], tmp_path / "out", find, CLASSES)
    assert report.pictures == len(truth)
    assert [path.name for path, _ in report.failed] == ["cut.png", "empty.png", "text.jpg", "gone.png"]
    assert all(str(path) in why for path, why in report.failed)
    assert len(json.loads((tmp_path / "out" / "images.json").read_text())["images"]) == len(truth)


def test_equal_names_get_numbers_also_where_only_case_tells_them_apart(tmp_path):
    names = ["a/cat.png", "b/cat.png", "b/Cat.gif", "b/cat-2.png", "a/cat.jpg", "b/CAT.JPG"]
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        painted().save(tmp_path / name)
    predict_files([tmp_path / name for name in names], tmp_path / "out", find, CLASSES)
    images = json.loads((tmp_path / "out" / "images.json").read_text())["images"]
    overlays = [Path(one["overlay"]).name for one in images]
    assert overlays == ["cat.png", "cat-2.png", "Cat-3.png", "cat-2-2.png", "cat.jpg", "CAT-2.JPG"]
    assert {path.name for path in (tmp_path / "out" / "overlays").iterdir()} == set(overlays)
    assert [Path(one["file_name"]).relative_to(tmp_path).as_posix() for one in images] == names


def test_nothing_is_overwritten(pictures, tmp_path):
    folder, _ = pictures
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(FileExistsError, match="must be new or empty"):
        predict_files([folder / "plain.png"], folder, find, CLASSES)
    predict_files([folder / "plain.png"], folder / "out", find, CLASSES)
    assert {path: path.read_bytes() for path in before} == before


def test_what_was_found_before_an_interrupt_is_written(pictures, tmp_path):
    folder, _ = pictures

    def interrupted(picture):
        if picture.shape[0] == 5:
            raise KeyboardInterrupt
        return find(picture)

    files = [folder / name for name in ("plain.png", "deep.png", "both.PNG")]
    with pytest.raises(KeyboardInterrupt):
        predict_files(files, tmp_path / "out", interrupted, CLASSES, IDS)
    assert [one["category_id"] for one in json.loads((tmp_path / "out" / "results.json").read_text())] == [7]


def test_files_are_taken_as_they_are_named_and_once_and_folders_for_their_pictures(pictures):
    folder, truth = pictures
    (folder / "notes.txt").touch()
    (folder / ".hidden.png").touch()
    (folder / "more.png").mkdir()
    assert [path.name for path in find_images([folder])] == sorted(truth)
    named = [folder / "notes.txt", folder / "plain.png", folder]
    assert [path.name for path in find_images(named)] == ["notes.txt", "plain.png", *sorted(set(truth) - {"plain.png"})]
    with pytest.raises(ValueError, match=r"there are none in .*more\.png"):
        find_images([folder / "more.png"])


def test_classes_come_by_their_number():
    nothing = np.zeros((0, 4))
    assert in_words(Found(nothing, np.array([1, 2, 2, 3]), nothing, nothing), ["a", "b", "c"]) == "2 b, 1 a, 1 c"

"""COCO's format: what is written, pycocotools reads back, and nothing is overwritten."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from minimask.data.coco import export_coco
from minimask.data.shapes import CLASSES, ShapesWorld

# In pycocotools.decode.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")

WORLD = ShapesWorld(height=96, width=112, objects=(0, 6), sizes=(16, 48), crowding=0.5, seed=4)
COUNT = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("coco") / "new" / "set"
    assert export_coco(WORLD.pictures(COUNT), folder) == folder / "annotations.json"
    return folder


@pytest.fixture
def coco(folder, capsys):
    return COCO(folder / "annotations.json")


def objects(coco, number):
    return coco.loadAnns(coco.getAnnIds(imgIds=[number]))


def test_pictures_come_back_to_the_pixel(folder, coco):
    assert sorted(path.name for path in folder.iterdir()) == ["annotations.json", "images"]
    assert sorted(coco.imgs) == list(range(COUNT))
    for number, picture in enumerate(WORLD.pictures(COUNT)):
        entry = coco.imgs[number]
        assert (entry["height"], entry["width"]) == (96, 112)
        with Image.open(folder / "images" / entry["file_name"]) as image:
            assert (np.asarray(image) == picture.image).all()


def test_masks_boxes_areas_and_classes_come_back(coco):
    assert {k: entry["name"] for k, entry in coco.cats.items()} == dict(enumerate(CLASSES, start=1))
    for number, picture in enumerate(WORLD.pictures(COUNT)):
        entries = objects(coco, number)
        assert [entry["category_id"] for entry in entries] == picture.labels.tolist()
        for entry, box, mask in zip(entries, picture.boxes, picture.masks, strict=True):
            assert (coco.annToMask(entry) == mask).all()
            assert entry["area"] == mask.sum() and entry["iscrowd"] == 0
            rows, columns = mask.any(axis=1).nonzero()[0], mask.any(axis=0).nonzero()[0]
            assert entry["bbox"] == [columns[0], rows[0], np.ptp(columns) + 1, np.ptp(rows) + 1]
            assert entry["bbox"] == [box[0], box[1], box[2] - box[0], box[3] - box[1]]


def test_numbers_are_unique_and_begin_at_one(coco, folder):
    written = json.loads((folder / "annotations.json").read_text(encoding="utf-8"))["annotations"]
    count = sum(len(picture.labels) for picture in WORLD.pictures(COUNT))
    assert [entry["id"] for entry in written] == list(range(1, count + 1))
    assert 0 in {len(objects(coco, number)) for number in range(COUNT)}, "one picture must have no object"


@pytest.mark.parametrize("kind", ["segm", "bbox"])
def test_the_truth_as_a_prediction_scores_100(coco, kind, capsys):
    keys = ("image_id", "category_id", "segmentation" if kind == "segm" else "bbox")
    found = coco.loadRes([{key: entry[key] for key in keys} | {"score": 1.0} for entry in coco.anns.values()])
    evaluation = COCOeval(coco, found, kind)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == pytest.approx(1)


def test_other_classes_may_be_named(tmp_path, capsys):
    names = ["a", "b", "c", "d", "e", "f", "g"]
    read = COCO(export_coco([WORLD[1]], tmp_path, classes=names))
    assert [entry["name"] for entry in read.cats.values()] == names


def test_a_folder_that_holds_anything_is_left_alone(tmp_path):
    (tmp_path / "thesis.txt").write_text("the only copy", encoding="utf-8")
    with pytest.raises(FileExistsError, match=r"folder must be new or empty, but .* holds thesis.txt"):
        export_coco(WORLD.pictures(1), tmp_path)
    with pytest.raises(FileExistsError, match=r"folder must be a folder, new or empty, but .*thesis.txt is a file"):
        export_coco(WORLD.pictures(1), tmp_path / "thesis.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "the only copy"


def test_a_second_export_does_not_mix_with_the_first(folder):
    before = (folder / "annotations.json").read_bytes()
    with pytest.raises(FileExistsError, match=r"holds annotations.json, images"):
        export_coco(WORLD.pictures(2), folder)
    assert (folder / "annotations.json").read_bytes() == before


def test_no_picture_makes_no_folder(tmp_path):
    with pytest.raises(ValueError, match="pictures must hold at least one picture, got none"):
        export_coco([], tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda picture: picture.image, TypeError, "pictures must hold pictures, got ndarray at number 1"),
        (
            lambda picture: replace(picture, labels=picture.labels + 6),
            ValueError,
            r"labels must be from 1 to 6, as many as there are classes, got \[.*\] in picture 1",
        ),
        (lambda picture: replace(picture, labels=picture.labels * 0), ValueError, r"labels must be from 1 to 6"),
    ],
)
def test_what_is_no_picture_of_these_classes_is_refused(tmp_path, change, error, message):
    picture = ShapesWorld(objects=(2, 2))[0]
    with pytest.raises(error, match=message):
        export_coco([picture, change(picture)], tmp_path)
    assert not (tmp_path / "annotations.json").exists()

"""Data sets in COCO's format: what was written comes back, and what is wrong is named with its file and its id."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from pycocotools.coco import COCO

from minimask.data.coco import export_coco
from minimask.data.coco_folder import CocoFolder
from minimask.data.shapes import CLASSES, ShapesWorld

WORLD = ShapesWorld(height=96, width=112, objects=(0, 6), sizes=(16, 48), crowding=0.5, seed=4)
COUNT = 6
HEIGHT, WIDTH = 20, 30
RUNS = [0, 45, 555]
"""Columns 0 and 1, and 5 pixels of column 2."""


def small():
    """Return a data set by hand: ids out of order, polygons of two parts, a crowd, and a picture without objects."""
    return {
        "images": [
            {"id": 9, "file_name": "nine.png", "height": HEIGHT, "width": WIDTH},
            {"id": 4, "file_name": "deep/four.png", "height": HEIGHT, "width": WIDTH},
            {"id": 7, "file_name": "seven.png", "height": HEIGHT, "width": WIDTH},
        ],
        "annotations": [
            {
                "id": 11,
                "image_id": 4,
                "category_id": 18,
                "bbox": [2, 3, 20.5, 10],
                "area": 85.25,
                "segmentation": [[2, 3, 12, 3, 12, 8, 2, 8], [15, 5, 22.5, 5, 22.5, 13, 15, 13]],
                "iscrowd": 0,
            },
            {
                "id": 3,
                "image_id": 4,
                "category_id": 5,
                "bbox": [0, 0, 3, 20],
                "area": 45,
                "segmentation": {"size": [HEIGHT, WIDTH], "counts": RUNS},
                "iscrowd": 1,
            },
            {
                "id": 12,
                "image_id": 9,
                "category_id": 5,
                "bbox": [0, 0, 3, 20],
                "segmentation": {"size": [HEIGHT, WIDTH], "counts": "0]1[a0"},
            },
        ],
        "categories": [{"id": 18, "name": "dog"}, {"id": 5, "name": "plane"}, {"id": 90, "name": "brush"}],
    }


def written(folder, data):
    """Write a data set and plain pictures of the sizes that it states."""
    (folder / "annotations.json").write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    for number, name in enumerate(("nine.png", "deep/four.png", "seven.png")):
        path = folder / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (WIDTH, HEIGHT), (number, 20, 30)).save(path)
    return folder


def changed(where, **values):
    """Return the small data set with one record changed; of None the key is taken away."""
    data = small()
    name, place = where
    record = data[name][place]
    record.update(values)
    data[name][place] = {key: value for key, value in record.items() if value is not None}
    return data


# What was exported


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return export_coco(WORLD.pictures(COUNT), tmp_path_factory.mktemp("exported") / "set").parent


def same(picture, expected):
    for name in ("image", "masks", "boxes", "labels", "crowd"):
        left, right = getattr(picture, name), getattr(expected, name)
        assert left.dtype == right.dtype
        np.testing.assert_array_equal(left, right)


def test_exported_pictures_come_back_to_the_bit(exported):
    folder = CocoFolder(exported)
    assert folder.classes == CLASSES and folder.category_ids == (1, 2, 3, 4, 5, 6)
    assert folder.image_ids == tuple(range(COUNT)) and len(folder) == COUNT and folder.dropped == 0
    pictures = list(folder)
    for picture, expected in zip(pictures, WORLD.pictures(COUNT), strict=True):
        same(picture, expected)
        assert picture.areas.tolist() == expected.masks.sum(axis=(1, 2)).tolist()
    assert {0} < {len(picture.labels) for picture in pictures}, "one picture must have no object"
    same(pickle.loads(pickle.dumps(folder))[2], pictures[2])  # as the workers of a loader get it


def test_crowds_and_areas_come_back(tmp_path):
    picture = ShapesWorld(objects=(3, 3), seed=1)[0]
    expected = replace(picture, crowd=np.array([False, True, False]), areas=np.array([3.5, 70, 9000]))
    folder = CocoFolder(export_coco([expected], tmp_path))
    same(folder[0], expected)
    assert folder[0].areas.tolist() == [3.5, 70, 9000]


def test_pictures_without_objects_may_be_left_out(exported, tmp_path):
    expected = [k for k, picture in enumerate(WORLD.pictures(COUNT)) if len(picture.labels)]
    folder = CocoFolder(exported, keep_empty=False)
    assert list(folder.image_ids) == expected and len(expected) < COUNT
    same(folder[1], WORLD[expected[1]])
    data = small()
    del data["annotations"][0]  # picture 4 has now a crowd only
    assert CocoFolder(written(tmp_path, data), keep_empty=False).image_ids == (9,)


# Written by hand


def test_pictures_and_categories_are_in_the_order_of_their_ids(tmp_path):
    folder = CocoFolder(written(tmp_path, small()))
    assert folder.image_ids == (4, 7, 9)
    assert [picture.image[0, 0, 0] for picture in folder] == [1, 2, 0]
    assert (folder.category_ids, folder.classes) == ((5, 18, 90), ("plane", "dog", "brush"))
    four, seven, nine = folder
    assert (four.labels.tolist(), seven.labels.tolist(), nine.labels.tolist()) == ([2, 1], [], [1])
    assert (seven.masks.shape, seven.boxes.shape) == ((0, HEIGHT, WIDTH), (0, 4))
    assert four.crowd.tolist() == [False, True] and nine.crowd.tolist() == [False]
    assert four.areas.tolist() == [85.25, 45] and nine.areas.tolist() == [45]
    assert four.boxes.tolist() == [[2, 3, 22.5, 13], [0, 0, 3, 20]]
    assert four.shapes == ()


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword")
def test_masks_are_those_of_pycocotools(tmp_path, capsys):
    coco = COCO(written(tmp_path, small()) / "annotations.json")
    four, _, nine = CocoFolder(tmp_path)
    assert capsys.readouterr().out.count("index") == 2  # pycocotools' own words, and none of ours
    for mask, number in ((four.masks[0], 11), (four.masks[1], 3), (nine.masks[0], 12)):
        np.testing.assert_array_equal(mask, coco.annToMask(coco.anns[number]).astype(bool))
    assert four.masks[1].sum() == nine.masks[0].sum() == 45
    assert four.masks[0][:, :13].sum() == 50 and four.masks[0][:, 15:].sum() >= 56


def test_files_may_lie_elsewhere(tmp_path):
    written(tmp_path, small())
    (tmp_path / "annotations").mkdir()
    moved = (tmp_path / "annotations.json").rename(tmp_path / "annotations" / "instances_val.json")
    (tmp_path / "images").rename(tmp_path / "val")
    assert CocoFolder(str(moved), str(tmp_path / "val"))[0].image[0, 0].tolist() == [1, 20, 30]


def test_boxes_are_clipped_and_empty_ones_left_out(tmp_path):
    data = small()
    for number, bbox in ((13, [5, 5, 0, 4]), (14, [30, 0, 5, 5]), (15, [5, 5, 4, -1]), (16, [5, 5, 1e-9, 4])):
        data["annotations"].append({**data["annotations"][0], "id": number, "bbox": bbox})
    data["annotations"].append({**data["annotations"][0], "id": 17, "bbox": [-3, -4, 100, 12.25]})
    folder = CocoFolder(written(tmp_path, data))
    assert folder.dropped == 4
    assert folder[0].boxes.tolist() == [[2, 3, 22.5, 13], [0, 0, 3, 20], [0, 0, 30, 8.25]]
    assert len(folder[0].masks) == len(folder[0].labels) == len(folder[0].areas) == 3


def test_turned_pictures_are_taken_as_they_are_stored(tmp_path):
    data = small()
    data["images"][2].update(height=WIDTH, width=HEIGHT)  # as an annotator saw it
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (WIDTH, HEIGHT)).save(written(tmp_path, data) / "images" / "seven.png", exif=exif)
    with pytest.raises(ValueError, match=r"image 7: .*stated .*\(30, 20\), got \(20, 30\); `upright` turns pictures"):
        CocoFolder(tmp_path)[1]
    assert CocoFolder(tmp_path, upright=True)[1].image.shape == (WIDTH, HEIGHT, 3)


# What is wrong


ANNOTATION, IMAGE, CATEGORY = ("annotations", 0), ("images", 0), ("categories", 0)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("{", "an annotation file must be JSON: Expecting property name"),
        ("[" * 100_000, "an annotation file must be JSON: "),
        ("\ufeff[1]", "an annotation file must be a JSON object, got list"),
        ({"categories": [], "images": 3}, "an annotation file must have a list 'images', got 3"),
        ({**small(), "annotations": None}, "an annotation file must have a list 'annotations', got None"),
        ({"categories": [], "images": [], "annotations": []}, "must list at least one picture$"),
        (changed(IMAGE, id="9"), r"images\[0\] must be an object with a whole number as 'id', got \{.*'id': '9'"),
        (changed(IMAGE, id=4), "images must each have an id of their own, got 4 twice"),
        (
            changed(IMAGE, height=0),
            "image 9: height must be a whole number of at least 1, got 0",
        ),
        (changed(IMAGE, width=None), "image 9: width must be a whole number of at least 1, got 0"),
        (changed(IMAGE, width="30"), "image 9: width must be a whole number of at least 1, got '30'"),
        (changed(IMAGE, file_name=""), "image 9: file_name must be a text, got ''"),
        (changed(CATEGORY, name=5), "name must be a text, got 5 at id 18"),
        (changed(CATEGORY, id=5), "categories must each have an id of their own, got 5 twice"),
        (changed(ANNOTATION, id=None), r"annotations\[0\] must be an object with a whole number as 'id'"),
        (changed(ANNOTATION, id=3), "annotations must each have an id of their own, got 3 twice"),
        (changed(ANNOTATION, image_id=5), "annotation 11: image_id must be one of the ids of the 3 images, got 5"),
        (changed(ANNOTATION, image_id=[4]), r"annotation 11: image_id must be one of .* got \[4\]"),
        (changed(ANNOTATION, category_id=6), r"annotation 11: category_id must be one of \[5, 18, 90\], got 6"),
        (changed(ANNOTATION, category_id=None), "annotation 11: category_id must be one of .* got None"),
        (changed(ANNOTATION, iscrowd=2), "annotation 11: iscrowd must be 0 or 1, got 2"),
        (changed(ANNOTATION, area=-1), "annotation 11: area must be a number of at least 0, got -1"),
        (changed(ANNOTATION, area="big"), "annotation 11: area must be a number of at least 0, got 'big'"),
        (changed(ANNOTATION, bbox=None), "annotation 11: bbox must be four numbers, x y width height, got None"),
        (changed(ANNOTATION, bbox=[1, 2, 3]), r"annotation 11: bbox must be four numbers, .* got \[1, 2, 3\]"),
        (changed(ANNOTATION, bbox=[1, 2, 3, float("nan")]), r"annotation 11: bbox must be four numbers, .* nan\]"),
        (changed(ANNOTATION, bbox=[1, 2, 3, True]), r"annotation 11: bbox must be four numbers, .* True\]"),
        (
            changed(ANNOTATION, segmentation=None),
            "annotation 11: segmentation must be a list of polygons or run lengths",
        ),
        (changed(ANNOTATION, segmentation=[[1, 2]]), "annotation 11: segmentation's polygons must be x, y of at least"),
    ],
)
def test_a_file_that_is_not_in_cocos_format_is_refused(tmp_path, data, message):
    with pytest.raises(ValueError, match=rf"^.*annotations\.json.*{message}"):
        CocoFolder(written(tmp_path, data))


def test_what_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*annotations\.json"):
        CocoFolder(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"there is no file .*other\.json"):
        CocoFolder(tmp_path / "other.json")
    written(tmp_path, small())
    with pytest.raises(FileNotFoundError, match=r"images must be the folder of the pictures, but there is no .*photos"):
        CocoFolder(tmp_path, tmp_path / "photos")
    (tmp_path / "images" / "seven.png").unlink()
    folder = CocoFolder(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"annotations\.json: image 7: .* there is no file .*seven\.png"):
        folder[1]
    assert folder[2].image.shape == (HEIGHT, WIDTH, 3)


def test_a_picture_of_another_size_or_kind_is_refused(tmp_path):
    folder = CocoFolder(written(tmp_path, small()))
    Image.new("RGB", (WIDTH, HEIGHT + 1)).save(tmp_path / "images" / "seven.png")
    with pytest.raises(ValueError, match=r"image 7: .*seven\.png must be of the size .* \(20, 30\), got \(21, 30\)$"):
        folder[1]
    (tmp_path / "images" / "seven.png").write_text("text")
    with pytest.raises(ValueError, match=r"annotations\.json: image 7: path must lead to a picture that Pillow can"):
        folder[1]


def test_run_lengths_that_do_not_fill_the_picture_are_named_when_they_are_asked_for(tmp_path):
    data = changed(("annotations", 1), segmentation={"size": [HEIGHT, WIDTH], "counts": [1, 2]})
    folder = CocoFolder(written(tmp_path, data))
    with pytest.raises(ValueError, match=r"annotations\.json: annotation 3: segmentation's lengths must .* 600"):
        folder[0]


def test_an_index_is_a_whole_number_below_the_length(tmp_path):
    folder = CocoFolder(written(tmp_path, small()))
    with pytest.raises(IndexError, match="index must be less than 3, the number of pictures, got 3"):
        folder[3]
    for index in (-1, 1.0, "1"):
        with pytest.raises(ValueError, match="index must be a whole number of at least 0"):
            folder[index]
    assert folder[np.int64(0)].labels.tolist() == [2, 1]


def test_crowd_and_areas_have_one_value_per_label():
    picture = WORLD[0]
    assert picture.crowd.tolist() == [False] * 4 and picture.areas is None
    assert replace(picture, crowd=np.array(True)).crowd.tolist() == [True] * 4
    with pytest.raises(ValueError, match=r"crowd must have one value per label \(4\), got \(5,\)"):
        replace(picture, crowd=np.zeros(5, bool))
    with pytest.raises(ValueError, match=r"areas must have one value per label \(4\), got \(4, 1\)"):
        replace(picture, areas=np.ones((4, 1)))

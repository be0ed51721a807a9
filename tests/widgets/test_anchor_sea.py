"""The anchor sea, driven without a browser."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from minimask.anchors import recipes
from minimask.geometry.boxes import box_iou
from minimask.widgets import AnchorSea
from minimask.widgets.anchor_sea import PLAIN_OBJECTS
from minimask.widgets.picture_data import MOST_CHARACTERS, data_url

NOISE = np.random.default_rng(0).integers(0, 256, (303, 384, 3)).astype(np.uint8)


@pytest.fixture
def widget() -> AnchorSea:
    """A small sea: 4,032 anchors."""
    return AnchorSea(recipe="lesson", size=(128, 128))


def test_the_numbers_on_an_anchor_itself(widget):
    """The anchor of size 32 in the middle of the cell in row 7, column 6 of stride 8."""
    x, y = (6 + 0.5) * 8, (7 + 0.5) * 8
    widget.place([x - 16, y - 16, x + 16, y + 16])
    found = widget.measures
    assert (found["level"], found["size"], found["ratio"]) == ("P3", 32.0, 1.0)
    assert found["best_anchor"] == [36.0, 44.0, 68.0, 76.0]
    assert found["best_iou"] == found["iou_of_level"][1] == 1
    assert found["rescued"] == 0
    assert (found["count"], found["counts"]) == (4032, [3072, 768, 192])
    assert found["positive"] + found["ignored"] + found["negative"] == 4032
    # One step aside, 24 of 32 columns are shared: 24 / 40 = 0.6.
    assert found["positive"] == 1
    widget.switch(foreground=0.6, background=0.6)
    assert widget.measures["positive"] == 5
    assert widget.measures["ignored"] == 0


def test_the_low_quality_rule_rescues_the_best_and_those_that_tie(widget):
    """Halfway between four centers, four anchors of size 16 hold the object, 8 x 8 pixels: IoU 64 / 256."""
    widget.place([60, 60, 68, 68])
    found = widget.measures
    assert (found["best_iou"], found["level"], found["size"]) == (0.25, "P2", 16.0)
    assert found["positive"] == found["rescued"] >= 4
    assert found["ignored"] == 0
    widget.switch(low_quality=False)
    assert (widget.measures["positive"], widget.measures["rescued"]) == (0, 0)
    assert widget.measures["negative"] == 4032


def test_objects_are_resized_with_the_picture():
    widget = AnchorSea(recipe="torchvision_maskrcnn")
    widget.place([128, 256, 384, 512])
    assert widget.measures["network_size"] == (800, 800)
    np.testing.assert_allclose(widget.settled.object, [100, 200, 300, 400])
    boxes = recipes["torchvision_maskrcnn"].boxes(1024, 1024)
    assert widget.measures["best_iou"] == box_iou(boxes, [[100, 200, 300, 400]]).max()
    widget.resize(512, 1024)
    np.testing.assert_allclose(widget.state["box"], [128, 128, 384, 256])
    np.testing.assert_allclose(widget.state["point"], [370, 200])


def test_the_state_is_one_plain_object(widget):
    start = widget.state
    assert start == {
        "recipe": "lesson",
        "size": [128, 128],
        "box": [80.0, 45.0, 95.0, 82.5],
        "point": [46.25, 50.0],
        "shown": [0, 1, 2],
        "dotted": 1,
        "foreground": 0.7,
        "background": 0.3,
        "low_quality": True,
    }
    json.dumps(start)
    seen = []
    widget.observe(seen.append, "state")
    widget.place((np.float32(16), 16, 32, 48))
    assert [change["new"]["box"] for change in seen] == [[16.0, 16.0, 32.0, 48.0]]
    widget.show_levels((2, 0, 2), dotted=2)
    assert (widget.state["shown"], widget.state["dotted"]) == ([0, 2], 2)
    widget.show_levels([])
    assert (widget.state["shown"], widget.state["dotted"]) == ([], 2)
    widget.choose("fpn")
    assert (widget.state["shown"], widget.state["dotted"]) == ([0, 1, 2, 3, 4], 2)
    widget.choose("c4")
    assert (widget.state["shown"], widget.state["dotted"]) == ([0], 0)
    widget.point_at(3, 4.5)
    assert widget.state["point"] == [3.0, 4.5]
    widget.switch(foreground=1, background=0.05, low_quality=False)
    widget.reset()
    assert widget.state == start
    widget.state["box"].append(3)
    widget.state["shown"].clear()
    widget.reset()
    assert widget.state == start


def test_objects_to_choose_from(widget):
    widget.take("ball")
    np.testing.assert_allclose(widget.state["box"], np.divide(PLAIN_OBJECTS["ball"], 8))
    own = AnchorSea(NOISE[..., 0], [[10, 20, 60, 70], [300, 200, 384, 303]], recipe="c4")
    assert own.objects == {"names": ["1", "2"], "boxes": [[10, 20, 60, 70], [300, 200, 384, 303]], "size": [303, 384]}
    assert own.sizes == [[303, 384], [512, 649], [800, 1014], [1024, 1298]]
    assert own.state["box"] == [10, 20, 60, 70]
    own.resize(606, 768)
    own.take("2")
    assert own.state["box"] == [600, 400, 768, 606]
    other = AnchorSea(NOISE, {"left": [0, 0, 40, 40]}, size=(606, 768))
    assert other.sizes[-1] == [606, 768]
    assert other.state["box"] == [0, 0, 80, 80]


def test_every_object_survives_every_size():
    """However small the picture, an object of a pixel stays one that can be seen."""
    widget = AnchorSea(objects=[[0, 0, 1, 1], [511.5, 3, 512.5, 1024]], size=(2048, 2048))
    for size in ((32, 32), (2048, 2048), (32, 2048), (128, 128)):
        widget.resize(*size)
        assert widget.measures["best_iou"] > 0
        widget.take("2")


def test_the_words(widget):
    widget.place([60, 60, 68, 68])
    sea = "lesson lays 4,032 anchors over a picture of 128 × 128 pixels, 0.02 times 175,000: "
    sea += "3,072 on P2, 768 on P3 and 192 on P4. "
    best = "The object is 8 × 8 pixels. Its best anchor, on P2 with size 16 and ratio 1, overlaps it with IoU 0.250. "
    none = "No anchor reaches even 0.3: each would be background"
    widget.switch(low_quality=False)
    fate = f"{none}, and without the low-quality rule none learns this object: 0 positive, 0 ignored, 4,032 negative."
    assert widget.words() == sea + best + fate
    widget.switch(low_quality=True)
    assert f"{none}; the low-quality rule makes the " in widget.words()
    widget.choose("c4")
    widget.resize(1024, 1024)
    assert widget.words().startswith(
        "c4 lays 36,864 anchors over a picture of 1024 × 1024 pixels, 0.21 times 175,000. The object is 64 × 64 "
    )
    widget.choose("torchvision_maskrcnn")
    widget.resize(683, 1024)
    assert ", resized to 1199 × 800, padded to 1216 × 800, 1.39 times 175,000: " in widget.words()
    assert " × 42.7 pixels, 74.9 × 50 after resizing. Its best anchor" in widget.words()


def test_the_recipes_travel_as_they_are(widget):
    for data, recipe in zip(widget.recipes, recipes.values(), strict=True):
        assert (data["name"], data["words"], data["offset"]) == (recipe.name, recipe.words, recipe.offset)
        assert (data["rounding"], data["stride_rule"]) == (recipe.rounding, recipe.stride_rule)
        assert (data["multiple"], data["resize"]) == (recipe.multiple, recipe.resize and list(recipe.resize))
        assert [tuple(level.values()) for level in data["levels"]] == [
            (stride, list(sizes), list(ratios)) for stride, sizes, ratios in recipe.levels
        ]


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda w: w.choose("yolo"), "recipe must be one of c4, c4_15, fpn"),
        (lambda w: w.choose(3), "recipe must be one of c4, c4_15, fpn"),
        (
            lambda w: w.resize(31, 128),
            "size must be a height and a width, whole numbers from 32 to 2048, got (31, 128)",
        ),
        (lambda w: w.resize(128, 2049), "whole numbers from 32 to 2048, got (128, 2049)"),
        (lambda w: w.resize(128.5, 128), "whole numbers from 32 to 2048, got (128.5, 128)"),
        (lambda w: setattr(w, "state", {**w.state, "size": 128}), "size must be a height and a width"),
        (lambda w: w.place([3, 0, 2, 2]), "box must have x1 <= x2 and y1 <= y2"),
        (lambda w: w.place([0, 0, 2]), "box must have shape (4,)"),
        (lambda w: w.place([-0.5, 0, 2, 2]), "box must lie within the picture, x to 128 and y to 128"),
        (lambda w: w.place([0, 0, 2, 128.1]), "box must lie within the picture, x to 128 and y to 128"),
        (lambda w: w.place([5, 5, 5, 9]), "box must be at least 0.01 pixels wide and high"),
        (lambda w: w.point_at(0, 129), "point must lie within the picture, x to 128 and y to 128, got [0.0, 129.0]"),
        (lambda w: w.point_at(0, float("nan")), "point must be finite"),
        (lambda w: w.show_levels([3]), "shown must be levels from 0 to 2, and dotted one of them, got [3] and 1"),
        (lambda w: w.show_levels([], -1), "shown must be levels from 0 to 2, and dotted one of them, got [] and -1"),
        (lambda w: w.show_levels([True]), "shown must be levels from 0 to 2, and dotted one of them, got [True]"),
        (lambda w: w.take("moon"), "name must be one of person, car, ball, pole, house, got 'moon'"),
        (
            lambda w: w.switch(foreground=0.2),
            "0 < background <= foreground <= 1, got background 0.3 and foreground 0.2",
        ),
        (lambda w: w.switch(background=0), "got background 0.0 and foreground 0.7"),
        (lambda w: w.switch(foreground=1.1), "got background 0.3 and foreground 1.1"),
        (lambda w: w.switch(foreground="high"), "foreground must be a number, got 'high'"),
        (lambda w: w.switch(low_quality=1), "low_quality must be True or False, got 1"),
        (lambda w: setattr(w, "state", {"box": [0, 0, 1, 1]}), "state must have exactly the entries background, box"),
        (lambda w: setattr(w, "state", {**w.state, "zoom": 2}), "unknown: ['zoom']"),
        (lambda _: AnchorSea(recipe="yolo"), "recipe must be one of"),
        (lambda _: AnchorSea(size=(16, 16)), "size must be a height and a width"),
        (lambda _: AnchorSea(objects=[]), "objects must be 1 to 40 boxes, got 0"),
        (lambda _: AnchorSea(objects=np.tile([0, 0, 9, 9], (41, 1))), "objects must be 1 to 40 boxes, got 41"),
        (lambda _: AnchorSea(objects=[[0, 0, 9, 0.5]]), "objects[0] must be at least 1 pixels wide and high"),
        (lambda _: AnchorSea(objects={"a": [0, 0, 9, 1025]}), "objects['a'] must lie within the picture"),
        (lambda _: AnchorSea(objects=[[0, 0, 9]]), "objects must have shape (N, 4)"),
        (lambda _: AnchorSea(NOISE.astype(float)), "image must hold bytes, dtype uint8, got dtype float64"),
        (lambda _: AnchorSea(NOISE[None]), "image must have shape (H, W) or (H, W, 3), got shape (1, 303, 384, 3)"),
        (lambda _: AnchorSea(NOISE[:31]), "image must have sides from 32 to 2048 pixels"),
        (lambda _: AnchorSea([[1, 2], [3]]), "image must have rows of one length"),
    ],
)
def test_bad_input_is_refused_and_the_state_stays(widget, act, message):
    before = widget.state
    with pytest.raises(ValueError, match=re.escape(message)):
        act(widget)
    assert widget.state == before


@pytest.mark.parametrize("shape", [(64, 64), (303, 384, 3), (1200, 2048, 3), (2048, 32)])
def test_pictures_travel_small(shape):
    """Noise is the hardest picture of all."""
    picture = np.random.default_rng(1).integers(0, 256, shape).astype(np.uint8)
    url = data_url(picture)
    assert len(url) <= MOST_CHARACTERS
    assert data_url(picture) == url
    kind, _, content = url.partition(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    assert kind == f"data:image/{image.format.lower()}"
    assert image.width / image.height == pytest.approx(shape[1] / shape[0], rel=0.05)


def test_a_small_picture_travels_as_it_is():
    picture = np.random.default_rng(1).integers(0, 256, (64, 48, 3)).astype(np.uint8)
    content = base64.b64decode(data_url(picture).partition(",")[2])
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), picture)


@pytest.mark.parametrize("image", [None, np.tile(np.arange(192, dtype=np.uint8), (150, 2))], ids=["none", "gray"])
def test_hosts_without_widgets_get_a_picture_and_words(image):
    widget = AnchorSea(image, recipe="torchvision_maskrcnn", objects=None if image is None else [[9, 9, 50, 90]])
    data, _ = widget._repr_mimebundle_()
    words = f"An object on a picture, and the anchors of a detector. {widget.words()}"
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == f"Figure: {words}"
    assert f'alt="{html.escape(words)}"' in data["text/html"]
    assert len(data["text/html"]) < 200_000
    widget.point_at(100, 100)
    assert widget._repr_mimebundle_()[0]["text/html"] != data["text/html"]


def test_a_page_holds_the_state_the_recipes_and_the_picture(tmp_path):
    widget = AnchorSea(NOISE, [[9, 9, 50, 90]])
    widget.choose("retinanet")
    widget.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    traits = json.loads(re.search(r"^const traits = (.*);$", text, flags=re.MULTILINE)[1])
    assert set(traits) == {"state", "recipes", "sizes", "objects", "picture", "start"}
    assert traits["state"]["recipe"] == "retinanet"
    assert traits["start"]["recipe"] == "fpn"
    assert traits["picture"] == data_url(NOISE)
    assert len(text) < 140_000
    assert text.count("</script>") == 1

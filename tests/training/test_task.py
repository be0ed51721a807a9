"""What is learned: generated shapes or a folder, held-out pictures that are others, and classes that agree."""

import json

import pytest

from minimask.data.coco import export_coco
from minimask.data.shapes import CLASSES, ShapesWorld
from minimask.training.config import Config
from minimask.training.task import First, pictures_of, task_of


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("data") / "shapes-on-disk"
    export_coco(ShapesWorld(64, 64, objects=(1, 2), sizes=(16, 32), seed=3).pictures(4), place)
    return place


def changed(folder, tmp_path, change):
    """A copy of a data set whose file says something else."""
    whole = json.loads((folder / "annotations.json").read_text())
    change(whole)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(whole))
    (tmp_path / "images").symlink_to(folder / "images")
    return str(path)


def test_shapes_are_those_of_chapter_2_and_held_out_ones_are_others():
    task = task_of(Config())
    assert (task.classes, task.category_ids) == (CLASSES, (1, 2, 3, 4, 5, 6))
    assert (task.source[5].image == ShapesWorld(seed=1)[5].image).all()
    assert (task.held_out[5].image == ShapesWorld(seed=2)[5].image).all()
    assert len(task.held_out) == 300


@pytest.mark.parametrize("size", [16, 40, 256])
def test_shapes_of_every_size(size):
    assert task_of(Config(size=size)).source[0].image.shape == (size, size, 3)


def test_a_folder_has_held_out_pictures_only_if_they_are_named(folder):
    task = task_of(Config(data=str(folder)))
    assert len(task.source) == 4 and task.held_out is None
    task = task_of(Config(data=str(folder), held_out=str(folder), held_out_pictures=3))
    assert len(task.held_out) == 3
    assert task_of(Config(data=str(folder), held_out="shapes", size=64)).held_out[0].image.shape == (64, 64, 3)


def test_how_many_pictures_a_model_is_measured_on(folder):
    assert [len(pictures_of(str(folder), CLASSES, 64, most)) for most in (None, 3, 9)] == [4, 3, 4]
    assert [len(pictures_of("shapes", CLASSES, 64, most)) for most in (None, 3)] == [300, 3]


def test_the_first_pictures_end():
    first = First(ShapesWorld(64, 64), 2)
    assert len(list(first)) == 2
    with pytest.raises(IndexError, match="index must be from 0 to 1, got 2"):
        first[2]


def test_other_classes_are_refused(folder, tmp_path):
    def rename(whole):
        whole["categories"][0]["name"] = "moon"

    other = changed(folder, tmp_path, rename)
    with pytest.raises(ValueError, match=r"held_out must have the model's classes, 6 \(disc, .*; .* has 6 \(moon, "):
        task_of(Config(data=str(folder), held_out=other))


def test_pictures_without_an_object_cannot_measure(folder, tmp_path):
    empty = changed(folder, tmp_path, lambda whole: whole["annotations"].clear())
    with pytest.raises(ValueError, match="held_out must have an object to be found in its first 4 pictures"):
        task_of(Config(data=str(folder), held_out=empty))


def test_what_is_wrong_with_a_folder_is_said_with_its_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"data .*: path must lead to an annotation file"):
        task_of(Config(data=str(tmp_path)))

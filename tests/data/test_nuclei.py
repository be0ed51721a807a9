"""Generated tissue: the same bits for the same seed, truth that is exact, and pictures that show what is in it."""

from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from minimask.data.nuclei import CLASSES, NucleiWorld
from minimask.data.nucleus import Nucleus
from minimask.data.stains import as_bytes, softened, transmitted
from minimask.data.tissue import SIDE, fields, lie_of_the_land

WORLDS = {look: NucleiWorld(seed=11, look=look) for look in ("any", "dab", "eosin", "gray")}


def bits(picture):
    arrays = (picture.image, picture.masks, picture.boxes, picture.labels)
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_the_same_seed_gives_the_same_bits_in_another_process_and_order():
    world = NucleiWorld(seed=5)
    forward = [bits(world[index]) for index in range(3)]
    assert [bits(world[index]) for index in (2, 1, 0)] == forward[::-1]
    assert [bits(picture) for picture in world.pictures(2, start=1)] == forward[1:]
    assert len({*forward, bits(NucleiWorld(seed=6)[0])}) == 4
    program = (
        "from minimask.data.nuclei import NucleiWorld as W; p = W(seed=5)[2]; print(int(p.image.sum()), p.masks.sum())"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.split() == [str(int(world[2].image.sum())), str(world[2].masks.sum())]


def test_these_pictures_stay_what_they_are():
    """The shipped model, its figures and hand-made notes hang on them."""
    found = {name: bits(world[4])[:12] for name, world in WORLDS.items()}
    assert found == FINGERPRINTS


FINGERPRINTS = {
    "any": "bcd59a7f3f5e",
    "dab": "8911183403cd",
    "eosin": "ec9f096b0d39",
    "gray": "3464374fd47a",
}


@pytest.mark.parametrize("name", WORLDS)
def test_the_truth_is_exact(name):
    for picture in WORLDS[name].pictures(4):
        count = len(picture.labels)
        assert picture.image.shape == (128, 128, 3) and picture.image.dtype == np.uint8
        assert picture.masks.shape == (count, 128, 128) and set(picture.labels.tolist()) <= {1}
        assert (picture.masks.sum(axis=0) <= 1).all() and (picture.masks.sum(axis=(1, 2)) >= 14).all()
        for mask, box in zip(picture.masks, picture.boxes, strict=True):
            rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
            assert box.tolist() == [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    assert CLASSES == ("nucleus",)


def test_as_many_nuclei_as_asked_for_and_of_the_scale_asked_for():
    few, many = (NucleiWorld(seed=3, nuclei=(n, n), crowding=0).pictures(4) for n in (5, 30))
    assert all(len(picture.labels) <= 5 for picture in few) and all(12 < len(p.labels) <= 30 for p in many)
    areas = [
        np.mean(
            [
                mask.sum()
                for p in NucleiWorld(seed=3, look="dab", nuclei=(6, 6), scale=s).pictures(4)
                for mask in p.masks
            ]
        )
        for s in (1, 2)
    ]
    assert 3 < areas[1] / areas[0] < 5  # four times, but for those that the border cuts
    assert NucleiWorld(seed=3, nuclei=(0, 0))[0].masks.shape == (0, 128, 128)


def test_large_pictures_have_more_and_odd_ones_their_size():
    picture = NucleiWorld(height=SIDE + 30, width=140, nuclei=(20, 20), seed=2)[1]
    assert picture.image.shape == (SIDE + 30, 140, 3) and 25 < len(picture.labels) <= 71


def test_nuclei_are_where_the_truth_says():
    """Blue ones darker than what is around them, bright ones brighter; without stain nothing is seen of them."""
    for look, sign in (("dab", 1), ("eosin", 1), ("gray", -1)):
        plain, bare = (NucleiWorld(seed=4, look=look, stain=stain, blur=0).pictures(4) for stain in (1.0, 0.0))
        change = []
        for with_stain, without in zip(plain, bare, strict=True):
            assert (with_stain.masks == without.masks).all()
            red = without.image[..., 0].astype(int) - with_stain.image[..., 0]
            inside = with_stain.masks.any(axis=0)
            change.append(sign * (red[inside].mean() - red[~inside].mean()))
        assert min(change) > 5, look


def test_blur_takes_contrast():
    sharp, soft = (NucleiWorld(seed=4, look="dab", blur=blur)[1].image.astype(float) for blur in (0, 30))
    assert np.abs(np.diff(soft, axis=1)).mean() < 0.6 * np.abs(np.diff(sharp, axis=1)).mean()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"look": "purple"}, "look must be one of any, dab, eosin, gray, got 'purple'"),
        ({"scale": 9}, "scale must be from 0.5 to 4, got 9"),
        ({"crowding": -0.1}, "crowding must be from 0 to 1"),
        ({"nuclei": (9, 3)}, "nuclei must be (fewest, most)"),
        ({"nuclei": 5}, "nuclei must be a tuple of two numbers, got 5"),
        ({"height": 0}, "height must be a whole number of at least 1"),
        ({"height": 60_000, "width": 60_000}, "nuclei must be (fewest, most) on 128 x 128 pixels"),
    ],
)
def test_bad_arguments_are_named(settings, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        NucleiWorld(**settings)
    assert message in str(caught.value)


def test_a_world_has_no_end():
    with pytest.raises(TypeError, match="no end"):
        iter(NucleiWorld())
    with pytest.raises(ValueError, match="index must be"):
        NucleiWorld()[-1]


def test_light_multiplies_where_densities_add():
    one, two, both = transmitted(np.array([0.3, 0.5, 0.8]))
    assert one * two == pytest.approx(both, abs=1e-4)
    assert transmitted(np.array([-1.0, 99.0])).tolist() == [1.0, pytest.approx(1e-4, abs=1e-4)]
    assert as_bytes(np.array([-1.0, 2.0])).tolist() == [0, 255]


def test_softening_keeps_the_mean_and_spreads_by_half_a_pixel_squared_each_pass():
    values = np.zeros((41, 41))
    values[20, 20] = 1
    for passes in (1, 3, 2.5):
        soft = softened(values, passes)
        assert soft.sum() == pytest.approx(1)
        assert (soft.sum(axis=0) * (np.arange(41) - 20) ** 2).sum() == pytest.approx(passes / 2)
    assert softened(values, 0) is values


def test_the_depth_of_an_ellipse_is_positive_inside_only():
    nucleus = Nucleus(20, 15, 10, 5, 1.0, 0.0, 0, 0, 0, 1, 0, 0, 1, (0.5, 0.5, 0.5))
    rows, columns = nucleus.window(40, 40)
    depth = nucleus.depth(rows, columns)
    y, x = np.mgrid[rows, columns] + 0.5
    assert ((depth > 0) == (((x - 20) / 10) ** 2 + ((y - 15) / 5) ** 2 < 1)).all()
    assert depth.max() == pytest.approx(4.5, abs=0.2)  # the nearest pixel's center is half a pixel off


def test_slopes_are_directions_and_ranks_are_even():
    field = fields()[0]
    assert np.allclose(field.down**2 + field.right**2, 1, atol=1e-3)
    assert np.histogram(field.height, 10, (0, 1))[0] == pytest.approx(SIDE * SIDE / 10, rel=0.01)
    ground = lie_of_the_land(30, 50, np.random.default_rng(0))
    for part in ground:
        assert part.shape == (30, 50) and part.dtype == np.float32

"""Pictures of every kind become red, green and blue."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from minimask.data.image_files import read_image

COLORS = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)


def saved(path, array, mode=None, **options):
    image = Image.fromarray(array)
    (image.convert(mode) if mode else image).save(path, **options)
    return path


@pytest.mark.parametrize("name", ["a.png", "b.bmp", "c.tiff", "d.webp"])
def test_colors_come_back_to_the_bit(tmp_path, name):
    options = {"lossless": True} if name.endswith("webp") else {}
    image = read_image(str(saved(tmp_path / name, COLORS, **options)))
    np.testing.assert_array_equal(image, COLORS)
    image[0] = 0  # it is the caller's own


def test_a_photograph_comes_back_nearly(tmp_path):
    smooth = np.full((16, 16, 3), (200, 100, 50), dtype=np.uint8)
    for mode in ("RGB", "CMYK"):
        image = read_image(saved(tmp_path / f"{mode}.jpg", smooth, mode, quality=95))
        assert image.shape == smooth.shape and image.dtype == np.uint8
        np.testing.assert_allclose(image.astype(int), smooth, atol=3)


def test_gray_has_three_equal_channels(tmp_path):
    gray = COLORS[:, :, 0]
    np.testing.assert_array_equal(read_image(saved(tmp_path / "8.png", gray)), np.stack([gray] * 3, axis=2))
    image = read_image(saved(tmp_path / "1.png", gray > 127))
    np.testing.assert_array_equal(image, np.stack([(gray > 127) * np.uint8(255)] * 3, axis=2))


@pytest.mark.parametrize("name", ["16.png", "16.tiff"])
def test_of_16_bits_the_higher_8_remain(tmp_path, name):
    values = np.array([[0, 128, 129, 257, 32768, 65406, 65407, 65535]], dtype=np.uint16)
    image = read_image(saved(tmp_path / name, values))
    assert image[0, :, 0].tolist() == [0, 0, 1, 1, 128, 254, 255, 255]
    assert (image == image[:, :, :1]).all() and image.shape == (1, 8, 3)


def test_transparency_is_left_out(tmp_path):
    alpha = np.concatenate([COLORS, COLORS[:, :, :1]], axis=2)
    np.testing.assert_array_equal(read_image(saved(tmp_path / "rgba.png", alpha)), COLORS)
    palette = Image.fromarray(np.arange(4, dtype=np.uint8).reshape(2, 2), "P")
    palette.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120])
    palette.save(tmp_path / "palette.png", transparency=bytes([0, 128, 255, 255]))
    assert read_image(tmp_path / "palette.png").reshape(4, 3).tolist() == np.arange(10, 121, 10).reshape(4, 3).tolist()


def test_a_picture_is_turned_upright_on_request_only(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # the top is stored at the right
    path = saved(tmp_path / "turned.png", COLORS, exif=exif)
    np.testing.assert_array_equal(read_image(path), COLORS)
    np.testing.assert_array_equal(read_image(path, upright=True), np.rot90(COLORS, -1))


def test_what_is_no_picture_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"path must lead to a picture, but there is no file .*nowhere\.png"):
        read_image(tmp_path / "nowhere.png")
    (tmp_path / "text.png").write_text("text")
    with pytest.raises(ValueError, match=r"that Pillow can read, got .*text\.png: cannot identify"):
        read_image(tmp_path / "text.png")
    whole = saved(tmp_path / "whole.png", np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)).read_bytes()
    (tmp_path / "half.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"that Pillow can read, got .*half\.png: "):
        read_image(tmp_path / "half.png")
    for name, array, message in (
        ("float", np.ones((2, 2), np.float32), "of 8 or 16 bits, got floating-point numbers"),
        ("whole", np.array([[-1, 70_000]], np.int32), "of 8 or 16 bits, got values from -1 to 70000"),
    ):
        with pytest.raises(ValueError, match=rf"{name}\.tiff: gray must be {message}"):
            read_image(saved(tmp_path / f"{name}.tiff", array))

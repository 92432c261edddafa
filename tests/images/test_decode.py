"""One array of bytes from images of every kind."""

import numpy as np
import pytest
from cases.photos import drawn, folder
from PIL import Image

from glassnet import images
from glassnet.errors import DataError
from glassnet.images import pixels
from glassnet.images.decode import decode
from glassnet.images.frame import Frame, size_of
from glassnet.images.header import Fault, Look, look

GREY, RGB = Frame(4, 4, 1), Frame(4, 4, 3)


def saved(path, picture, **settings):
    picture.save(path, **settings)
    return path


def test_pixels_of_the_right_size_are_as_in_the_file(tmp_path):
    bytes_ = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    path = saved(tmp_path / "a.png", Image.fromarray(bytes_))
    np.testing.assert_array_equal(decode(path, RGB), bytes_)


def test_sixteen_bits_keep_their_upper_eight(tmp_path):
    deep = np.arange(16, dtype=np.uint16).reshape(4, 4) * 4369
    path = saved(tmp_path / "a.png", Image.fromarray(deep))
    assert look(path).odd == ("16 bit",)
    assert look(path).is_grey
    np.testing.assert_array_equal(decode(path, GREY)[..., 0], deep >> 8)


def test_a_palette_gives_its_colours(tmp_path):
    picture = Image.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 10, 20, 30])
    path = saved(tmp_path / "a.png", picture)
    assert look(path).odd == ("palette",)
    assert decode(path, RGB).reshape(-1, 3).tolist() == [[10, 20, 30]] * 16


def test_what_is_transparent_becomes_white(tmp_path):
    picture = Image.new("RGBA", (4, 4), (200, 0, 0, 0))
    picture.putpixel((0, 0), (200, 0, 0, 255))
    path = saved(tmp_path / "a.png", picture)
    assert look(path).odd == ("alpha",)
    found = decode(path, RGB)
    assert found[0, 0].tolist() == [200, 0, 0]
    assert (found[1:] == 255).all()


def test_grey_with_alpha_and_palette_with_alpha_become_white_too(tmp_path):
    grey = saved(tmp_path / "a.png", Image.new("LA", (4, 4), (7, 0)))
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([1, 2, 3])
    path = saved(tmp_path / "b.png", palette, transparency=0)
    assert (decode(grey, GREY) == 255).all()
    assert look(path).odd == ("palette", "alpha")
    assert (decode(path, RGB) == 255).all()


@pytest.mark.parametrize("suffix", ["gif", "png", "webp", "tif"])
def test_of_an_animation_the_first_picture_is_taken(tmp_path, suffix):
    pictures = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    path = saved(tmp_path / f"a.{suffix}", pictures[0], save_all=True, append_images=pictures[1:],
                 **({"lossless": True} if suffix == "webp" else {}))  # fmt: skip
    assert "animated" in look(path).odd
    assert decode(path, RGB)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_images_are_turned_as_exif_says(tmp_path, orientation):
    upright = np.zeros((8, 16, 3), np.uint8)
    upright[:, :8] = 255
    back = {2: [Image.Transpose.FLIP_LEFT_RIGHT], 3: [Image.Transpose.ROTATE_180],
            4: [Image.Transpose.FLIP_TOP_BOTTOM], 5: [Image.Transpose.TRANSPOSE],
            6: [Image.Transpose.ROTATE_90], 7: [Image.Transpose.TRANSVERSE],
            8: [Image.Transpose.ROTATE_270]}  # fmt: skip
    picture = Image.fromarray(upright)
    for turn in back.get(orientation, []):
        picture = picture.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = saved(tmp_path / "a.jpg", picture, exif=exif, quality=95)
    found = look(path)
    assert (found.height, found.width) == (8, 16)
    assert ("turned by EXIF" in found.odd) is (orientation > 1)
    np.testing.assert_allclose(decode(path, Frame(8, 16, 3)).astype(int), upright, atol=10)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_numbers_of_32_bits_are_refused(tmp_path, mode):
    path = saved(tmp_path / "a.tif", Image.new(mode, (4, 4)))
    assert look(path) == Fault("holds 32-bit numbers; save it with 8 or 16 bits, or give arrays")


def test_cmyk_becomes_rgb(tmp_path):
    path = saved(tmp_path / "a.jpg", Image.new("CMYK", (4, 4), (0, 255, 255, 0)))
    assert look(path).odd == ("CMYK",)
    red, green, blue = decode(path, RGB)[0, 0].tolist()
    assert red > 200
    assert max(green, blue) < 60


def test_cropping_keeps_the_middle_and_padding_all_of_it(tmp_path):
    wide = np.zeros((4, 12, 3), np.uint8)
    wide[:, 4:8] = 200
    wide[:, 8:] = 100
    path = saved(tmp_path / "a.png", Image.fromarray(wide))
    assert (decode(path, RGB) == 200).all()
    padded = decode(path, Frame(12, 12, 3, "pad"))
    assert (padded[:4] == 0).all()
    np.testing.assert_array_equal(padded[4:8], wide)


def test_extreme_shapes_are_decoded(tmp_path):
    for size in ((1, 1), (2000, 1), (1, 2000)):
        path = saved(tmp_path / "a.png", Image.new("L", size, 9))
        assert (decode(path, GREY) == 9).all()


def test_a_large_jpeg_looks_as_its_reduction(tmp_path):
    big = drawn("disc", (640, 480), 3)
    path = saved(tmp_path / "a.jpg", big, quality=95)
    frame = Frame(24, 32, 3)
    wanted = np.asarray(big.resize((32, 24), Image.Resampling.BOX)).astype(int)
    assert np.abs(decode(path, frame).astype(int) - wanted).mean() < 4


def looks(*sizes):
    return [Look(h, w, False, "PNG") for h, w in sizes]


@pytest.mark.parametrize(
    ("sizes", "size"),
    [
        ([(28, 28)], (28, 28)),
        ([(5, 7)], (5, 7)),
        ([(96, 64)], (96, 64)),
        ([(960, 640)], (96, 64)),
        ([(20, 20), (24, 24), (30, 30)], (24, 24)),
        ([(480, 640)] * 9 + [(500, 640)], (72, 96)),
        ([(480, 640), (640, 480)], (96, 96)),
        ([(40, 60), (60, 40)], (48, 48)),
        ([(3, 3), (4, 4)], (8, 8)),
    ],
)
def test_the_size_follows_the_rule(sizes, size):
    assert size_of(looks(*sizes))[0] == size


def test_grey_is_chosen_where_no_image_has_a_colour(tmp_path):
    rgb = images.find_fit(folder(tmp_path / "colour", 6))
    assert rgb.model.frame.channels == 3
    grey = images.find_fit(folder(tmp_path / "grey", 6, mode="L"))
    assert grey.model.frame.channels == 1
    root = tmp_path / "as_rgb"
    for path in (tmp_path / "grey").rglob("*.png"):
        to = root / path.relative_to(tmp_path / "grey")
        to.parent.mkdir(parents=True, exist_ok=True)
        Image.open(path).convert("RGB").save(to)
    same = images.find_fit(root)
    assert same.model.frame == grey.model.frame
    np.testing.assert_array_equal(same.pixels.x, grey.pixels.x)
    asked = images.find_fit(root, images.Settings(channels=3))
    assert asked.model.frame.channels == 3


def test_one_image_in_colour_keeps_the_colours_of_all(tmp_path):
    root = folder(tmp_path, 6, mode="L")
    drawn("disc", (16, 16), 1).save(root / "disc" / "colour.png")
    assert images.find_fit(root).model.frame.channels == 3


def test_pixels_go_into_a_file_where_memory_is_short(tmp_path, monkeypatch):
    root = folder(tmp_path, 6)
    held = images.find_fit(root)
    monkeypatch.setattr(pixels, "free_memory", lambda: 1000)
    mapped = images.find_fit(root)
    assert isinstance(mapped.pixels.x, np.memmap)
    assert not isinstance(held.pixels.x, np.memmap)
    np.testing.assert_array_equal(mapped.pixels.x, held.pixels.x)


def test_threads_decode_to_the_same_rows(tmp_path, monkeypatch):
    root = folder(tmp_path, 12)
    found = []
    for threads in (1, 7):
        monkeypatch.setattr("os.cpu_count", lambda n=threads: n)
        found.append(images.find_fit(root).pixels.x)
    np.testing.assert_array_equal(*found)


def test_without_pillow_its_extra_is_named(tmp_path, monkeypatch):
    from glassnet.errors import MissingExtraError
    from glassnet.images import header

    root = folder(tmp_path, 6)
    header.pillow.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'glassnet\[images\]'"):
        images.read(root)
    header.pillow.cache_clear()


def test_a_file_that_vanishes_is_named(tmp_path):
    root = folder(tmp_path, 6)
    found = images.read(root)
    (root / "disc" / "0.png").unlink()
    with pytest.raises(DataError, match=r"'disc/0.png': cannot be opened: No such file"):
        images.find_fit(found)

"""Folders as people have them: which files are images, of which class, and what is refused."""

import contextlib
import os
import struct
import zlib

import numpy as np
import pytest
from cases.photos import drawn, folder
from PIL import Image

from glassnet import images
from glassnet.errors import DataError
from glassnet.images import photos as looking


@pytest.fixture
def root(tmp_path):
    return folder(tmp_path / "photos", 6)


def test_folders_are_the_classes(root):
    found = images.read(root)
    assert found.classes == {"disc": 6, "square": 6}
    assert [file.name for file in found.files][:2] == ["disc/0.png", "disc/1.png"]
    assert found.parts == {}
    assert len(found) == 12
    assert "disc 6, square 6" in repr(found)


def test_reading_unpacks_nothing(root, monkeypatch):
    def refuse(*_):
        raise AssertionError

    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", refuse)
    assert len(images.read(str(root))) == 12


def test_train_and_test_are_used_as_they_are(tmp_path):
    folder(tmp_path / "Train", 6)
    folder(tmp_path / "test", 3, first=6)
    folder(tmp_path / "val", 2, first=9)
    found = images.read(tmp_path)
    assert found.parts == {"train": 12, "test": 6, "validation": 4}
    fit = images.find_fit(found)
    parts = {name: {found.files[row].part for row in rows} for name, rows in fit.rows.items()}
    assert parts == {"train": {"train"}, "validation": {"validation"}, "test": {"test"}}


def test_a_class_may_be_called_train(tmp_path):
    found = images.read(folder(tmp_path, 5, kinds=("train", "bus")))
    assert found.classes == {"bus": 5, "train": 5}
    assert found.parts == {}


def test_a_test_folder_without_classes_is_counted_and_another_test_is_held_out(tmp_path):
    folder(tmp_path / "train", 10)
    (tmp_path / "test").mkdir()
    drawn("disc", (8, 8), 0).save(tmp_path / "test" / "0.png")
    fit = images.find_fit(images.read(tmp_path))
    assert fit.found.ignored == {"images without a class folder in test": 1}
    assert len(fit.rows["test"]) == 4


def test_two_folders_for_one_part_are_refused(tmp_path):
    for name in ("train", "test", "testing"):
        folder(tmp_path / name, 2)
    with pytest.raises(DataError, match="two of 'test', 'testing', 'train' mean the same"):
        images.read(tmp_path)


def test_a_class_may_hold_folders(root):
    (root / "disc" / "2024" / "may").mkdir(parents=True)
    drawn("disc", (16, 16), 77).save(root / "disc" / "2024" / "may" / "a.png")
    assert images.read(root).classes == {"disc": 7, "square": 6}


def test_what_is_no_image_is_passed_over_and_counted(root):
    (root / "disc" / ".DS_Store").write_bytes(b"x")
    (root / "disc" / "._0.png").write_bytes(b"x")
    (root / "__MACOSX").mkdir()
    (root / "disc" / "notes.txt").write_text("hello")
    (root / "disc" / "IMG_1.HEIC").write_bytes(b"x")
    drawn("disc", (16, 16), 1).save(root / "stray.png")
    found = images.read(root)
    assert len(found) == 12
    assert found.ignored == {
        "hidden files": 3, "files that are not read (.txt)": 1,
        "files that are not read (.HEIC)": 1, "images without a class folder": 1,
    }  # fmt: skip


NAMES = ['it\'s "quoted".png', "two\nlines.png", "smile \U0001f642.png", "-rf.png", "%s {0}.png"]


@pytest.mark.parametrize("name", NAMES)
def test_names_may_be_strange(root, name):
    drawn("disc", (16, 16), 99).save(root / "disc" / name)
    found = images.read(root)
    assert f"disc/{name}" in [file.name for file in found.files]


def test_names_and_classes_that_are_no_text_are_written_as_text(tmp_path):
    root = folder(tmp_path / "photos", 5)
    try:
        os.rename(os.fsencode(root / "disc"), os.fsencode(root) + b"/\xff\xfe")  # noqa: PTH104
    except OSError:
        pytest.skip("this disk takes UTF-8 names only")
    found = images.read(root)
    assert list(found.classes) == ["\\xff\\xfe", "square"]
    assert found.files[-5].name == "\\xff\\xfe/0.png"
    assert found.files[-5].path.is_file()


def test_links_out_of_the_folder_are_left_out(root, tmp_path):
    drawn("disc", (16, 16), 5).save(tmp_path / "outside.png")
    (root / "disc" / "out.png").symlink_to(tmp_path / "outside.png")
    (root / "disc" / "in.png").symlink_to(root / "disc" / "0.png")
    (root / "disc" / "loop").symlink_to(root / "disc", target_is_directory=True)
    found = images.read(root)
    assert found.ignored == {"links to places outside of the folder": 1, "links to folders": 1}
    assert found.classes["disc"] == 7


def test_a_class_that_is_a_link_out_of_the_folder_is_refused(root, tmp_path):
    other = folder(tmp_path / "other", 3)
    (root / "star").symlink_to(other / "disc", target_is_directory=True)
    with pytest.raises(DataError, match="'star' is a link to a place outside of"):
        images.read(root)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_pipes_are_not_opened(root):
    os.mkfifo(root / "disc" / "pipe.png")
    assert images.read(root).ignored == {"pipes and devices": 1}


def test_an_empty_class_is_refused(root):
    (root / "star").mkdir()
    with pytest.raises(DataError, match=r"star' holds no images. Put some in, or remove it"):
        images.read(root)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda p: None, "holds no folders with images. Images are files that end in .png"),
        (lambda p: drawn("disc", (8, 8), 0).save(p / "a.png"), "no folders of classes"),
        (lambda p: p.rmdir(), "There is no folder"),
        (lambda p: (p.rmdir(), p.write_text("x")), "is a file; images to train on lie in a folder"),
    ],
)
def test_a_folder_without_classes_is_refused(tmp_path, make, message):
    path = tmp_path / "photos"
    path.mkdir()
    make(path)
    with pytest.raises(DataError, match=message):
        images.read(path)


def test_one_class_is_refused(tmp_path):
    with pytest.raises(DataError, match="holds only the class 'disc': nothing can be learnt"):
        images.find_fit(folder(tmp_path, 12, kinds=("disc",)))


def test_few_images_are_refused(tmp_path):
    with pytest.raises(DataError, match="holds 6 images, and 10 are needed"):
        images.find_fit(folder(tmp_path, 3))


def test_a_class_only_in_the_test_is_refused(tmp_path):
    folder(tmp_path / "train", 6)
    folder(tmp_path / "test", 2, kinds=("disc", "star"))
    with pytest.raises(DataError, match="The folder 'test' has images of 'star', which is not"):
        images.find_fit(tmp_path)


def png_header(width, height):
    """A PNG that says how large it is, and holds next to nothing."""
    body = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", body), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )


FAULTS = {
    "empty.png": (b"", "empty file"),
    "text.jpg": (b"this is no image at all", "no image, or one of a kind that is not read"),
    "huge.png": (png_header(11_000, 11_000), "claims 11,000 x 11,000 pixels; 100,000,000 is"),
    "bomb.png": (png_header(2_000_000, 2_000_000), "claims far too many pixels"),
    "cut.png": (None, "damaged"),
    "script.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
}


def faulty(root, name):
    content, why = FAULTS[name]
    if content is None:
        whole = (root / "disc" / "0.png").read_bytes()
        content = whole[: len(whole) // 2]
    (root / "disc" / name).write_bytes(content)
    return why


@pytest.mark.parametrize("name", FAULTS)
def test_files_that_cannot_be_used_are_named(root, name):
    why = faulty(root, name)
    with pytest.raises(DataError) as error:
        images.find_fit(root)
    assert f"1 image of 13 cannot be read: 'disc/{name}': {why}" in str(error.value)
    assert "leave them out with skip_unreadable=True" in str(error.value)


@pytest.mark.parametrize("name", FAULTS)
def test_files_that_cannot_be_used_are_left_out_when_asked(root, name):
    why = faulty(root, name)
    fit = images.find_fit(images.read(root, skip_unreadable=True))
    assert sum(map(len, fit.rows.values())) == 12
    assert fit.found.faults[f"disc/{name}"].startswith(why)
    assert any(f"disc/{name}: {why}" in text for _, text, _ in fit.facts())
    good = images.find_fit(folder(root.parent / "again", 6))
    np.testing.assert_array_equal(fit.pixels.x, good.pixels.x)


def test_the_lower_limit_of_a_user_of_pillow_holds_too(root, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)  # twice as many are an error there
    with pytest.raises(DataError, match=r"12 images of 12 cannot be read: .*: claims far"):
        images.read(root)


def test_of_many_faults_the_first_are_named(root):
    for i in range(8):
        (root / "disc" / f"bad{i}.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"8 images of 20 .*bad4.png': empty file; and 3 more\."):
        images.read(root)


def test_only_unreadable_images_are_an_error_even_when_they_may_be_skipped(tmp_path):
    for kind in ("disc", "square"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="2 images of 2 cannot be read"):
        images.read(tmp_path, skip_unreadable=True)


def test_a_class_of_which_nothing_can_be_read_is_an_error(tmp_path):
    folder(tmp_path, 12, kinds=("disc",))
    (tmp_path / "square").mkdir()
    (tmp_path / "square" / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="holds only the class 'disc'"):
        images.find_fit(images.read(tmp_path, skip_unreadable=True))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return images.find_fit(folder(tmp_path_factory.mktemp("photos"), 6)).model


@pytest.mark.parametrize("seed", range(30))
def test_damaged_files_are_faults_whatever_their_decoder_raises(model, tmp_path, seed):
    rng = np.random.default_rng(seed)
    suffix = ["png", "jpg", "gif", "bmp", "webp", "tif", "ppm"][seed % 7]
    path = tmp_path / f"a.{suffix}"
    drawn("disc", (40, 30), 0).save(path)
    content = bytearray(path.read_bytes())
    for place in rng.integers(0, len(content), 10):
        content[place] = rng.integers(256)
    path.write_bytes(content[: rng.integers(1, len(content))])
    frame, strange = None, {}
    with contextlib.suppress(DataError):
        frame, strange = model.predict(path)
    if frame is None:
        with pytest.raises(DataError, match=r"1 image of 1 cannot be read: '.*a[.]"):
            model.predict(path)
    else:
        assert (frame.height, strange) == (1, {})


def test_progress_is_told(root, monkeypatch):
    monkeypatch.setattr(looking, "_EVERY", 5)
    said = []
    images.find_fit(root, progress=lambda *what: said.append(what))
    assert ("images looked at", 5, 12) in said
    assert ("images looked at", 12, 12) in said
    assert ("images unpacked", 12, 12) in said

"""The digest by which a run knows its data again."""

import pytest

from glassnet.cli.run_folder import digest


@pytest.fixture
def folder(tmp_path):
    for name, text in (("a/1.png", "one"), ("a/2.png", "two"), ("b/1.png", "three")):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "photos"


def test_a_folder_is_known_again_wherever_it_lies(folder):
    before = digest(folder)
    assert digest(folder.rename(folder.with_name("moved"))) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "a/1.png").write_text("another"),
        lambda folder: (folder / "a/1.png").rename(folder / "b/2.png"),
        lambda folder: (folder / "b/1.png").unlink(),
        lambda folder: (folder / "b/new.png").write_text(""),
    ],
)
def test_a_folder_that_changed_is_another(folder, change):
    before = digest(folder)
    change(folder)
    assert digest(folder) != before

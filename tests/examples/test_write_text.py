"""The example that learns to write: what it writes is its text's."""

import importlib.util
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "write_text.py"
SENTENCE = "the cat sat on the mat, and the dog ran off.\n"


@pytest.fixture(scope="module")
def example():
    spec = importlib.util.spec_from_file_location("write_text", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("text") / "small.txt"
    path.write_text(SENTENCE * 30, encoding="utf-8")
    return path


def test_a_few_steps_are_in_the_right_direction_and_write_letters_of_the_text(example, small):
    history, text = example.main(small, epochs=8, count=20)
    assert history["loss"][-1] < 0.9 * history["loss"][0]
    assert len(text) == 20
    assert set(text) <= set(SENTENCE)


def test_a_sentence_said_again_and_again_is_learned_by_heart(example, small, capsys):
    _, text = example.main(small, epochs=80, count=100)
    whole = SENTENCE * 4
    assert text == whole[example.PLACES % len(SENTENCE) :][:100]
    assert text in capsys.readouterr().out


def test_its_command_is_right_and_the_readme_names_it():
    assert "python examples/write_text.py novel.txt" in EXAMPLE.read_text(encoding="utf-8")
    readme = EXAMPLE.parent / "README.md"
    assert "[write_text.py](write_text.py)" in readme.read_text(encoding="utf-8")

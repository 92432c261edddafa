"""Settings of a table's training: nearest names, and one way to write units everywhere."""

import numpy as np
import pytest

from glassnet.cli import main
from glassnet.errors import CallError, SettingError
from glassnet.tables import Settings

X = np.random.default_rng(0).normal(size=60)
CLASSES = np.where(X > 0, "a", "b")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("epoch", "epochs"),
        ("hiden", "hidden"),
        ("lr", "learning_rate"),
        ("batchsize", "batch_size"),
    ],
)
def test_a_misspelt_setting_is_answered_with_the_nearest(given, meant):
    with pytest.raises(CallError) as caught:
        Settings(**{given: 3})
    assert str(caught.value).startswith(
        f"Settings has no setting {given!r}. Did you mean {meant!r}? It takes: hidden, epochs, "
    )


def test_settings_take_lists_and_say_what_they_take():
    assert Settings(hidden=[32, 16]) == Settings(hidden=(32, 16))
    assert Settings(hidden=32).hidden == (32,)
    for wrong in ("32", (2.0,), (0,), (True,)):
        with pytest.raises(SettingError, match=r"hidden must be whole numbers above 0, such as"):
            Settings(hidden=wrong)
    for name in ("epochs", "patience", "batch_size"):
        with pytest.raises(SettingError, match=f"{name} must be a whole number of at least 1"):
            Settings(**{name: "3"})
    assert Settings(batch_size=None).batch_size is None


@pytest.mark.parametrize("units", ["32,16", "[32,16]", " 32 , 16 "])
def test_hidden_units_are_written_alike_everywhere(units, file, capsys):
    path = file("x,y\n" + "".join(f"{v},{c}\n" for v, c in zip(X, CLASSES, strict=True)))
    for given in (["--hidden", units], ["--set", f"hidden={units}"]):
        assert main(["train", str(path), "--target", "y", "--show-code", *given]) == 0
        assert "tables.Settings(hidden=(32, 16))" in capsys.readouterr().out

"""Names of columns and classes reach the terminal without commands to it, and in bounds."""

import io
import sys

import numpy as np
import polars as pl
import pytest

from glassnet.cli import main
from glassnet.cli.console import Console
from glassnet.errors import DataError, UnknownNameError, plain, quoted
from glassnet.tables import find_fit, read

X = np.random.default_rng(0).normal(size=60)
CLASSES = np.where(X > 0, "a", "b")
RED = "\x1b[31mred\nline\x9b\u202e"
SAFE = r"\x1b[31mred\nline\x9b\u202e"


def test_a_name_commands_no_terminal():
    assert plain(RED) == SAFE
    assert plain("caf\u00e9 \U0001f427 a\\b") == "caf\u00e9 \U0001f427 a\\b"
    error = UnknownNameError("column", "x", [RED, "b"])
    assert str(error) == f"There is no column 'x'. Known: {SAFE}, b."
    assert quoted([RED]) == f"'{SAFE}'"
    assert quoted(["a", "b", "c"], 2) == "'a', 'b' and 1 more"


@pytest.mark.slow
def test_very_many_columns_are_not_all_listed():
    names = [f"c{i}" for i in range(10_000)]
    assert str(UnknownNameError("column", "x", names)).endswith("and 9,900 more.")
    with pytest.raises(DataError, match="and 9,980 more"):
        find_fit(pl.DataFrame({n: ["same"] * 60 for n in names} | {"y": CLASSES}), "y")


def test_the_console_shows_escape_codes_and_breaks_of_lines(capsys):
    console = Console()
    console.fact("note", RED)
    console.remark(RED)
    console.error(f"There is no {RED!s}")
    console.result(RED)
    shown = capsys.readouterr()
    assert shown.err.splitlines()[0] == f"note        {SAFE}"
    assert "\x1b[31m" not in shown.err + shown.out
    assert "\x9b" not in shown.err + shown.out


@pytest.fixture
def strange(file):
    """A file with escape codes in the names of columns, of the target, and in its classes."""
    rows = [
        f"{v:.4f},{k},{c}" for v, k, c in zip(X, np.resize(["u", "v"], 60), CLASSES, strict=True)
    ]
    text = ",".join(f'"\x1b[3{i}m{name}\nof"' for i, name in enumerate(("size", "kind", "target")))
    body = "\n".join(rows).replace(",a", ",\x1b[41ma")
    return file(f"{text}\n{body}\n")


def test_no_command_prints_escape_codes_of_names(strange, tmp_path, capsys, monkeypatch):
    target, run = "\x1b[32mtarget\nof", str(tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.csv").write_text('"\x1b[30msize\nof",b\n1,2\n')
    (tmp_path / "new.csv").write_text('"\x1b[30msize\nof","\x1b[31mkind\nof"\n\x1b[0mmany,never\n')
    calls = [
        (0, "train", str(strange), "--target", target, "--out", run, "--epochs", "2"),
        (0, "evaluate", run, str(strange)),
        (0, "show", run),
        (0, "predict", run, str(tmp_path / "new.csv"), "-o", "out.csv"),
        (4, "predict", run, str(tmp_path / "other.csv")),
        (2, "train", str(strange), "--target", "\x1b[31mnone"),
        (2, "train", str(strange)),
    ]
    for code, *arguments in calls:
        assert main(arguments) == code
        shown = capsys.readouterr()
        assert "\x1b" not in shown.out + shown.err, arguments
        assert r"\x1b[" in shown.out + shown.err or arguments[0] == "evaluate"


def test_predictions_on_a_terminal_are_harmless_and_in_a_pipe_exact(
    strange, tmp_path, capsys, monkeypatch
):
    run = str(tmp_path / "run")
    assert main(["train", str(strange), "--target", "\x1b[32mtarget\nof", "--out", run, "--quiet",
                 "--epochs", "2"]) == 0  # fmt: skip
    capsys.readouterr()
    assert main(["predict", run, str(strange)]) == 0
    assert "probability_\x1b[41ma" in capsys.readouterr().out

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    assert main(["predict", run, str(strange)]) == 0
    assert r"probability_\x1b[41ma" in sys.stdout.getvalue()
    assert "\x1b" not in sys.stdout.getvalue()


def test_remarks_on_stderr_are_harmless_too(file, capsys):
    read(file("\x1b[31ma;b\n" + "1,5;2\n3,5;4\n" * 9))
    assert capsys.readouterr().err.splitlines()[-1] == r"table.csv: decimal commas in \x1b[31ma"

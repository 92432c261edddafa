"""Tables of very many columns: the work grows with their number, not with its square."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import glassnet as gn
from glassnet.cli.console import Console
from glassnet.report.importance import importances
from glassnet.tables import Settings, find_fit, read
from glassnet.tables.columns import dates
from glassnet.tables.columns.cells import are_flags
from glassnet.tables.first_layer import FirstLayer
from glassnet.tables.reading import dialect

pytestmark = pytest.mark.slow

N_ROWS = 40


def wide(n_columns, seed=0):
    """Numbers, words, flags and dates in turn, and a target of two classes."""
    rng = np.random.default_rng(seed)
    kinds = [
        lambda: [f"{v:.3f}" for v in rng.normal(size=N_ROWS)],
        lambda: rng.choice(list("uvw"), N_ROWS).tolist(),
        lambda: rng.choice(["yes", "no"], N_ROWS).tolist(),
        lambda: [f"2024-{m:02}-11" for m in rng.integers(1, 13, N_ROWS)],
        lambda: rng.choice([None, "1", "2", "3"], N_ROWS).tolist(),
    ]
    columns = {f"c{i}": kinds[i % len(kinds)]() for i in range(n_columns)}
    return pl.DataFrame(columns | {"y": rng.choice(["a", "b"], N_ROWS).tolist()})


def counted(monkeypatch, owner, name):
    """How often a function is called from now on, as a list that grows."""
    calls, whole = [], getattr(owner, name)
    monkeypatch.setattr(owner, name, lambda *a, **k: calls.append(a) or whole(*a, **k))
    return calls


def test_names_of_columns_are_listed_once_for_a_table(monkeypatch):
    frame = wide(300)
    fit = find_fit(frame, "y", settings=Settings(epochs=1, hidden=(4,)))
    asked = []
    names = pl.DataFrame.columns.fget
    monkeypatch.setattr(
        pl.DataFrame, "columns", property(lambda self: asked.append(1) or names(self))
    )
    fit.model.table.inputs(frame)
    assert len(asked) <= 3


def test_a_header_is_searched_for_twins_in_one_pass():
    class Name(str):  # noqa: SLOT000
        compared = 0
        __hash__ = str.__hash__

        def __eq__(self, other):
            Name.compared += 1
            return str.__eq__(self, other)

    names = [Name(f"c{i}") for i in range(1000)]
    assert len(dialect._names(Path("t.csv"), names)) == 1000
    assert Name.compared < 2000


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("named", [True, False])
def test_lines_may_be_longer_than_what_a_file_is_first_judged_by(file, stream, encoding, named):
    n, head = 9000, "measurement_{}"
    row = ",".join(f"{i}.12345" for i in range(n))
    names = ",".join(head.format(i) for i in range(n)) + "\n"
    path = file((names * named + f"{row}\n" * 3).encode(encoding))
    found = read(path, stream=stream, say=lambda _: None)
    frame = pl.concat(found.batches()) if stream else found
    assert frame.shape == (3, n)
    assert frame.columns[-1] == (head.format(n - 1) if named else f"column_{n}")
    assert frame.row(2)[-1] == f"{n - 1}.12345"


def test_words_are_not_tried_as_every_form_of_date(monkeypatch):
    tried = counted(monkeypatch, dates, "_strptime")
    assert dates.find_form(pl.Series(["low", "high", None, "x-ray", "n/a."] * 9)) is None
    assert tried == []
    assert dates.find_form(pl.Series(["31.12.2024", "1.2.2024"])) == "31.12.2024"
    assert len(tried) < 12
    assert dates.find_form(pl.Series(["31 Dec 2024", "1-Feb-2024"])) == "31 Dec 2024"


def test_a_column_is_read_once_to_find_out_what_it_is(monkeypatch):
    from glassnet.tables.columns import column

    parsed = counted(monkeypatch, column, "parse")
    forms = counted(monkeypatch, dates, "find_form")
    found = [
        column.find_column(pl.Series(name, cells * 9), np.arange(27))
        for name, cells in (
            ("n", ["1", "2", "5"]),
            ("when", ["2024-01-02", "2024-02-03", "2024-03-05"]),
        )
    ]
    assert [type(one.column).__name__ for one in found] == ["NumberColumn", "DateColumn"]
    assert len(parsed) == 2
    assert len(forms) == 1


def test_yes_and_no_are_told_by_their_first_cell(monkeypatch):
    assert are_flags(pl.Series([None, "Yes", "no"]))
    assert not are_flags(pl.Series(["yes", "no", "maybe"]))
    assert not are_flags(pl.Series([None], dtype=pl.String))
    unique = counted(monkeypatch, pl.Series, "unique")
    assert not are_flags(pl.Series(["maybe", "yes", "no"]))
    assert unique == []


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_a_thousand_columns_of_words_are_a_few_lines_of_the_program(engine):
    sizes = [2] * 400 + [3] * 600
    x = gn.Input((1000,), dtype="int64")
    net = gn.Network(inputs=x, outputs=gn.Dense(1, "sigmoid")(gn.OneHot(sizes)(x)))
    text = net.prediction_program().source("numpy")
    assert len(text.splitlines()) < 40
    rng = np.random.default_rng(0)
    codes = rng.integers(-1, 3, (9, 1000))
    hot = [(codes[:, i, None] == np.arange(n)) for i, n in enumerate(sizes)]
    expected = np.concatenate(hot, axis=1).astype(np.float32) @ net.parameters["dense.weight"]
    np.testing.assert_allclose(net.predict(codes), 1 / (1 + np.exp(-expected)), atol=1e-6)
    history = net.fit(codes, rng.integers(0, 2, 9), epochs=2, engine=engine, verbose=0)
    assert np.isfinite(history["loss"]).all()


def test_columns_of_words_with_as_many_values_stand_together():
    rng = np.random.default_rng(1)
    cells = {f"c{i}": rng.choice(list("abcdef")[: 2 + i % 4], 200).tolist() for i in range(90)}
    frame = pl.DataFrame(cells | {"y": rng.normal(size=200)})
    table = find_fit(frame, "y", settings=Settings(hidden=(4,))).model.table
    sizes = [len(column.values) for column in table.hot]
    assert sizes == sorted(sizes)
    few = find_fit(frame[["c3", "c0", "y"]], "y", settings=Settings(hidden=(4,))).model.table
    assert [column.name for column in few.hot] == ["c3", "c0"]


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
@pytest.mark.parametrize("encoding", ["one_hot", "embedding"])
def test_a_network_in_two_parts_answers_as_the_whole(hidden, encoding):
    fit = find_fit(wide(25), "y", settings=Settings(epochs=4, hidden=hidden, encoding=encoding))
    fit.go()
    parts = FirstLayer.of(fit.model)
    arrays = fit.parts["train"][0]
    x = parts.inputs(arrays)
    assert x.shape[1] == len(parts.columns) == len(parts.weight)
    np.testing.assert_allclose(
        parts.answers(x @ parts.weight + parts.bias), fit.model.answers(arrays), atol=1e-6
    )


def test_each_number_of_the_first_layer_changes_with_its_column_alone():
    frame = wide(25)
    fit = find_fit(frame, "y", settings=Settings(hidden=(4,)))
    parts, table = FirstLayer.of(fit.model), fit.model.table
    before = parts.inputs(table.inputs(frame)[0])
    for name in frame.columns[:-1]:
        moved = frame.with_columns(frame[name].reverse())
        changed = (parts.inputs(table.inputs(moved)[0]) != before).any(axis=0)
        assert {parts.columns[i] for i in np.flatnonzero(changed)} == {name}


def test_progress_is_told_column_by_column():
    told = []
    fit = find_fit(
        wide(10), "y", settings=Settings(epochs=1, hidden=(4,)),
        progress=lambda *given: told.append(given),
    )  # fmt: skip
    assert told[-1] == ("columns looked at", 11, 11)
    parts, (arrays, y) = FirstLayer.of(fit.model), fit.parts["test"]
    importances(
        parts, parts.inputs(arrays), y, [c.name for c in fit.model.table.columns], "accuracy",
        progress=lambda *given: told.append(given),
    )  # fmt: skip
    assert told[-1] == ("columns weighed", 10, 10)


def test_a_line_of_progress_comes_every_few_seconds_and_none_for_quick_work(monkeypatch, capsys):
    tell = Console().progress()
    tell("columns looked at", 1, 10_000)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("glassnet.cli.console._EVERY", 0)
    tell("columns looked at", 4000, 10_000)
    assert capsys.readouterr().err == "columns looked at: 4,000 of 10,000\n"
    Console(quiet=True).progress()("columns looked at", 1, 2)
    assert capsys.readouterr().err == ""

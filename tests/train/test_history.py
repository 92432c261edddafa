"""The history: a table of figures for each epoch, and the loss of each step."""

import math
import re

import numpy as np
import pytest
from train.small import ENGINE, YES, X, classifier

import glassnet as gn
from glassnet.errors import UnknownNameError


@pytest.fixture(scope="module")
def history():
    return classifier().fit(X, YES, epochs=3, batch_size=10, validation_split=0.2,
                            metrics=["accuracy"], **ENGINE)  # fmt: skip


def test_columns_are_named_after_what_was_asked_for(history):
    expected = ["loss", "accuracy", "val_loss", "val_accuracy", "learning_rate"]
    assert list(history) == expected
    assert all(len(column) == 3 for column in history.values())
    assert (history.epochs, len(history.steps), history.stop_reason) == (3, 9, "done")
    assert history.seconds > 0


def test_history_is_a_mapping(history):
    assert "loss" in history
    assert "los" not in history
    assert history.get("los") is None
    assert len(history) == 5
    with pytest.raises(UnknownNameError, match=r"column of the history 'los'. Did you mean 'loss'"):
        history["los"]


@pytest.mark.parametrize("backend", ["polars", "pandas"])
def test_history_becomes_a_table(history, backend):
    pytest.importorskip(backend)
    frame = history.to_dataframe(backend)
    assert list(frame.columns) == ["epoch", *history]
    assert list(frame["epoch"]) == [1, 2, 3]
    assert list(frame["loss"]) == history["loss"]


def test_unknown_backend_names_the_nearest(history):
    with pytest.raises(UnknownNameError, match=r"'polar'. Did you mean 'polars'"):
        history.to_dataframe("polar")


def test_history_shows_its_last_row(history):
    assert repr(history).startswith(f"History(3 epochs; at the end loss {history['loss'][-1]:.4g}")
    assert repr(gn.History()) == "History(no epoch finished)"


def test_column_that_comes_later_is_filled_with_nan():
    table = gn.History()
    table.extend({"loss": [1]})
    table.extend({"loss": [0.5], "extra": [2]})
    assert math.isnan(table["extra"][0])
    assert table["extra"][1] == 2


def test_verbose_2_ends_with_the_hash_that_the_history_keeps(capsys):
    net = gn.Network([gn.Dense(1)], input_shape=(1,), seed=0)
    stopping = gn.callbacks.EarlyStopping(patience=1)
    x, y = np.arange(8.0)[:, None], np.arange(8.0)
    history = net.fit(x, y, optimizer=gn.optim.SGD(0.5), epochs=9, validation_data=(x, y),
                      callbacks=[stopping], verbose=2)  # fmt: skip
    *_, ending, weights = capsys.readouterr().err.splitlines()
    assert ending.startswith(f"{history.stop_reason} after {history.epochs} epochs")
    assert weights == f"weights {history.hash}"


def test_repr_of_a_history_is_one_short_line(history):
    text = repr(history)
    assert re.fullmatch(
        r"History\(3 epochs; at the end loss [\d.]+, accuracy [\d.]+, val_loss [\d.]+, "
        r"val_accuracy [\d.]+; done\)", text,
    )  # fmt: skip
    many = gn.train.History({f"figure_{i}": [0.1] for i in range(50)} | {"loss": [0.1]})
    assert repr(many).endswith("figure_3 0.1, 47 more)")
    assert repr(gn.train.History()) == "History(no epoch finished)"


def test_repr_of_a_run_says_how_far_it_is():
    seen = []

    class Look(gn.callbacks.Callback):
        def on_fit_begin(self, run):
            seen.append(repr(run))

        def on_epoch_end(self, run):
            seen.append(repr(run))

    classifier().fit(X, YES, epochs=2, batch_size=10, callbacks=[Look()], **ENGINE)
    assert seen[0] == "<run of 37 rows: epoch 0 of 2, step 0>"
    assert re.fullmatch(r"<run of 37 rows: epoch 1 of 2, step 4, loss [\d.]+>", seen[1])


def test_a_short_name_finds_its_column(history):
    assert history["acc"] is history["accuracy"]
    assert history["val_acc"] is history["val_accuracy"]
    assert "acc" in history
    assert "acc" not in list(history)
    with pytest.raises(UnknownNameError, match="no column of the history 'mae'"):
        history["mae"]


def test_a_short_name_finds_the_column_of_an_output():
    table = gn.History({"loss": [1.0], "size_mean_absolute_error": [2.0], "val_roc_auc": [3.0]})
    assert (table["size_mae"], table["val_auc"]) == ([2.0], [3.0])

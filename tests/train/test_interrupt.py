"""Ctrl-C, and what is said while training goes on: a bar on a terminal, plain lines elsewhere."""

import re
import signal
import subprocess
import sys
import threading
import time

import pytest
from train.small import ENGINE, YES, X, classifier

import glassnet as gn
from glassnet.train import progress

SCRIPT = """
import sys
import numpy as np
import glassnet as gn
from glassnet.callbacks import Callback, Checkpoint, EarlyStopping

class Ready(Callback):
    def on_tick(self, run):
        if run.step > 50:
            print("ready", flush=True)

rng = np.random.default_rng(0)
x, y = rng.normal(size=(50, 3)), rng.integers(0, 2, 50)

def fit(epochs, callbacks):
    net = gn.Network([gn.Dense(6, "tanh"), gn.Dense(1, "sigmoid")], input_shape=(3,), seed=1)
    history = net.fit(x, y, epochs=epochs, batch_size=None, callbacks=callbacks, verbose=0,
                      engine="numpy")
    return net, history

net, history = fit(10**9, [Ready(), EarlyStopping(patience=10**9), Checkpoint(sys.argv[1],
                           every_epochs=None)])
steps = len(history.steps)
again, _ = fit(steps, [])
same = all(a.tobytes() == b.tobytes()
           for a, b in zip(net.parameters.values(), again.parameters.values()))
print(history.stop_reason, steps, same, flush=True)
"""


def interrupted(folder):
    """(what was printed, what was said, the exit status) of a fit that gets a Ctrl-C."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, folder],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=300)
    return out.splitlines()[-1], err, process.returncode


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of a process are POSIX's")
def test_ctrl_c_keeps_the_weights_of_the_last_finished_step_and_says_so(tmp_path):
    last, said, status = interrupted(tmp_path)
    reason, steps, same = last.split()
    assert (reason, same, status) == ("interrupted", "True", 0)
    assert said == (
        f"Interrupted: the weights are those after step {steps}, the last finished one.\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == [f"step-{int(steps):09d}.safetensors"]


class Press(gn.callbacks.Callback):
    """Presses Ctrl-C during a step, once or twice."""

    def __init__(self, step, times=1):
        self.step, self.times = step, times

    def on_step_begin(self, run):
        if run.step == self.step:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


def test_step_that_runs_is_finished(capsys):
    history = classifier().fit(X, YES, epochs=5, batch_size=10, callbacks=[Press(6)], **ENGINE)
    assert (history.stop_reason, len(history.steps)) == ("interrupted", 7)
    assert "after step 7" in capsys.readouterr().err


def test_second_ctrl_c_breaks_off_at_once():
    with pytest.raises(KeyboardInterrupt):
        classifier().fit(X, YES, epochs=5, callbacks=[Press(1, times=2)], **ENGINE)


def test_handler_of_before_is_put_back():
    before = signal.getsignal(signal.SIGINT)
    classifier().fit(X, YES, epochs=1, **ENGINE)
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as nohup does
    try:
        history = classifier().fit(X, YES, epochs=2, callbacks=[Press(1)], **ENGINE)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert (history.stop_reason, history.epochs) == ("done", 2)


def test_fit_runs_in_another_thread_as_well():
    found = []
    thread = threading.Thread(
        target=lambda: found.append(classifier().fit(X, YES, epochs=2, **ENGINE).stop_reason)
    )
    thread.start()
    thread.join()
    assert found == ["done"]


# What is said.
class Slow(gn.callbacks.Callback):
    def on_step_end(self, run):
        time.sleep(0.01)


def test_lines_off_a_terminal_are_plain(capsys, monkeypatch):
    monkeypatch.setattr(progress, "_EVERY", 0.02)
    given = {**ENGINE, "verbose": "auto", "callbacks": [Slow()], "validation_split": 0.2}
    classifier().fit(X, YES, epochs=6, batch_size=10, metrics=["accuracy"], **given)
    out, err = capsys.readouterr()
    assert out == ""
    assert "\x1b" not in err
    assert "\r" not in err
    lines = err.splitlines()
    assert 1 < len(lines) < 18
    assert lines[-1].startswith("epoch ")
    assert "/6  " in lines[-1]
    for word in ("loss 0.", "val_loss 0.", "accuracy 0.", "val_accuracy "):
        assert word in lines[-1]


def test_nothing_is_said_where_nothing_is_asked_for(capsys, monkeypatch):
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    classifier().fit(X, YES, epochs=2, **{**ENGINE, "verbose": 0})
    assert capsys.readouterr() == ("", "")


def test_short_fit_says_nothing_off_a_terminal(capsys):
    classifier().fit(X, YES, epochs=2, **{**ENGINE, "verbose": "auto"})
    assert capsys.readouterr() == ("", "")


def test_fit_of_a_few_seconds_says_off_a_terminal_how_it_ended(capsys, monkeypatch):
    monkeypatch.setattr(progress, "_WORTH", 0.0)
    classifier().fit(X, YES, epochs=2, **{**ENGINE, "verbose": "auto"})
    _, err = capsys.readouterr()
    assert re.fullmatch(r"epoch 2/2  loss 0\.\d+  done after \d\.\d s\n", err)


def test_a_line_is_said_after_so_many_epochs(capsys):
    history = classifier().fit(X, YES, epochs=25, validation_split=0.2, **{**ENGINE, "verbose": 10})
    lines = capsys.readouterr().err.splitlines()
    expected = [
        f"epoch {epoch}/25  loss {history['loss'][epoch - 1]:.4g}  "
        f"val_loss {history['val_loss'][epoch - 1]:.4g}"
        for epoch in (10, 20, 25)
    ]
    assert lines[:2] == expected[:2]
    assert lines[2].startswith(f"{expected[2]}  done after ")
    assert len(lines) == 3


def test_lines_after_epochs_say_as_well_why_a_fit_ended_early(capsys):
    stop = gn.callbacks.EarlyStopping(monitor="loss", patience=1, min_delta=1e9)
    classifier().fit(X, YES, epochs=25, callbacks=[stop], **{**ENGINE, "verbose": 3})
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"epoch 2/25  loss 0\.\d+  early stopping after \d\.\d s", lines[-1])


@pytest.mark.parametrize("wrong", [-1, 1.5, "yes", None])
def test_verbose_is_a_word_or_a_whole_number(wrong):
    with pytest.raises(gn.errors.SettingError, match="a number of epochs for each line, got"):
        classifier().fit(X, YES, **{**ENGINE, "verbose": wrong})


def test_bar_shows_epoch_losses_and_metrics_on_eighty_columns(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    history = classifier().fit(
        X, YES, epochs=3, validation_split=0.2, metrics=["accuracy", "roc_auc"],
        callbacks=[gn.callbacks.Progress("bar")], **ENGINE,
    )  # fmt: skip
    raw = capsys.readouterr().err
    last = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", raw).split("\r")[-1]
    assert last.startswith("epoch 3/3 ")
    assert max(map(len, last.splitlines())) <= 80
    for name in ("loss", "val_loss", "accuracy", "val_accuracy", "roc_auc", "val_roc_auc"):
        assert re.search(rf"(^| ){name} {history[name][-1]:.4g}( |$)", last, flags=re.MULTILINE)


@pytest.mark.parametrize("term", ["xterm", "xterm-256color"])
def test_full_bar_has_another_colour_than_its_empty_rest(term, capsys, monkeypatch):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)
    classifier().fit(X, YES, epochs=3, callbacks=[gn.callbacks.Progress("bar")], **ENGINE)
    err = capsys.readouterr().err
    colours = re.findall(r"\x1b\[([0-9;]*)m\u2501", err)  # of stretches of the bar
    assert colours[-1] == "32"
    assert colours[0] not in {"", "32"}


def test_bar_shows_steps_and_figures(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    bar = gn.callbacks.Progress("bar")
    classifier().fit(X, YES, epochs=3, batch_size=10, callbacks=[bar], **ENGINE)
    err = capsys.readouterr().err
    assert "epoch 3/3" in err
    assert "loss 0." in err

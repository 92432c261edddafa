"""A fit that was cut off goes on as if nothing had happened, bit for bit."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from train.small import ENGINE, SIZE, YES, N, X, classifier, network, neuron, same_bits, weights

import glassnet as gn
from glassnet import files
from glassnet.callbacks import Checkpoint, EarlyStopping
from glassnet.errors import FileFormatError, InUseError
from glassnet.train import checkpoint

EPOCHS, STEPS = 6, 4  # steps of an epoch, ten rows at a time
S = gn.optim.schedules


class Crash(gn.callbacks.Callback):
    """Power fails after a step."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, run):
        if run.step == self.step:
            raise ConnectionAbortedError


class Plan:
    """One way of training: a network, its data, and the arguments of fit."""

    def __init__(self, build, y=YES, callbacks=list, **settings):
        self.build, self.y, self.callbacks, self.settings = build, y, callbacks, settings

    def fit(self, *watch, epochs=EPOCHS):
        """(what is left after the fit, its history)."""
        net = self.build()
        given = {"batch_size": 10, **ENGINE, **self.settings}
        callbacks = [*watch, *self.callbacks()]
        history = net.fit(X, self.y, epochs=epochs, callbacks=callbacks, **given)
        left = {**weights(net), "steps": np.array(history.steps)}
        left |= {f"state {name}": state.copy() for name, state in net.states.items()}
        left |= {f"column {name}": np.array(column) for name, column in history.items()}
        return left, history


def deep():
    return network(gn.Dense(6, "tanh"), gn.Dense(1), dtype="float64")


def normalized():
    return network(gn.Dense(6), gn.BatchNormalization(), gn.Activation("tanh"), gn.Dense(1),
                   dtype="float64")  # fmt: skip


def stateful():
    return network(gn.Reshape((3, 1)), gn.LSTM(4, stateful=True), gn.Dense(1))


def noisy():
    return network(gn.GaussianNoise(0.2), gn.Dense(6), gn.BatchNormalization(), gn.Dense(1))


def stopping():
    return [EarlyStopping("val_loss", patience=2)]


PLANS = {
    "adam, dropout, shuffling": Plan(classifier),
    "averages": Plan(classifier, optimizer=gn.optim.Adam(0.01, ema=0.8)),
    "momentum and schedule": Plan(classifier, optimizer=gn.optim.SGD(S.Warmup(
        0.1, steps=7, then=S.Cosine(0.1, steps=12)), momentum=0.9)),
    "plateau": Plan(deep, SIZE, validation_split=0.3, optimizer=gn.optim.Adam(S.OnPlateau(
        3.0, patience=1))),
    "early stopping": Plan(deep, SIZE, stopping, validation_split=0.3,
                           optimizer=gn.optim.Adam(0.5)),
    "all of it": Plan(classifier, YES, stopping, validation_split=0.2, metrics=["accuracy", "f1"],
                      class_weight="balanced", optimizer=gn.optim.Nadam(S.OnPlateau(
                          0.05, patience=1), ema=0.7, clip_norm=1.0)),
    "float64": Plan(deep, SIZE, optimizer="rmsprop"),
    "full batch": Plan(deep, SIZE, batch_size=None, optimizer="adadelta"),
    "l-bfgs": Plan(deep, SIZE, batch_size=None, optimizer="lbfgs", metrics=["r2"]),
    "normalisation, noise": Plan(noisy, SIZE, optimizer=gn.optim.SGD(0.05, ema=0.9)),
    "states that go on": Plan(stateful, SIZE, batch_size=1, shuffle=False,
                               validation_data=(X, SIZE)),
    "l-bfgs, normalisation": Plan(normalized, SIZE, batch_size=None, optimizer="lbfgs"),
    "l-bfgs in float32, dropout": Plan(classifier, batch_size=None, optimizer="lbfgs"),
}  # fmt: skip
CRASHES = (1, 2, 4, 5, 8, 11)
each_plan = pytest.mark.parametrize("name", PLANS)


@each_plan
def test_new_fit_goes_on_to_the_same_bits(name, tmp_path):
    plan = PLANS[name]
    expected, _ = plan.fit()
    plan.fit(Checkpoint(tmp_path), epochs=EPOCHS // 2)
    found, _ = plan.fit(Checkpoint(tmp_path))
    assert same_bits(found, expected)


@pytest.mark.slow
@each_plan
@pytest.mark.parametrize("first", [True, False], ids=["checkpoint first", "checkpoint last"])
def test_crash_after_any_step_leaves_no_trace(name, first, tmp_path):
    plan = PLANS[name]
    expected, history = plan.fit()
    for step in CRASHES:
        if step >= len(history.steps):
            continue
        keep, crash = Checkpoint(tmp_path, every_steps=1), Crash(step)
        with pytest.raises(ConnectionAbortedError):
            plan.fit(*((keep, crash) if first else (crash, keep)))
    found, again = plan.fit(Checkpoint(tmp_path, every_steps=1))
    assert same_bits(found, expected)
    assert again.stop_reason == history.stop_reason


def test_early_stopping_and_plateau_are_reached_in_these_plans():
    _, history = PLANS["early stopping"].fit()
    assert (history.stop_reason, history.epochs < EPOCHS) == ("early stopping", True)
    _, history = PLANS["plateau"].fit()
    assert len(set(history["learning_rate"])) > 1


@each_plan
def test_fit_that_was_finished_is_finished(name, tmp_path):
    plan = PLANS[name]
    expected, before = plan.fit(Checkpoint(tmp_path))
    found, history = plan.fit(Checkpoint(tmp_path))
    assert same_bits(found, expected)
    assert history.stop_reason == before.stop_reason


class LimitAt(gn.callbacks.TimeLimit):
    """A time limit that is met after a step."""

    def __init__(self, step):
        super().__init__(1)
        self.step = step

    def on_step_end(self, run):
        """Python is entered after every step."""

    def on_tick(self, run):
        if run.step == self.step:
            run.stop("time limit")


@each_plan
def test_fit_that_ran_out_of_time_goes_on_where_it_was(name, tmp_path):
    """What fit gave back at the limit (averages, best weights) is not what it goes on from."""
    plan = PLANS[name]
    expected, _ = plan.fit()
    plan.fit(
        Checkpoint(tmp_path, every_epochs=None),
        LimitAt(5 if "batch_size" not in plan.settings else 2),
    )
    assert len(list(tmp_path.iterdir())) == 1
    found, _ = plan.fit(Checkpoint(tmp_path))
    assert same_bits(found, expected)


# A real kill, of a real process: between any two files that it opens, renames or removes.
SCRIPT = """
import os, signal, sys
import numpy as np
import glassnet as gn
from glassnet.callbacks import Callback, Checkpoint, EarlyStopping

class Look(Callback):
    def on_step_end(self, run):
        "Python is entered, and a checkpoint written, after each step."

kind, folder, out, left = *sys.argv[1:4], int(sys.argv[4])

def count(event, arguments):
    global left
    if event in {"open", "os.rename", "os.remove"} and str(arguments[0]).startswith(folder):
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
rng = np.random.default_rng(0)
x = rng.normal(size=(60, 3))
y = (x[:, 0] * x[:, 1] > 0).astype(int)
net = gn.Network([gn.Dense(8, "tanh"), gn.Dropout(0.2), gn.Dense(1, "sigmoid")],
                 input_shape=(3,), seed=3)
lbfgs = kind == "lbfgs"
plateau = gn.optim.schedules.OnPlateau(0.05, patience=1)
history = net.fit(
    x, y, epochs=60 if lbfgs else 15, batch_size=None if lbfgs else 7, verbose=0, engine="numpy",
    optimizer="lbfgs" if lbfgs else gn.optim.Adam(plateau, ema=0.8), validation_split=0.2,
    callbacks=[Checkpoint(folder, every_steps=1), EarlyStopping(patience=50), Look()],
)
np.savez(out, steps=history.steps, **dict(net.parameters))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals of a process are POSIX's")
@pytest.mark.parametrize("kind", ["adam", "lbfgs"])
def test_processes_killed_between_any_two_files_give_the_same_bits(kind, tmp_path):
    def status(name, left):
        command = [sys.executable, "-c", SCRIPT, kind, tmp_path / name, tmp_path / f"{name}.npz"]
        ran = subprocess.run([*command, str(left)], stderr=subprocess.PIPE, text=True, check=False)
        assert ran.stderr == ""
        return ran.returncode

    chance = random.Random(kind)  # noqa: S311 - moments, no secrets
    kills = [status("killed", chance.randrange(3, 50)) for _ in range(5)]
    assert kills == [-signal.SIGKILL] * 5
    assert status("killed", 0) == 0
    assert status("straight", 0) == 0
    with np.load(tmp_path / "straight.npz") as expected, np.load(tmp_path / "killed.npz") as found:
        assert same_bits(found, expected)


# Files that are not whole.
def trained(folder, **settings):
    settings = {"every_epochs": None, "every_steps": 1, "keep": 4, **settings}
    with pytest.raises(ConnectionAbortedError):
        PLANS["float64"].fit(Checkpoint(folder, **settings), Crash(9))
    return sorted(folder.iterdir())


def test_newest_files_are_kept(tmp_path):
    names = [path.name for path in trained(tmp_path, keep=2)]
    assert names == ["step-000000007.safetensors", "step-000000008.safetensors"]


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.999])
def test_file_that_was_cut_short_is_passed_over_aloud(share, tmp_path, capsys):
    expected, _ = PLANS["float64"].fit()
    *_, newest = trained(tmp_path)
    data = newest.read_bytes()
    newest.write_bytes(data[: int(share * len(data))])
    with pytest.raises(FileFormatError, match="not a whole Glassnet file"):
        files.read(newest)
    _, text = checkpoint.newest(tmp_path)
    assert text["step"] == 7
    assert "Passed over a damaged checkpoint" in capsys.readouterr().err
    found, _ = PLANS["float64"].fit(Checkpoint(tmp_path))
    assert same_bits(found, expected)


def test_flipped_byte_is_found_wherever_it_is(tmp_path, capsys):
    *_, newest = trained(tmp_path)
    data = bytearray(newest.read_bytes())
    places = [*range(0, len(data), max(1, len(data) // 60)), len(data) - 1]
    for at in places:
        for bit in (1, 128):
            torn = data.copy()
            torn[at] ^= bit
            newest.write_bytes(torn)
            with pytest.raises(FileFormatError):
                files.read(newest)
    assert checkpoint.newest(tmp_path)[1]["step"] == 7
    capsys.readouterr()


def test_fit_begins_anew_where_no_file_is_whole(tmp_path, capsys):
    expected, _ = PLANS["float64"].fit()
    for path in trained(tmp_path):
        path.write_bytes(b"")
    found, _ = PLANS["float64"].fit(Checkpoint(tmp_path))
    assert same_bits(found, expected)
    assert capsys.readouterr().err.count("Passed over") == 4


def test_what_a_crash_left_half_written_is_no_checkpoint_and_goes(tmp_path):
    tmp_path.joinpath(".step-000000099.safetensors.abcd.tmp").write_bytes(b"half")
    tmp_path.joinpath("notes.txt").write_text("mine", encoding="utf-8")
    PLANS["float64"].fit(Checkpoint(tmp_path), epochs=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["notes.txt", "step-000000004.safetensors"]


def test_full_disk_leaves_the_old_file_whole(tmp_path, monkeypatch):
    before = trained(tmp_path)

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        PLANS["float64"].fit(Checkpoint(tmp_path))
    monkeypatch.undo()
    assert sorted(tmp_path.iterdir()) == before
    assert checkpoint.newest(tmp_path)[1]["step"] == 8


LIMITED = """
import resource, sys
import glassnet as gn
net = gn.Network([gn.Dense(200)], input_shape=(100,), seed=int(sys.argv[2]))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), resource.RLIM_INFINITY))
net.save(sys.argv[1])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_file_that_does_not_fit_leaves_the_old_one_whole(tmp_path):
    path = tmp_path / "model.safetensors"

    def save(seed, limit):
        command = [sys.executable, "-c", LIMITED, path, str(seed), str(limit)]
        return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)

    assert save(1, 10**9).returncode == 0
    before = path.read_bytes()
    failed = save(2, 30_000)
    assert "OSError" in failed.stderr
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == before
    assert gn.load(path).seed == 1


# Another fit, and settings.
@pytest.mark.parametrize(("change", "differs"), [
    ({"batch_size": 5}, "batch_size"), ({"optimizer": "adam"}, "program"),
    ({"loss": "huber"}, "program"), ({"batch_size": None}, "batch_size"),
    ({"shuffle": False}, "shuffle"), ({"optimizer": gn.optim.SGD(0.4)}, "learning_rate"),
])  # fmt: skip
def test_checkpoint_of_another_fit_is_refused(change, differs, tmp_path):
    plan = PLANS["float64"]
    plan.fit(Checkpoint(tmp_path), epochs=1)
    other = Plan(plan.build, plan.y, **{**plan.settings, **change})
    with pytest.raises(FileFormatError, match=f"belongs to another fit: .*{differs}.*resume=False"):
        other.fit(Checkpoint(tmp_path))


def test_checkpoint_of_another_seed_or_other_rows_is_refused(tmp_path):
    neuron().fit(X, YES, epochs=1, callbacks=[Checkpoint(tmp_path)], **ENGINE)
    with pytest.raises(FileFormatError, match="seed differ"):
        neuron(seed=9).fit(X, YES, epochs=1, callbacks=[Checkpoint(tmp_path)], **ENGINE)
    with pytest.raises(FileFormatError, match="rows differ"):
        neuron().fit(X[:-1], YES[:-1], epochs=1, callbacks=[Checkpoint(tmp_path)], **ENGINE)


class FitsAgain(gn.callbacks.Callback):
    """Begins another fit into the same folder, in the midst of one."""

    def __init__(self, folder):
        self.folder = folder

    def on_epoch_end(self, run):
        neuron().fit(X, YES, epochs=1, callbacks=[Checkpoint(self.folder)], **ENGINE)


def test_folder_that_a_fit_writes_into_is_refused_to_another_and_free_afterwards(tmp_path):
    both = [Checkpoint(tmp_path), FitsAgain(tmp_path)]
    with pytest.raises(InUseError, match=f"{tmp_path} is in use: another fit of this process"):
        neuron().fit(X, YES, epochs=1, callbacks=both, **ENGINE)
    twice = [Checkpoint(tmp_path), Checkpoint(tmp_path, every_epochs=None, every_steps=2)]
    neuron().fit(X, YES, epochs=1, callbacks=twice, **ENGINE)
    assert all(checkpoint._NAME.fullmatch(path.name) for path in tmp_path.iterdir())


def test_model_file_in_the_folder_is_refused(tmp_path):
    neuron().save(tmp_path / "step-000000001.safetensors")
    with pytest.raises(FileFormatError, match="belongs to another fit"):
        neuron().fit(X, YES, epochs=1, callbacks=[Checkpoint(tmp_path)], **ENGINE)


def test_fit_may_begin_anew_in_the_folder(tmp_path):
    plan = PLANS["float64"]
    plan.fit(Checkpoint(tmp_path), epochs=4)
    plan.fit(Checkpoint(tmp_path, resume=False), epochs=1)
    assert [p.name for p in tmp_path.iterdir()] == ["step-000000004.safetensors"]


def test_epochs_and_steps_decide_when_to_write(tmp_path):
    written = {}
    for name, settings in {
        "epochs": {"every_epochs": 2}, "steps": {"every_epochs": None, "every_steps": 5},
        "seconds": {"every_epochs": None, "every_seconds": 1e-9},
        "never": {"every_epochs": None, "every_seconds": 1e9},
    }.items():  # fmt: skip
        folder = tmp_path / name
        plan = PLANS["float64"]
        plan.fit(Checkpoint(folder, keep=99, **settings), Crash(-1), epochs=5)
        written[name] = sorted(int(p.stem[5:]) for p in folder.glob("*"))
    assert written == {
        "epochs": [8, 16], "steps": [5, 10, 15, 20], "seconds": list(range(1, 21)), "never": [],
    }  # fmt: skip


class Clock(gn.callbacks.Callback):
    """A clock for checkpoints on which a step takes a second."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now

    def on_step_end(self, run):
        self.now += 1.0


def test_writing_takes_no_more_than_its_share_of_the_time(tmp_path, monkeypatch):
    def slow(path, run):
        checkpoint.time.now += 2.0
        return write(path, run)

    write = checkpoint.write
    monkeypatch.setattr(checkpoint, "write", slow)
    written = {}
    for share in (None, 0.1):
        clock = Clock()
        monkeypatch.setattr(checkpoint, "time", clock)
        folder = tmp_path / str(share)
        keep = Checkpoint(
            folder, every_epochs=None, every_seconds=1e-9, keep=999, most_share=share
        )  # fmt: skip
        PLANS["float64"].fit(keep, clock, epochs=25)
        written[share] = sorted(int(path.stem[5:]) for path in folder.iterdir())
    assert written[None] == list(range(1, 25 * STEPS + 1))
    assert written[0.1] == [1, 21, 41, 61, 81]  # 20 seconds of training for 2 of writing


def test_checkpoint_holds_no_more_than_training_needs(tmp_path):
    PLANS["averages"].fit(Checkpoint(tmp_path), epochs=1)
    arrays, text = files.read(next(tmp_path.iterdir()))
    assert text["step"] == STEPS
    names = {f"parameter {name}" for name in classifier().parameters}
    slots = {n.replace("parameter", "slot") + f"/{s}" for n in names for s in ("m", "v", "ema")}
    assert set(arrays) == {*names, *slots, "steps"}
    assert text["fit"]["rows"] == N


def test_folder_is_made_where_it_is_missing(tmp_path):
    folder = Path(tmp_path, "a", "b")
    neuron().fit(X, YES, epochs=1, callbacks=[Checkpoint(folder)], **ENGINE)
    assert len(list(folder.iterdir())) == 1

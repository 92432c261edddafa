"""Threads of the engine: how many there are, how long they live, and that nobody minds them."""

import gc
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from engines import work
from engines.test_same_bits import network

import glassnet as gn
from glassnet.errors import SettingError
from glassnet.train.fit import start_slots

pytestmark = pytest.mark.slow

native = pytest.importorskip("glassnet.engines.native.engine", reason="llvmlite is not installed")
native_pool = pytest.importorskip("glassnet.engines.native.threads.pool")

SEEDS = [3, 4, 5, 6]


@pytest.fixture(scope="module")
def alone():
    return {seed: work.digest(work.wide(seed, threads=1)) for seed in SEEDS}


def ours():
    return {thread for thread in threading.enumerate() if thread.name.startswith("glassnet-")}


class Prepared:
    """A program of the engine, its arrays, and how far they are."""

    def __init__(self, threads):
        rng = np.random.default_rng(0)
        self.rows = [rng.normal(size=(301, 20)).astype("f4"), rng.integers(0, 4, 301)]
        net = network()
        program = net.training_program(optimizer="adam")
        slots = start_slots(net, program).values()
        self.arrays = [a.copy() for a in [*dict(net.parameters).values(), *slots]]
        self.program, self.step = native.NativeEngine(threads).trainer(program), 0

    def run(self, steps):
        stop = self.step + steps
        program = self.program.program
        given = work.stretch(program, self.rows, self.arrays, 301, 64, (self.step, stop))
        self.program.run(given, lambda: False)
        self.step = stop

    def bits(self):
        return b"".join(array.tobytes() for array in self.arrays)


# How long they live.
def test_threads_stay_between_stretches_and_end_with_the_program():
    before, prepared = ours(), Prepared(3)
    prepared.run(10)
    first = ours() - before
    prepared.run(10)
    assert len(first) == 2
    assert ours() - before == first
    del prepared
    assert not any(thread.is_alive() for thread in first)


def test_other_counts_of_threads_replace_those_that_are_there():
    before, prepared, one = ours(), Prepared(2), Prepared(1)
    prepared.run(10)
    prepared.program.threads = 4
    prepared.run(10)
    assert len(ours() - before) == 3
    one.run(20)
    assert prepared.bits() == one.bits()


def test_one_thread_starts_none():
    before, prepared = ours(), Prepared(1)
    prepared.run(10)
    assert ours() == before


def test_a_fit_leaves_no_thread():
    before = ours()
    work.wide()
    assert ours() == before


class Fail(gn.callbacks.Callback):
    def on_step_end(self, run):
        if run.step == 5:
            assert ours()
            raise ZeroDivisionError


class Press(gn.callbacks.Callback):
    """Presses Ctrl-C."""

    def __init__(self, times):
        self.times = times

    def on_step_begin(self, run):
        if run.step == 5:
            for _ in range(self.times):
                signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize(("callback", "error"), [
    (Fail(), ZeroDivisionError), (Press(2), KeyboardInterrupt),
])  # fmt: skip
def test_a_fit_that_breaks_off_leaves_no_thread(callback, error):
    before = ours()
    with pytest.raises(error) as caught:
        work.wide(callbacks=[callback])
    del caught  # its traceback holds the fit
    gc.collect()
    assert ours() == before


def test_a_fit_that_is_interrupted_leaves_no_thread(capsys):
    before = ours()
    work.wide(callbacks=[Press(1)])
    assert "Interrupted" in capsys.readouterr().err
    assert ours() == before


THREADS_WAIT = "net = wide(); net.predict(np.zeros((30_000, 6), 'f4'))"
THREADS_WORK = """
import threading, time
def train():
    while True:
        wide()
threading.Thread(target=train, daemon=True).start()
time.sleep(0.7)
"""


@pytest.mark.parametrize("text", [THREADS_WAIT, THREADS_WORK])
def test_python_ends_as_ever(text):
    assert work.said(text, limit=30, GLASSNET_THREADS="2") == ("", "")


# What they share.
def text_of(width):
    from glassnet.engines.native.loop import build

    net = gn.Network([gn.Dense(width, "tanh"), gn.Dense(1)], input_shape=(width,), seed=0)
    program = net.training_program(loss="mean_squared_error")
    return str(build(program, 64, ["float32", "float32"]).module)


def test_a_step_that_is_too_small_to_share_has_nobody_wait():
    assert "call void @barrier" not in text_of(8)
    assert "call void @barrier" in text_of(128)


# How many there are.
def test_the_variable_names_a_count(monkeypatch):
    monkeypatch.setenv(native_pool.VARIABLE, "3")
    assert native_pool.wanted_threads(1, 1) == [3]
    monkeypatch.setenv(native_pool.VARIABLE, "none")
    with pytest.raises(SettingError, match="GLASSNET_THREADS must be a whole number"):
        native_pool.wanted_threads(1, 1)


def test_small_work_and_other_threads_take_one(monkeypatch):
    monkeypatch.delenv(native_pool.VARIABLE, raising=False)
    monkeypatch.setattr(native_pool, "available", lambda: 8)
    assert native_pool.wanted_threads(1000, 32) == [1]
    assert native_pool.wanted_threads(10**5, 32) == [6, 1]
    assert native_pool.wanted_threads(10**6, 32) == [8, 1]
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(native_pool.wanted_threads, 10**6, 32).result() == [1]


def test_where_the_system_gives_no_thread_one_does_all(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    two, one = Prepared(2), Prepared(1)
    one.run(20)
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        two.run(20)
    assert two.bits() == one.bits()


def test_more_threads_than_cores_do_not_hang(alone):
    assert work.said("print(digest(wide(3, threads=7)))", limit=20)[0] == alone[3]


# Many at once.
def test_fits_at_once_from_threads(alone):
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work.wide_digest, SEEDS * 3))
    assert found == [alone[seed] for seed in SEEDS * 3]


def test_predictions_at_once_with_one_network(monkeypatch):
    monkeypatch.setenv(native_pool.VARIABLE, "2")
    net, rng = work.wide(), np.random.default_rng(0)
    many = [rng.normal(size=(20_000 + i, 6)).astype("f4") for i in range(4)]
    expected = [net.predict(x) for x in many]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(5):
            for found, right in zip(pool.map(net.predict, many), expected, strict=True):
                assert np.array_equal(found, right)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_a_prediction_in_the_midst_of_another(monkeypatch):
    """The same network in a signal handler: the handler interrupts the one that it waits for."""
    monkeypatch.setenv(native_pool.VARIABLE, "2")
    net, x = work.wide(), np.random.default_rng(0).normal(size=(20_000, 6)).astype("f4")
    expected, found = net.predict(x), []
    before = signal.signal(signal.SIGALRM, lambda *_: found.append(net.predict(x)))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.005, 0.02)
        while len(found) < 5:
            assert np.array_equal(net.predict(x), expected)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert all(np.array_equal(one, expected) for one in found)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_fits_in_joblib_workers(backend, alone):
    pytest.importorskip("joblib", reason="joblib (of scikit-learn) is not installed")
    text = f"""
import warnings
warnings.simplefilter("ignore")
import joblib
if __name__ == "__main__":
    pool = joblib.Parallel(2, backend={backend!r})
    print(*pool(joblib.delayed(wide_digest)(seed) for seed in {SEEDS}))
"""
    assert work.said(text)[0].split() == [alone[seed] for seed in SEEDS]


# Fork.
def child_of(function):
    """What the function gives in a forked child."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, function())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as file:
        found = file.read()
    assert os.waitpid(child, 0)[1] == 0
    return found


needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
quiet = pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")


@needs_fork
@quiet
def test_a_child_goes_on_with_threads_of_its_own():
    two, one = Prepared(2), Prepared(1)
    two.run(10)
    one.run(20)

    def go_on():
        two.run(10)
        return two.bits()

    assert child_of(go_on) == one.bits()
    go_on()
    assert two.bits() == one.bits()


@needs_fork
@quiet
def test_a_child_drops_a_program_whose_threads_are_its_parents():
    prepared = [Prepared(2)]
    prepared[0].run(10)

    def drop():
        waited = []
        threading.Thread.join = lambda thread, timeout=None: waited.append(thread)
        prepared.clear()
        return b"waited for them" if waited else b"at once"

    assert child_of(drop) == b"at once"
    prepared[0].run(10)


@needs_fork
def test_a_fork_in_the_midst_of_a_fit_on_two_threads(alone):
    text = """
import os, threading, warnings
warnings.simplefilter("ignore")  # Python 3.12 warns of every fork beside threads
wide_digest(4)
done = []
def busy():
    while not done:
        wide_digest(4)
thread = threading.Thread(target=busy)
thread.start()
found = []
for _ in range(6):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, wide_digest(3).encode())
        os._exit(0)
    os.waitpid(child, 0)
    found.append(os.read(reader, 100).decode())
done.append(1)
thread.join()
print(*found)
"""
    assert set(work.said(text)[0].split()) == {alone[3]}

"""Bad days: what is missing, short, interrupted or broken ends well, and says what it was."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from engines import work

import glassnet as gn
from glassnet import memory
from glassnet.errors import DivergenceError, OutOfMemoryError

pytestmark = pytest.mark.slow

pytest.importorskip("llvmlite", reason="llvmlite is not installed")

SEEDS = [3, 4, 5, 6]
NO_LLVMLITE = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "llvmlite":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocker())
"""


@pytest.fixture(scope="module")
def alone():
    return {seed: work.digest_of(seed) for seed in SEEDS}


# What is missing.
def test_without_llvmlite_auto_takes_numpy():
    text = "print(digest(fitted(engine={!r})))"
    auto, _ = work.said(NO_LLVMLITE + text.format("auto"))
    assert auto == work.digest(work.fitted(engine="numpy"))


def test_without_llvmlite_native_says_how_to_install_it():
    text = (
        "try:\n    fitted()\nexcept gn.errors.MissingExtraError as error:\n    print(error)\n"
        "else:\n    print('no error')"
    )
    out, _ = work.said(NO_LLVMLITE + text)
    assert "llvmlite" in out
    assert "pip install llvmlite" in out
    assert "engine='numpy'" in out


def test_a_cpu_without_fused_multiply_and_add_trains_with_numpy_and_says_so():
    text = """
from glassnet.engines.native.binary import fingerprint
fingerprint.host = lambda: "model name : old\\nflags : sse4_2 avx fma4"
fingerprint.platform.machine = lambda: "x86_64"
print(digest(fitted(engine="auto")))
print(digest(fitted(engine="auto")))
"""
    out, err = work.said(text)
    assert set(out.split()) == {work.digest(work.fitted(engine="numpy"))}
    assert err.count("no fused multiply and add (FMA)") == 1


@pytest.mark.parametrize("features", ["kept", "unknown"])
@pytest.mark.parametrize("name", ["generic", "", "unheard-of"])
def test_an_unknown_cpu_gets_a_baseline_with_the_same_bits(name, features, alone):
    text = f"""
import llvmlite.binding as llvm
def unknown():
    raise RuntimeError("cannot tell")
llvm.get_host_cpu_name = lambda: {name!r}
if {features!r} == "unknown":
    llvm.get_host_cpu_features = unknown
print(digest(fitted()))
"""
    assert work.said(text, GLASSNET_CACHE="off")[0] == alone[3]


# Memory.
def test_too_large_a_step_is_refused_before_training(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: 2**20)
    net = gn.Network([gn.Dense(2048, "tanh"), gn.Dense(1)], input_shape=(6,))
    before = work.digest(net)
    with pytest.raises(OutOfMemoryError, match=r"about \d+ MiB .* 70 rows, and 1 MiB .* smaller"):
        net.fit(*work.data(), batch_size=None, engine="native", verbose=0)
    assert work.digest(net) == before
    assert issubclass(OutOfMemoryError, MemoryError)


def test_the_estimate_counts_weights_and_activations(monkeypatch):
    asked = []
    monkeypatch.setattr(memory, "free_memory", lambda: asked.append(1) or 2**50)
    memory.check_memory(2**49, 1)
    with pytest.raises(OutOfMemoryError, match=r"2097152\.0 GiB"):
        memory.check_memory(2**51, 1)
    assert asked == [1, 1]


def test_a_system_that_does_not_tell_its_memory_is_not_asked(monkeypatch):
    monkeypatch.setattr(memory, "free_memory", lambda: None)
    memory.check_memory(2**60, 1)


def test_available_memory_is_plausible():
    free = memory.free_memory()
    assert free is None or 2**20 < free < 2**50


# Where and when.
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
def test_a_fit_inside_a_signal_handler(alone):
    found = []

    def handle(number, frame):
        found.append(work.digest_of(4))

    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        outer = work.digest(work.fitted(3, epochs=2))
        while not found:
            outer = work.digest(work.fitted(3, epochs=2))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert outer == alone[3]
    assert found == [alone[4]]


def test_a_fit_in_another_thread(alone):
    found = []
    thread = threading.Thread(target=lambda: found.append(work.digest_of(3)))
    thread.start()
    thread.join()
    assert found == [alone[3]]


@pytest.mark.parametrize("kept", ["compiled at once", "from the cache"])
def test_many_fits_at_once_from_threads(kept, alone, tmp_path, monkeypatch):
    if kept == "compiled at once":
        monkeypatch.setenv("GLASSNET_CACHE", str(tmp_path))
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work.digest_of, SEEDS * 3))
    assert found == [alone[seed] for seed in SEEDS * 3]


def test_predictions_at_once_from_threads():
    net = work.fitted()
    rng = np.random.default_rng(0)
    many = [rng.normal(size=(50, 6)).astype("f4") for _ in range(8)]
    expected = [net.predict(x) for x in many]

    def ask(i):
        return all(np.array_equal(net.predict(many[i]), expected[i]) for _ in range(30))

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(8)))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_fits_in_worker_processes(method, alone):
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"this system has no {method}")
    text = f"""
import multiprocessing
if __name__ == "__main__":
    digest_of(3)
    with multiprocessing.get_context({method!r}).Pool(2) as pool:
        print(*pool.map(digest_of, {SEEDS}))
"""
    assert work.said(text)[0].split() == [alone[seed] for seed in SEEDS]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_in_the_midst_of_other_threads_fits(alone):
    """The children compile for themselves while the parent's threads compile and train."""
    text = """
import os, sys, threading, warnings
warnings.simplefilter("ignore")  # Python 3.12 warns of every fork beside threads
def busy():
    while not done:
        digest_of(4)
digest_of(4)  # what is imported in the midst of a fork is lost in Python itself
done = []
threads = [threading.Thread(target=busy) for _ in range(2)]
for thread in threads:
    thread.start()
found = []
for _ in range(6):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, digest_of(3).encode())
        os._exit(0)
    os.waitpid(child, 0)
    found.append(os.read(reader, 100).decode())
done.append(1)
for thread in threads:
    thread.join()
print(*found)
"""
    assert set(work.said(text, GLASSNET_CACHE="off")[0].split()) == {alone[3]}


def test_fits_in_joblib_workers(alone):
    pytest.importorskip("joblib", reason="joblib is not installed")
    text = f"""
import warnings
warnings.simplefilter("ignore")
import joblib
if __name__ == "__main__":
    print(*joblib.Parallel(2)(joblib.delayed(digest_of)(seed) for seed in {SEEDS}))
"""
    assert work.said(text)[0].split() == [alone[seed] for seed in SEEDS]


# NaN and infinity.
def overflowing():
    """No function between the data and the loss that would hold a huge number back."""
    return gn.Network([gn.Dense(8, "relu"), gn.Dense(1)], input_shape=(6,), seed=3)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("bad_step", [1, 4, 9])
def test_infinity_is_found_with_its_step_and_layer(threads, bad_step):
    """Five steps an epoch; a row of huge numbers comes in the midst of one."""
    x, y = work.data(80)
    epoch, batch = divmod(bad_step - 1, 5)
    net, spoil = overflowing(), Spoil(x, batch * 16 + 3, epoch)
    with pytest.raises(DivergenceError, match=f"Step {bad_step} met NaN or infinity") as caught:
        train(net, x, y, spoil, threads=threads)
    assert caught.value.step == bad_step
    assert caught.value.layer == "dense"
    assert work.digest(net) == weights_after(bad_step - 1)


def train(net, x, y, *callbacks, threads=1):
    net.fit(x, y, epochs=3, batch_size=16, shuffle=False, engine="native", threads=threads,
            verbose=0, callbacks=list(callbacks))  # fmt: skip


def weights_after(steps):
    """The weights of the same fit with whole data, ended after some steps."""
    net = overflowing()
    if steps:
        train(net, *work.data(80), StopAfter(steps))
    return work.digest(net)


class Spoil(gn.callbacks.Callback):
    """Huge numbers in a row of the data, from the start of an epoch, counted from 0."""

    def __init__(self, x, row, epoch):
        self.x, self.row, self.epoch = x, row, epoch

    def on_epoch_begin(self, run):
        if run.epoch == self.epoch:
            run.rows.inputs[0][self.row] = 3e38


class StopAfter(gn.callbacks.Callback):
    def __init__(self, steps):
        self.steps = steps

    def on_step_end(self, run):
        if run.step == self.steps:
            run.stop("enough")

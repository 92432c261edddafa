"""Checkpoints: a fit that was cut off goes on as if nothing had happened, bit for bit."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from glassnet import files
from glassnet.errors import FileFormatError, SettingError
from glassnet.lock import locked
from glassnet.program import Role
from glassnet.train.callbacks import Callback

if TYPE_CHECKING:
    from glassnet.train.run import Run

_CUT_OFF = {"interrupted", "time limit"}  # ends after which a fit goes on where it was
_KEPT: dict[str, Any] = {
    "step": int, "table": dict, "seconds": int | float, "learning_rate": int | float,
    "stop_reason": str, "callbacks": list,
}  # fmt: skip
_ANEW = (
    "Remove the file to go on from an earlier one, or start anew: Checkpoint(..., resume=False)."
)
_NAME = re.compile(r"step-(\d+)\.safetensors")


class Checkpoint(Callback):
    """Writes everything that training needs into a folder, and takes it up again.

    folder         where the files go: step-000000120.safetensors, ...
    every_epochs   how often; every_seconds and every_steps likewise, None for not at all
    keep           how many files stay
    most_share     of the time that writing may take: a large network is then written less often
                   than every_seconds
    resume         start from the newest whole file in the folder, if there is one

    Each file is written beside its place, synced, and renamed; a torn one is passed over. While a
    fit runs, the folder is its own: a second one, of any process, raises InUseError.
    """

    def __init__(
        self, folder: str | Path, *, every_epochs: int | None = 1,
        every_seconds: float | None = None, every_steps: int | None = None, keep: int = 3,
        resume: bool = True, most_share: float | None = None,
    ) -> None:  # fmt: skip
        for name, value in (("every_epochs", every_epochs), ("every_seconds", every_seconds),
                            ("every_steps", every_steps), ("keep", keep),
                            ("most_share", most_share)):  # fmt: skip
            if value is not None and not value > 0:
                raise SettingError(f"Checkpoint: {name} must be above 0, got {value!r}.")
        self.folder = Path(folder)
        self.every_epochs, self.every_seconds = every_epochs, every_seconds
        self.every_steps, self.keep, self.resume = every_steps, keep, resume
        self.most_share = most_share
        self._written = time.monotonic()
        self._took = 0.0  # seconds to write the last one
        self._last_step = -1

    def on_fit_begin(self, run: Run) -> None:
        """Take up the newest whole checkpoint."""
        self._written = time.monotonic()
        self._last_step = -1
        for torn in self.folder.glob(".step-*.tmp"):  # what a crash left half written
            torn.unlink(missing_ok=True)
        if self.resume:
            found = newest(self.folder)
            if found is not None:
                restore(run, *found)
                self._last_step = run.step

    def on_epoch_end(self, run: Run) -> None:
        """Write, if it is time."""
        if self.every_epochs and run.epoch % self.every_epochs == 0:
            self.write(run)

    def on_tick(self, run: Run) -> None:
        """Write, if it is time."""
        cut_off = run.history.stop_reason in _CUT_OFF
        late = self.every_seconds and time.monotonic() - self._written >= self._wait
        every = self.every_steps
        due = every is not None and run.step // every > max(self._last_step, 0) // every
        if cut_off or late or (due and run.step):
            self.write(run)

    @property
    def _wait(self) -> float:
        """Seconds from the end of one writing to the next."""
        least = self._took / self.most_share if self.most_share else 0.0
        return max(self.every_seconds or 0.0, least)

    def write(self, run: Run) -> None:
        """Write a checkpoint of this moment."""
        if run.step == self._last_step:
            return
        started = time.monotonic()
        write(self.folder / f"step-{run.step:09d}.safetensors", run)
        self._written, self._last_step = time.monotonic(), run.step
        self._took = self._written - started
        files = listing(self.folder)
        given_up = [p for p in files if _step(p) > run.step]  # damaged, or of a fit begun anew
        kept = [p for p in files if p not in given_up]
        for old in [*given_up, *kept[self.keep :]]:
            old.unlink(missing_ok=True)


@contextlib.contextmanager
def folders_held(callbacks: Sequence[Callback]) -> Iterator[None]:
    """Meanwhile nobody else trains into the folders of these callbacks' checkpoints."""
    folders = {c.folder.resolve() for c in callbacks if isinstance(c, Checkpoint)}
    with contextlib.ExitStack() as stack:
        for folder in sorted(folders):
            stack.enter_context(locked(folder))
        yield


def listing(folder: Path) -> list[Path]:
    """The checkpoints in a folder, the newest first."""
    found = [p for p in folder.glob("step-*.safetensors") if _NAME.fullmatch(p.name)]
    return sorted(found, key=_step, reverse=True)


def _step(path: Path) -> int:
    return int(path.stem.removeprefix("step-"))


def newest(folder: Path) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """What the newest whole checkpoint of a folder holds; damaged ones are passed over, aloud."""
    for path in listing(folder):
        try:
            arrays, text = files.read(path)
        except FileFormatError as error:
            print(f"Passed over a damaged checkpoint: {error}", file=sys.stderr)
        else:
            return arrays, text
    return None


def write(path: Path, run: Run) -> None:
    """Everything that training needs, in one file."""
    arrays: dict[str, Any] = {f"parameter {k}": v for k, v in run.net.parameters.items()}
    arrays |= {f"slot {k}": v for k, v in run.slots.items()}
    arrays |= {f"state {k}": v for k, v in run.states.items()}
    arrays["steps"] = np.array(run.history.steps, dtype=np.float64)
    partial = run.partial_results()
    if partial:
        arrays["results"] = np.concatenate(partial)
    states = []
    for i, callback in enumerate(run.callbacks):
        state = callback.state()
        arrays |= {f"callback {i} {k}": v for k, v in state.items() if isinstance(v, np.ndarray)}
        plain = {k: v for k, v in state.items() if not isinstance(v, np.ndarray)}
        states.append({"class": type(callback).__name__, "state": plain})
    arrays |= {f"memory {k}": v for k, v in run.engine.state().items()}
    text = {
        "step": run.step,
        "table": run.history.table,
        "seconds": run.history.seconds,
        "learning_rate": run.learning_rate,
        "stop_reason": run.history.stop_reason,
        "callbacks": states,
        "fit": fingerprint(run),
    }
    files.write(path, arrays, text)


def fingerprint(run: Run) -> dict[str, Any]:
    """What must be the same in the fit that goes on."""
    return {
        "program": run.program.source("numpy"),
        "rows": run.rows.count,
        "batch_size": run.batch_size,
        "shuffle": run.shuffle,
        "seed": run.net.seed,
        "learning_rate": run.start_rate,
    }


def restore(run: Run, arrays: dict[str, Any], text: dict[str, Any]) -> None:
    """Put a checkpoint into a fit that is about to begin."""
    now = fingerprint(run)
    before = text.get("fit") if isinstance(text, dict) else None
    differing = [k for k in now if not isinstance(before, dict) or before.get(k) != now[k]]
    if differing:
        raise FileFormatError(
            f"The checkpoint belongs to another fit: {', '.join(differing)} differ. Give another "
            "folder, or Checkpoint(..., resume=False) to start anew."
        )
    _check(run, arrays, text)
    try:
        _take_over(run, arrays, text)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise FileFormatError(f"The checkpoint cannot be taken up: {error!r}. {_ANEW}") from error


def _take_over(run: Run, arrays: dict[str, Any], text: dict[str, Any]) -> None:
    for name in run.net.parameters:
        run.net.parameters[name] = arrays[f"parameter {name}"]
    for name, slot in run.slots.items():
        slot[...] = arrays[f"slot {name}"]
    for name, state in run.states.items():
        state[...] = arrays[f"state {name}"]
    run.history.table = {k: [float(v) for v in column] for k, column in text["table"].items()}
    run.history.steps = arrays["steps"].tolist()
    run.history.seconds = float(text["seconds"])
    run.learning_rate = float(text["learning_rate"])
    if text["stop_reason"] not in _CUT_OFF:
        run.stop(text["stop_reason"])
    run.take_up(int(text["step"]), [arrays["results"]] if "results" in arrays else [])
    memory = {k.removeprefix("memory "): v for k, v in arrays.items() if k.startswith("memory ")}
    run.engine.restore(memory)
    _restore_callbacks(run.callbacks, arrays, text["callbacks"])


def _check(run: Run, arrays: dict[str, Any], text: dict[str, Any]) -> None:
    """Raise unless a checkpoint holds all that this fit needs; nothing is changed before."""
    own = {f"parameter {k}": v for k, v in run.net.parameters.items()}
    own |= {f"slot {k}": v for k, v in run.slots.items()}
    own |= {f"state {k}": v for k, v in run.states.items()}
    found = {k: (arrays[k].shape, arrays[k].dtype) for k in own if k in arrays}
    wrong = [k for k, v in own.items() if found.get(k) != (v.shape, v.dtype)]
    wrong += [k for k, v in arrays.items() if " weights/" in k and not _same(run, k, v)]
    wrong += [k for k in ("steps",) if k not in arrays or arrays[k].ndim != 1]
    wrong += [k for k, kind in _KEPT.items() if not isinstance(text.get(k), kind)]
    wrong = wrong or _wrong_steps(run, arrays, text["step"])
    if wrong:
        raise FileFormatError(
            f"The checkpoint lacks {wrong[0]!r}, or holds it in another form. {_ANEW}"
        )


def _same(run: Run, name: str, array: Any) -> bool:
    """Whether weights that a callback has kept are those of this network."""
    own = dict(run.net.parameters).get(name.split(" weights/", 1)[1])
    return own is not None and own.shape == array.shape


def _wrong_steps(run: Run, arrays: dict[str, Any], step: int) -> list[str]:
    """The steps so far, and of an unfinished epoch what they gave."""
    if len(arrays["steps"]) != step:
        return ["step"]
    columns = len(run.program.figures) + len(run.program.places(Role.COUNT))
    unfinished = (step % run.steps_per_epoch, columns)
    results = arrays.get("results", np.empty((0, columns)))
    return [] if results.shape == unfinished else ["results"]


def _restore_callbacks(callbacks: Sequence[Callback], arrays: dict[str, Any], kept: Any) -> None:
    """Each takes up the state of the next one of its class; others may have come or gone."""
    waiting = list(enumerate(kept))
    for callback in callbacks:
        for i, one in waiting:
            if one["class"] == type(callback).__name__:
                prefix = f"callback {i} "
                own = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
                if one["state"] or own:
                    callback.restore({**one["state"], **own})
                waiting.remove((i, one))
                break

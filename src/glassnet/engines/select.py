"""The choice of an engine: native where it can be had and can do the program, else NumPy."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
from collections.abc import Callable
from dataclasses import dataclass

from glassnet.engines.engine import Engine, Predictor, Trainer
from glassnet.engines.numpy_engine import NumpyEngine
from glassnet.errors import MissingExtraError, UnknownNameError, UnsupportedError
from glassnet.program import Program

_said: set[str] = set()


def has_native() -> bool:
    """True where llvmlite can be imported."""
    try:
        return importlib.util.find_spec("llvmlite") is not None
    except ImportError:  # something keeps it from being imported
        return False


def native_engine(threads: int | None = None) -> Engine:
    """The native engine, or an error that says what it lacks."""
    if not has_native():
        raise MissingExtraError(
            "engine='native' needs llvmlite, which is not installed. Run: pip install llvmlite "
            "(or use engine='numpy')."
        )
    from glassnet.engines.native.engine import NativeEngine

    return NativeEngine(threads)


@dataclass
class AutoEngine:
    """Native where possible; a step that it cannot run goes to NumPy, and that is said once."""

    threads: int | None = None
    name: str = "auto"

    def trainer(self, program: Program) -> Trainer:
        """Ready to train on the engine that fits."""
        if has_native():
            try:
                _check_cpu()
                return native_engine(self.threads).trainer(program)
            except UnsupportedError as error:
                _say_once(str(error))
        return NumpyEngine().trainer(program)

    def predictor(self, program: Program) -> Predictor:
        """Ready to predict on the engine that fits."""
        if has_native():
            with contextlib.suppress(UnsupportedError):
                _check_cpu()
                return native_engine(self.threads).predictor(program)
        return NumpyEngine().predictor(program)


def _check_cpu() -> None:
    """The same bits everywhere rest on fused multiply and add, which old CPUs have to imitate."""
    from glassnet.engines.native.binary.fingerprint import has_fma

    if not has_fma():
        raise UnsupportedError(
            "this CPU has no fused multiply and add (FMA), so native code would be slower than "
            "NumPy; engine='native' insists."
        )


def _say_once(reason: str) -> None:
    if reason not in _said:
        _said.add(reason)
        print(f"Training with the NumPy engine: {reason}", file=sys.stderr)


def find(name: str, threads: int | None = None) -> Engine:
    """An engine by name; "auto" is the fastest that this machine has."""
    engines: dict[str, Callable[[], Engine]] = {
        "auto": lambda: AutoEngine(threads),
        "native": lambda: native_engine(threads),
        "numpy": NumpyEngine,
    }
    if name not in engines:
        raise UnknownNameError("engine", name, engines)
    return engines[name]()

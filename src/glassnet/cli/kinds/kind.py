"""What the commands ask of a kind of data, and nothing else: tables, images, series."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

if TYPE_CHECKING:
    import polars as pl

    from glassnet.cli.console import Console
    from glassnet.network import Network
    from glassnet.program import Program
    from glassnet.tables import Evaluation
    from glassnet.train import Callback, History


class Settings(Protocol):
    """How a network is trained."""

    @property
    def batch_size(self) -> int | None:
        """Rows of a step."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""


class Model(Protocol):
    """A network that takes raw data."""

    @property
    def net(self) -> Network:
        """The network."""

    @property
    def settings(self) -> Any:
        """How it was trained."""

    def predict(self, frame: Any) -> tuple[pl.DataFrame, dict[str, str]]:
        """Answers, and what was strange."""

    def training_program(self) -> Program:
        """The step by which it was trained."""

    def save(self, path: str | Path) -> None:
        """Write it into one file."""


class Fit(Protocol):
    """Data with the network that is trained on it."""

    rows: dict[str, Any]
    history: History
    best_epoch: int

    @property
    def model(self) -> Any:
        """The network with what it knows of the raw data."""

    @property
    def baseline(self) -> str:
        """What the answers are that the network's stand beside."""

    def facts(self) -> list[tuple[str, str, str]]:
        """What was found out: a word in front, the text, its style."""

    def as_json(self) -> dict[str, Any]:
        """What was found out, for machines."""

    def go(self, callbacks: Sequence[Callback] = ()) -> History:
        """Train."""

    def scores(self) -> dict[str, tuple[float, float]]:
        """By metric, of the network and of the baseline."""


@dataclass(frozen=True)
class Request:
    """Everything that decides what a training does.

    asked  what `find_fit` takes beside data and settings, by name
    csv    how a CSV file is read, where that is not found out rightly
    """

    kind: Kind
    data: Path | None
    asked: Mapping[str, Any]
    time_limit: float | None
    csv: Mapping[str, Any]
    settings: Any


class Kind(ABC):
    """A kind of data.

    name      of its package, and what is read is called: "tables"
    key       under which a model file holds what is known of the raw data
    asked     what `find_fit` takes beside data and settings, with its types
    has_csv   whether it may be read from a CSV file
    unit      what a row is called
    """

    name: ClassVar[str]
    key: ClassVar[str]
    unit: ClassVar[str] = "row"
    asked: ClassVar[Mapping[str, Any]]
    has_csv: ClassVar[bool] = True

    @property
    @abstractmethod
    def settings(self) -> type[Any]:
        """The class of its settings."""

    @abstractmethod
    def preset(self, name: str) -> dict[str, Any]:
        """The settings that a preset changes."""

    @abstractmethod
    def prepared(self, console: Console, request: Request) -> tuple[Request, Any, Fit]:
        """The request with what was found out of the data, the data, and the network for it."""

    @abstractmethod
    def asked_of(self, request: Request, fit: Any) -> Mapping[str, Any]:
        """What was asked for, nothing left open."""

    @abstractmethod
    def load(self, path: Path) -> Any:
        """A model that was saved."""

    @abstractmethod
    def read(self, path: Path, csv: Mapping[str, Any], console: Console) -> Any:
        """Raw data to predict from or to be measured on."""

    @abstractmethod
    def evaluate(self, model: Any, data: Any) -> Evaluation:
        """Figures on labelled data."""

    @abstractmethod
    def legend(self, model: Any) -> Iterator[str]:
        """What the inputs and the result of the program are, a line each."""

    @abstractmethod
    def reading(self, request: Request) -> str:
        """The lines of Python that read the data as `data`."""

    def arguments(self, request: Request) -> Mapping[str, Any]:
        """What `find_fit` takes beside data and settings, in a program."""
        return {name: value for name, value in request.asked.items() if value is not None}

    def write_report(self, path: Path, fit: Any, data: Any, console: Console) -> None:
        """Write the page of a run."""
        from glassnet import report

        report.write(path, fit, data, progress=console.progress())

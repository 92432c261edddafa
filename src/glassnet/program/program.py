"""The program: an ordered list of named statements in sections. Everything is made from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from glassnet.errors import SettingError
from glassnet.graph import STEP, Node, in_order, substitute
from glassnet.graph.loop import Body
from glassnet.graph.op import constant_value
from glassnet.program import writers
from glassnet.program.index_sites import IndexSite
from glassnet.program.start import Start
from glassnet.shown_text import Text


class Role(Enum):
    """What an output is for."""

    LOSS = "loss"  # what training makes small
    PART = "part"  # the loss of one output of several
    METRIC = "metric"
    PENALTY = "penalty"  # what layers add to the loss
    GRADIENT = "gradient"  # of the loss, by one parameter
    PREDICTION = "prediction"
    COUNT = "count"  # how much a batch counts in figures that are means over steps
    SHOWN = "shown"  # which steps of a prediction count
    STATE = "state"  # what a batch leaves for the next
    CHECK = "check"  # zero where what arrived can be computed with


_SHOWN = 4  # outputs that a short text names
_FIGURES = {Role.LOSS, Role.PART, Role.METRIC, Role.PENALTY}


@dataclass(frozen=True, repr=False)
class Output:
    """A value that the program returns.

    name   what the value is: "loss", "accuracy", the name of a network's output
    of     of a gradient: its parameter, "dense.weight"; of a metric that is made from the mean of
           the value over all rows: its name, "root_mean_squared_error" of "mean_squared_error"; of
           steps that count: the network's output; of a state: its name in the network, "lstm.h"
    count  of a figure that is no mean over rows: the output that says how much the batch counts
    """

    name: str
    node: Node
    role: Role
    of: str = ""
    count: str = ""

    def __repr__(self) -> str:
        return f"<output {self.name}: {self.role.value}>"

    @property
    def is_figure(self) -> bool:
        """True for the numbers that a history keeps: losses and metrics."""
        return self.role in _FIGURES

    @property
    def figure(self) -> str:
        """What a history calls it."""
        return self.of or self.name


@dataclass(frozen=True, repr=False)
class Statement:
    """name = value; with `target`, the array of that leaf is changed in place instead."""

    section: str
    name: str
    value: Node
    target: Node | None = None

    def __repr__(self) -> str:
        return f"<statement {self.name} {self.value.spec}>"


@dataclass(frozen=True, repr=False)
class Procedure:
    """What an optimiser does to one parameter of any shape: statements over its own leaves.

    settings  numbers that constants of the statements are named after: ("beta_1", 0.9); a
              constant may be called "beta_1", or "1 - beta_1"
    """

    name: str
    arguments: tuple[Node, ...]
    statements: tuple[Statement, ...]
    title: str = ""
    settings: tuple[tuple[str, float], ...] = ()

    def __repr__(self) -> str:
        return f"<procedure {self.name}({', '.join(a.name for a in self.arguments)})>"

    def constants(self) -> list[Node]:
        """The constants that have a name."""
        order = in_order([s.value for s in self.statements])
        return [n for n in order if n.name and constant_value(n) is not None]


@dataclass(frozen=True, repr=False)
class ProcedureCall:
    """A procedure applied to arrays of the program."""

    section: str
    procedure: Procedure
    arguments: tuple[Node, ...]

    def __repr__(self) -> str:
        arguments = ", ".join(a.name or a.op.name for a in self.arguments)
        return f"<call {self.procedure.name}({arguments})>"

    def statements(self) -> list[Statement]:
        """The procedure's statements with the program's own nodes in place of its arguments."""
        by = dict(zip(self.procedure.arguments, self.arguments, strict=True))
        values = substitute([s.value for s in self.procedure.statements], by)
        return [
            Statement(self.section, s.name, value, None if s.target is None else by[s.target])
            for s, value in zip(self.procedure.statements, values, strict=True)
        ]


@dataclass(frozen=True, repr=False)
class LoopStep:
    """One line of a loop: name = value, and each step's into the array `kept`; either may be ""."""

    name: str
    value: Node
    kept: str


@dataclass(frozen=True, repr=False)
class Loop:
    """for t in range(T): lines, over the steps of sequences.

    node      the loop of the graph
    carried   what the carried values are called, in their order
    before    kept arrays of what a step finds: (name, carried value)
    steps     the lines in order
    moves     (carried value, its next one), where that has another name until the step is done
    results   a statement for each result that is read behind it: arrays of all steps, last values
    """

    section: str
    node: Node
    carried: tuple[str, ...]
    before: tuple[tuple[str, str], ...]
    steps: tuple[LoopStep, ...]
    moves: tuple[tuple[str, Node], ...]
    results: tuple[Statement, ...]

    def __repr__(self) -> str:
        return f"<loop of {self.n_steps} steps>"

    @property
    def body(self) -> Body:
        """The formulas of a step."""
        body: Body = self.node.settings["body"]
        return body

    @property
    def n_steps(self) -> int:
        """How many steps there are."""
        n_steps: int = self.node.settings["n_steps"]
        return n_steps

    def arrays(self) -> list[Statement]:
        """The arrays in which every step leaves something."""
        n = len(self.carried)
        return [s for s in self.results if s.value.settings["which"] >= n]

    def lasts(self) -> list[Statement]:
        """What is carried after the last step, where it is read."""
        n = len(self.carried)
        return [s for s in self.results if s.value.settings["which"] < n]


Entry = Statement | ProcedureCall | Loop  # of the body of a program


@dataclass(frozen=True, repr=False)
class Program:
    """One step of training, or one prediction.

    function    what the printed function is called: "step", "predict", "evaluate"
    inputs      leaves that arrive with each batch: data, targets, row weights, class weights
    parameters  leaves that are kept, under the network's names: "dense.weight" -> leaf W1
    slots       leaves that the optimiser keeps: "dense.weight/m" -> leaf m_W1
    settings    leaves that are plain numbers: learning_rate, seed, t
    body        statements and calls, in order
    outputs     what is returned, in order: first the figures, then gradients or predictions
    titles      a remark for the heading of a section
    remarks     a remark above the line of a value
    unlisted    predictions that no line needs, since the loss is computed on the logits
    carried     what a batch leaves for the next, set by each step: "lstm.h" -> leaf h_start1
    slot_starts the number at which a slot starts
    averages    "dense.weight" -> "dense.weight/ema": of a parameter the slot that is its average
    start       where the fit begins, for a whole script
    index_sites  indices that must be looked at in the data before it runs
    n_rows       the number of rows, where it is known beforehand
    """

    function: str
    inputs: tuple[Node, ...]
    parameters: Mapping[str, Node]
    slots: Mapping[str, Node]
    settings: tuple[Node, ...]
    body: tuple[Entry, ...]
    outputs: tuple[Output, ...]
    titles: Mapping[str, str] = field(default_factory=dict)
    remarks: Mapping[Node, str] = field(default_factory=dict)
    unlisted: tuple[Statement, ...] = ()
    slot_starts: Mapping[str, float] = field(default_factory=dict)
    averages: Mapping[str, str] = field(default_factory=dict)
    start: Start | None = field(default=None, compare=False)
    index_sites: tuple[IndexSite, ...] = ()
    n_rows: int | None = None
    carried: Mapping[str, Node] = field(default_factory=dict)

    @property
    def arguments(self) -> tuple[Node, ...]:
        """The function's arguments in their order."""
        return (*self.inputs, *self.state, *self.settings)

    def printed(self, leaf: Node) -> str:
        """What the text calls an argument: beside a loop over steps t, updates are n_updates."""
        has_loops = any(isinstance(entry, Loop) for entry in self.body)
        return "n_updates" if leaf is STEP and has_loops else leaf.name

    @property
    def state(self) -> tuple[Node, ...]:
        """What is kept from step to step: parameters, slots, what a batch leaves for the next."""
        return (*self.parameters.values(), *self.slots.values(), *self.carried.values())

    @property
    def left(self) -> list[str]:
        """What a prediction gives beside its outputs, for the next batch to begin with."""
        return [output.of for output in self.outputs if output.role is Role.STATE]

    @property
    def data(self) -> tuple[Node, ...]:
        """The inputs that are the caller's: those behind them a batch has left for the next."""
        return self.inputs[: len(self.inputs) - len(self.left)]

    @property
    def changes_nothing(self) -> bool:
        """True where no array is changed in place: steps may then be run in any order."""
        return all(statement.target is None for statement in self.statements())

    def __post_init__(self) -> None:
        figures = self.figures
        twice = next((name for name in figures if figures.count(name) > 1), None)
        if twice is not None:
            raise SettingError(
                f"Two figures would be called {twice!r}. Give a metric or an output another name."
            )

    @property
    def figures(self) -> list[str]:
        """What a history calls the losses and metrics, which stand before all other outputs."""
        return [output.figure for output in self.outputs if output.is_figure]

    @property
    def place_of_counts(self) -> list[int | None]:
        """For each figure, where it stands how much a batch counts; None: as many as its rows."""
        places = {o.name: i for i, o in enumerate(self.outputs) if o.role is Role.COUNT}
        return [places.get(o.count) for o in self.outputs if o.is_figure]

    def places(self, *roles: Role) -> list[int]:
        """Where the outputs of these roles stand."""
        return [i for i, output in enumerate(self.outputs) if output.role in roles]

    @property
    def results(self) -> list[Node]:
        """The values that are returned."""
        return [output.node for output in self.outputs]

    def listing_predictions(self) -> Program:
        """The same with a line for every prediction, at the end of the forward section."""
        place = sum(entry.section == "forward" for entry in self.body)
        body = (*self.body[:place], *self.unlisted, *self.body[place:])
        return replace(self, body=body, unlisted=())

    def place_of_gradients(self) -> dict[str, int]:
        """Where the gradient of each parameter stands among the outputs."""
        return {o.of: i for i, o in enumerate(self.outputs) if o.role is Role.GRADIENT}

    def statements(self) -> Iterator[Statement]:
        """Every statement, those of calls written out; of a loop its results."""
        for entry in self.body:
            if isinstance(entry, ProcedureCall):
                yield from entry.statements()
            elif isinstance(entry, Loop):
                yield from entry.results
            else:
                yield entry

    def roots(self) -> list[Node]:
        """The values that the program computes: its outputs and whatever it sets."""
        return [*self.results, *(s.value for s in self.statements())]

    def source(self, language: str = "numpy", *, whole: bool = False) -> str:
        """The program as text. "numpy" is the very text that the NumPy engine runs.

        whole  the training as a script that runs as it is: initial values, the step, the loop
               around it. Of `net.training_program(...)` alone.
        """
        return Text(writers.find(language)(self, whole=whole))

    def __str__(self) -> str:
        return self.source("numpy")

    def __repr__(self) -> str:
        arguments = ", ".join(leaf.name for leaf in self.inputs)
        found = [output.name for output in self.outputs]
        if len(found) > _SHOWN:
            found = [*found[: _SHOWN - 1], f"{len(found) - _SHOWN + 1} more"]
        given = " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
        size = f"{_counted(len(self.parameters), 'array')} of weights"
        lines = _counted(len(self.body), "line")
        return f"<program {self.function}({arguments}) of {size}: {lines}, gives {given}>"


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"

"""What a language says of itself, so that `statements` can write a program in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from glassnet.graph import Node
from glassnet.graph.text import Part


class Grammar(Protocol):
    """A table of formulas (`formula`), and the forms of a few statements."""

    def formula(self, node: Node, parts: Sequence[Part], batch: str) -> Part:
        """One op over its arguments, which are written already.

        batch  how the text calls the number of rows
        """
        ...

    def rows_of(self, name: str) -> str:
        """The number of rows of the input of this name: len(x)."""
        ...

    def assignment(self, name: str, formula: str) -> str:
        """A name gets a value: z = x @ W + b."""
        ...

    def change(self, name: str, target: Node, value: Node, written: Callable[[Node], Part]) -> str:
        """An array gets a new value in place: W -= rate * dW."""
        ...

    def call(self, name: str, arguments: Sequence[str]) -> str:
        """A procedure is applied to arrays: adam(W, dW, ...)."""
        ...

    def rooms(self, arrays: Sequence[tuple[str, Node]], batch: str) -> list[tuple[str, str]]:
        """Lines with their shapes: room for arrays in which every step of a loop leaves a part."""
        ...

    def steps(self, n_steps: int, *, backwards: bool) -> str:
        """The head of a loop: for t in range(50):."""
        ...

    def at_step(self, array: str, value: Node) -> str:
        """One step of an array, in which a value like this one stands: x[:, t]."""
        ...

    def inside(self, line: str) -> str:
        """A line of a step."""
        ...

    def equals(self, names: Sequence[str]) -> str:
        """Several names for one value, as the left side of an assignment: a = b."""
        ...

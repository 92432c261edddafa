"""What training, files and checks ask of a network: its structure, and its arrays."""

from __future__ import annotations

from typing import Any, Protocol

from glassnet.nn.fitted import Fitted, FittedOptimizer
from glassnet.nn.parameters import Parameters
from glassnet.nn.states import States
from glassnet.nn.topology import Topology


class Model(Protocol):
    """A network as the packages below it see it; glassnet.Network is one.

    name      of a network that is part of another, or ""
    seed      decides the first weights, the order of rows and every random mask
    dtype     of its arrays: "float32" or "float64"
    cache     programs that are ready to run, by all that they depend on
    fitted    the loss of each output in the last fit; empty before it
    fitted_optimizer  of the last fit
    unset     names of arrays that the first fit finds in the training rows
    states    what the last batch has left for the next, by name
    """

    name: str
    seed: int
    dtype: str
    cache: dict[Any, Any]
    fitted: tuple[Fitted, ...]
    fitted_optimizer: FittedOptimizer
    unset: set[str]
    states: States

    @property
    def topology(self) -> Topology:
        """How the layers hang together; SettingError while the shape of the input is unknown."""
        ...

    @property
    def is_built(self) -> bool:
        """True once there are weights."""
        ...

    @property
    def parameters(self) -> Parameters:
        """The arrays by name."""
        ...

    def build(self, input_shape: Any) -> None:
        """Fix the shape of one row and draw the weights."""
        ...

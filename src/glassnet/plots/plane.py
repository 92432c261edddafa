"""The loss as a function of two numbers of a network, all its other numbers held still."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from glassnet.engines import NumpyEngine, NumpyProgram
from glassnet.errors import SettingError, UnknownNameError
from glassnet.network import Network
from glassnet.optim import LBFGS
from glassnet.program import training_program
from glassnet.train.evaluate import as_rows
from glassnet.train.indices import check_rows
from glassnet.train.objectives import fitted_objectives

WeightIndex = tuple[str, tuple[int, ...]]  # ("dense.weight", (0, 0))


@dataclass
class Plane:
    """Two numbers of a network, and the program that gives the loss and its slopes there.

    names   of the two numbers, as the user writes them
    arrays  a copy of the network's parameters, in the program's order
    spots   for each of the two: which array, and where in it
    slopes  for each of the two: which output of the program is its array's gradient
    """

    names: tuple[str, str]
    prepared: NumpyProgram
    inputs: list[Any]
    settings: dict[str, Any]
    arrays: list[Any]
    spots: tuple[tuple[int, tuple[int, ...]], ...]
    slopes: tuple[int, ...]

    @property
    def here(self) -> tuple[float, float]:
        """The two numbers as they are."""
        u, v = (float(self.arrays[i][index]) for i, index in self.spots)
        return u, v

    def at(self, point: Iterable[float]) -> tuple[float, tuple[float, float]]:
        """The loss at a point of the plane, and its two slopes there."""
        for (i, index), value in zip(self.spots, point, strict=True):
            self.arrays[i][index] = value
        found = self.prepared.call(self.inputs, self.arrays, **self.settings)
        pairs = zip(self.slopes, self.spots, strict=True)
        du, dv = (float(found[o][index]) for o, (_, index) in pairs)
        return float(found[0]), (du, dv)

    def surface(self, us: Any, vs: Any) -> Any:
        """The loss over a grid, (len(vs), len(us))."""
        return np.array([[self.at((u, v))[0] for u in us] for v in vs])

    def descent(self, start: Sequence[float], rate: float, steps: int) -> tuple[Any, Any]:
        """Points of gradient descent (up to steps + 1, 2), the start first, and their losses.

        It ends early where a number is no longer finite.
        """
        points, losses = [np.array(start, dtype=float)], []
        for step in range(steps + 1):
            loss, slope = self.at(points[-1])
            losses.append(loss)
            following = points[-1] - rate * np.array(slope)
            if step == steps or not (np.isfinite(loss) and np.isfinite(following).all()):
                break
            points.append(following)
        return np.array(points), np.array(losses)


def plane(net: Network, x: Any, y: Any, loss: Any, parameters: Any) -> Plane:
    """The plane of two numbers of a network, on these rows."""
    found = fitted_objectives(net, loss, (), y)
    rows = as_rows(net, found, x, y, None)
    program = training_program(net.topology, net.dtype, found.each, LBFGS())  # no update in it
    check_rows(program, rows)
    moved = program.place_of_gradients()
    places = _chosen(net, moved, parameters)
    order = list(program.parameters)
    given = zip(program.inputs, [*rows.inputs, *rows.targets], strict=True)
    known = {"seed": net.seed, "t": 1}
    (u, _), (v, _) = places
    return Plane(
        names=(_written(places[0]), _written(places[1])),
        prepared=NumpyEngine().prepare(program),
        inputs=[np.asarray(a, dtype=leaf.dtype) for leaf, a in given],
        settings={leaf.name: known[leaf.name] for leaf in program.settings},
        arrays=[net.parameters[name].copy() for name in order],
        spots=tuple((order.index(name), index) for name, index in places),
        slopes=(moved[u], moved[v]),
    )


def _written(place: WeightIndex) -> str:
    return f"{place[0]}[{', '.join(map(str, place[1]))}]"


def _chosen(net: Network, moved: dict[str, int], parameters: Any) -> list[WeightIndex]:
    """The two places that the user asked for, or a fitting two."""
    if parameters is None:
        return _first_and_last({name: net.parameters[name] for name in moved})
    if isinstance(parameters, str) or len(parameters) != 2:
        raise SettingError(
            "parameters must be the places of two numbers, such as "
            f"('dense.weight[0, 0]', 'dense_1.weight[0, 0]'), got {parameters!r}."
        )
    places = [_parsed(net, text) for text in parameters]
    for name, _ in places:
        if name not in moved:
            raise SettingError(f"{name} is frozen, so no step moves it. Choose another parameter.")
    if places[0] == places[1]:
        raise SettingError(f"parameters must be two different places, got {parameters!r}.")
    return places


def _parsed(net: Network, text: Any) -> WeightIndex:
    match = re.fullmatch(r"\s*([^\[\]\s]+)\s*\[([\d\s,]+)\]\s*", str(text))
    if match is None:
        raise SettingError(
            f"A place is written as a name and an index, 'dense.weight[0, 0]', got {text!r}."
        )
    name, index = match[1], tuple(int(i) for i in match[2].split(",") if i.strip())
    if name not in net.parameters:
        raise UnknownNameError("parameter", name, net.parameters)
    shape = net.parameters[name].shape
    if len(index) != len(shape) or any(i >= n for i, n in zip(index, shape, strict=True)):
        raise SettingError(f"{name} has shape {shape}, so it has no number at [{match[2]}].")
    return name, index


def _first_and_last(arrays: dict[str, Any]) -> list[WeightIndex]:
    """The first weight of the first and of the last matrix; of a small network its two numbers."""
    matrices = [name for name, array in arrays.items() if array.ndim > 1]
    if len(matrices) > 1:
        return [(name, (0,) * arrays[name].ndim) for name in (matrices[0], matrices[-1])]
    every = [(name, tuple(map(int, index)))
             for name, array in arrays.items() for index in np.ndindex(array.shape)]  # fmt: skip
    if len(every) < 2:
        raise SettingError("A surface needs two numbers that training moves; there is only one.")
    return every[:2]

"""Random networks: graphs of layers with data, losses and optimisers that suit them, from a seed.

`draw(seed)` gives the same case at every call. Every public layer, activation, loss, optimiser,
schedule, penalty and metric may come up; so may shared and frozen layers, several inputs and
outputs, weights of rows and classes, either float, and batches that do not divide the rows.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from cases.random_graphs import Drawing, draw_graph
from cases.random_training import draw_output, draw_settings

import glassnet as gn
from glassnet import philox
from glassnet.train.fit import start_slots

ROWS = (5, 11, 17, 20, 23, 31, 37, 53)


@dataclass(frozen=True, eq=False)
class Case:
    """A network, and how it is trained.

    inputs, outputs  symbols: of them `network` makes the same network each time
    settings         of fit, without the engine
    """

    seed: int
    inputs: list
    outputs: list
    dtype: str
    x: list
    y: list
    settings: dict[str, Any]

    def __repr__(self):
        return f"cases.random_networks.draw({self.seed}, {self.dtype!r})"

    @property
    def data(self):
        """x and y as fit takes them."""
        return tuple(v[0] if len(v) == 1 else v for v in (self.x, self.y))

    def network(self):
        """The network before training; its statistics are drawn, too."""
        net = gn.Network(inputs=self.inputs, outputs=self.outputs, seed=self.seed, dtype=self.dtype)
        rng = np.random.default_rng(self.seed)
        for name, array in dict(net.parameters).items():
            if name.endswith((".mean", ".fill", ".y_mean")):
                net.parameters[name] = rng.normal(size=array.shape)
            if name.endswith((".scale", ".y_scale")):
                net.parameters[name] = rng.uniform(0.5, 2, size=array.shape)
        return net

    def fit(self, engine, **changes):
        """(network, history) after some twenty steps; every fifth case is validated on its rows."""
        net = self.network()
        settings = {"engine": engine, "verbose": 0, **self.settings, **changes}
        if self.seed % 5 == 0:
            settings["validation_data"] = (*self.data, self.settings.get("sample_weight"))
        return net, net.fit(*self.data, **settings)

    def program(self, net):
        """The program that fit runs."""
        s = self.settings
        return net.training_program(
            loss=s["loss"], optimizer=s["optimizer"], metrics=s["metrics"], y=self.data[1],
            sample_weight="sample_weight" in s, class_weight=len(s.get("class_weight", ())),
        )  # fmt: skip

    def start(self, net, program):
        """Every array that the program keeps, by its printed name."""
        slots = start_slots(net, program)
        kept = {leaf.name: net.parameters[name].copy() for name, leaf in program.parameters.items()}
        return kept | {leaf.name: slots[name].copy() for name, leaf in program.slots.items()}

    def given_back(self, program, arrays):
        """The weights as fit gives them back: averages where the optimiser keeps them."""
        leaves = {
            name: program.slots.get(f"{name}/ema", leaf)
            for name, leaf in program.parameters.items()
        }
        return {name: arrays[leaf.name] for name, leaf in leaves.items()}

    def steps(self, program):
        """The other arguments of each step, by name: what arrives, and plain numbers."""
        given = self._given(program)
        n, size = len(self.y[0]), self.settings["batch_size"] or len(self.y[0])
        rate = self.settings["optimizer"].start_rate
        t = 0
        for epoch in range(self.settings["epochs"]):
            order = None
            if self.settings["shuffle"] and size < n:
                order = philox.permutation(n, self.seed, philox.SHUFFLE, 0, epoch)
            for first in range(0, n, size):
                t += 1
                rows = slice(first, first + size)
                rows = rows if order is None else order[rows]
                plain = {"learning_rate": rate, "seed": self.seed, "t": t}
                yield {
                    leaf.name: np.asarray(array[rows] if per_row else array, leaf.dtype)
                    for leaf, array, per_row in given
                } | {leaf.name: plain[leaf.name] for leaf in program.settings}

    def _given(self, program):
        """(leaf, array, whether it has rows) of every input."""
        s = self.settings
        rows = [(a, True) for a in (*self.x, *self.y)]
        if "sample_weight" in s:
            rows += [(s["sample_weight"], True)] * len(self.y)
        if "class_weight" in s:
            rows.append((np.array(s["class_weight"]), False))
        return [(leaf, *row) for leaf, row in zip(program.inputs, rows, strict=True)]


def draw(seed, dtype=None):
    """The case of this seed; without a dtype, the seed decides that, too."""
    d = Drawing(seed, 0)
    dtype = dtype or d.pick.choice(["float64", "float32"])
    d.n_rows = d.pick.choice(ROWS)
    inputs, x, whole = draw_graph(d)
    values = [whole, *(v for v in d.values if len(v.shape) == 2 and v.layer is not None)]
    outputs = [draw_output(d, whole)]
    while len(outputs) < 3 and d.chance(0.25):
        outputs.append(draw_output(d, d.pick.choice(values)))
    settings = draw_settings(d, outputs)
    return Case(seed, inputs, [o.symbol for o in outputs], dtype, x, [o.y for o in outputs],
                settings)  # fmt: skip

"""The network: layers, their arrays, and what can be done with them.

The facade of the packages below: each method is a door to the one that does the work, which is
imported when it is first used, so that `import glassnet` stays quick.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from glassnet import memory, philox
from glassnet.calls import checked
from glassnet.errors import SettingError, UnknownAttributeError
from glassnet.nn import topology as topologies
from glassnet.nn.fitted import FittedOptimizer
from glassnet.nn.init import Draw
from glassnet.nn.inner import called_on, title
from glassnet.nn.layer import Layer
from glassnet.nn.parameters import Arrays, Layers, Parameters
from glassnet.nn.states import States
from glassnet.nn.symbol import Symbol
from glassnet.shown_text import Text
from glassnet.spec import FLOATS

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from glassnet.files import SavedModel
    from glassnet.nn.fitted import Fitted
    from glassnet.nn.model import Model
    from glassnet.nn.topology import Topology
    from glassnet.program import Program
    from glassnet.train import History


class Network:
    """A network of layers.

    layers           one after another; with input_shape=None the first data give the shape
    inputs, outputs  instead: any graph of layers between gn.Input(...) and what comes out
    seed             decides the first weights, the order of rows and every random mask
    dtype            "float32" or "float64"
    name             of this network as a part of another one

    >>> import glassnet as gn
    >>> net = gn.Network([gn.Dense(4, "tanh"), gn.Dense(1, "sigmoid")], input_shape=(2,))
    >>> x = [[0, 0], [0, 1], [1, 0], [1, 1]]
    >>> history = net.fit(x, [0, 1, 1, 0], optimizer=gn.optim.Adam(0.1), epochs=200, verbose=0)
    >>> net.predict(x).round().ravel().tolist()
    [0.0, 1.0, 1.0, 0.0]
    """

    @checked
    def __init__(
        self,
        layers: Sequence[Layer] | None = None,
        *,
        inputs: Any = None,
        outputs: Any = None,
        input_shape: Any = None,
        seed: int = 0,
        dtype: str = "float32",
        name: str = "",
    ) -> None:
        if dtype not in FLOATS:
            raise SettingError(f"dtype must be 'float32' or 'float64', got {dtype!r}.")
        self.seed, self.dtype, self.name = philox.check_seed(seed), dtype, name
        self._pending: list[Any] = []
        self._topology: Topology | None = None
        self._arrays = Arrays()
        self.cache: dict[Any, Any] = {}
        self.fitted: tuple[Fitted, ...] = ()
        self.fitted_optimizer = FittedOptimizer()
        self.unset: set[str] = set()
        self.states = States(dtype)
        if layers is not None and (inputs is not None or outputs is not None):
            raise SettingError("Give a list of layers, or inputs and outputs, not both.")
        if layers is not None:
            self._pending = topologies.named_copies(layers)
            if input_shape is not None:
                self.build(input_shape)
        elif inputs is None or outputs is None:
            raise SettingError("Give a list of layers, or inputs=... and outputs=... both.")
        else:
            self._set(topologies.from_symbols(_listed(inputs), _listed(outputs)))

    @classmethod
    def of_saved(cls, saved: SavedModel) -> Network:
        """A network whose weights are known, so that none are drawn: what gn.load makes."""
        net = cls(list(saved.topology.layers.values()), seed=saved.seed, dtype=saved.dtype,
                  name=saved.name)  # fmt: skip
        net.fitted, net.unset = saved.fitted, set(saved.unset)
        net._topology, net._arrays = saved.topology, Arrays(saved.arrays)
        return net

    def build(self, input_shape: Any, dtype: str = "float") -> None:
        """Fix the shape of one row and draw the weights."""
        self._set(topologies.from_list(self._pending, input_shape, dtype))

    def __call__(self, *inputs: Any) -> Any:
        """This network as a layer of another one: symbols in, a symbol out (or a list of them).

        Each call is the same layers with the same arrays: what trains the whole trains the part.

        >>> import glassnet as gn
        >>> encoder = gn.Network([gn.Dense(4, "relu"), gn.Dense(2)], name="encoder")
        >>> x1, x2 = gn.Input((3,)), gn.Input((3,))
        >>> twins = gn.Network(inputs=[x1, x2], outputs=gn.Distance()(encoder(x1), encoder(x2)))
        >>> list(twins.parameters)[:2]
        ['encoder.dense.weight', 'encoder.dense.bias']
        >>> twins.parameters["encoder.dense.weight"] is encoder.parameters["dense.weight"]
        True
        """
        flat = tuple(inputs[0]) if len(inputs) == 1 and isinstance(inputs[0], list) else inputs
        if not self.is_built and flat and isinstance(flat[0], Symbol):
            self.build(flat[0].shape[1:], "int64" if flat[0].spec.dtype == "int64" else "float")
        outputs = called_on(self, flat)
        return outputs[0] if len(outputs) == 1 else outputs

    def _set(self, topology: Topology) -> None:
        shapes = {f"{layer}.{array}": p.sizes for layer, array, p in topology.parameters()}
        memory.check_arrays(shapes, self.dtype)
        try:
            arrays = self._arrays_of(topology)
        except MemoryError:
            raise memory.not_enough(shapes, self.dtype) from None
        self.unset = {
            f"{layer}.{a}" for layer, a, p in topology.parameters()
            if p.statistic and _is_unset(topology, layer, a)
        }  # fmt: skip
        self._topology, self._arrays = replace(topology, taken={}), arrays
        self.cache.clear()

    def _arrays_of(self, topology: Topology) -> Arrays:
        """Inner networks' own arrays, and first weights, each array from a stream of its own."""
        arrays = Arrays()
        for stream, (layer, array, parameter) in enumerate(topology.parameters()):
            if layer in topology.taken:
                arrays[f"{layer}.{array}"] = self._taken(*topology.taken[layer], array)
                continue
            numbers = parameter.init(parameter.sizes, Draw(self.seed, stream))
            numbers = np.array(numbers, dtype=self.dtype, order="C")
            if numbers.shape != parameter.sizes:
                raise SettingError(
                    f"The initialiser of {layer}.{array} gave shape {numbers.shape}, "
                    f"expected {parameter.sizes}."
                )
            arrays[f"{layer}.{array}"] = numbers
        return arrays

    def _taken(self, network: Model, layer: str, array: str) -> Any:
        """The very array of an inner network: both train it."""
        if network.dtype != self.dtype:
            raise SettingError(
                f"In {title(network)}: its arrays are {network.dtype}, those of the network around "
                f"it {self.dtype}. Give both the same dtype."
            )
        return network.parameters[f"{layer}.{array}"]

    @property
    def topology(self) -> Topology:
        """How the layers hang together."""
        if self._topology is None:
            raise SettingError(
                "The shape of the input is not known yet. Give input_shape=(columns,) to Network, "
                "or fit it first."
            )
        return self._topology

    @property
    def is_built(self) -> bool:
        """True once the shape of the input is known and there are weights."""
        return self._topology is not None

    @property
    def layers(self) -> dict[str, Layer]:
        """The layers by name. `net.layers["dense"].trainable = False` freezes one."""
        if self._topology is None:
            return Layers({one.name: one for one in self._pending if isinstance(one, Layer)})
        return Layers(self._topology.layers)

    @property
    def parameters(self) -> Parameters:
        """The arrays by name: net.parameters["dense_1.weight"]; assignable."""
        found: Parameters | None = self.cache.get("parameters")
        if found is None:
            letters = functools.partial(_letters, self.topology)
            found = self.cache["parameters"] = Parameters(self._arrays, self.unset, letters)
        return found

    @checked
    def fit(
        self,
        x: Any,
        y: Any,
        *,
        loss: Any = "auto",
        optimizer: Any = "adam",
        epochs: int = 10,
        batch_size: int | None = 32,
        shuffle: bool = True,
        validation_data: Any = None,
        validation_split: float = 0.0,
        sample_weight: Any = None,
        class_weight: Any = None,
        loss_weights: Any = None,
        metrics: Any = (),
        callbacks: Any = (),
        engine: str = "auto",
        threads: int | None = None,
        verbose: Any = "auto",
        rows: Any = None,
        validation_rows: Any = None,
    ) -> History:
        """Train on x (n, ...) and y; give back a table of loss and metrics for each epoch.

        x, y              arrays (n rows), or lists of arrays for several inputs and outputs
        loss              "auto" (from the last activation), a name, an object, a function
        optimizer         a name or an object such as gn.optim.SGD(learning_rate=0.1)
        batch_size        rows of one step; None, or more than there are: all, in their order
        validation_data   (x, y) or (x, y, weights), looked at after each epoch
        validation_split  share of the rows held out for that instead: seeded, stratified by class
        sample_weight     one number a row; class_weight {class: number} or "balanced"
        loss_weights      the share of each output's loss
        metrics           names such as "accuracy", objects, functions (y, p) in graph ops
        verbose           "auto" or 1: a bar on a terminal, else a plain line every few seconds;
                          2: and the hash of the weights; more: a line each so many epochs
        rows, validation_rows  the numbers of those of x and y that take part, or are looked at

        Layers that need statistics (Standardize, FillMissing, Rescale) find them in the training
        rows of the first fit, unless they were set: net.parameters["standardize.mean"] = ...

        Raises ShapeError or DataError for data that do not fit, DivergenceError where NaN or
        infinity arise. Ctrl-C stops after the current step and keeps its weights.

        The rows of x and y are read where they lie, batch by batch, whatever the strides and the
        kind of number: nothing is copied; what another thread writes there meanwhile may be seen.
        """
        from glassnet.train import FitSettings, fit

        return fit(
            self, x, y,
            FitSettings(
                loss, optimizer, epochs, batch_size, shuffle, validation_data, validation_split,
                sample_weight, class_weight, loss_weights, metrics, callbacks, engine, threads,
                verbose, rows, validation_rows,
            ),
        )  # fmt: skip

    @checked
    def predict(self, x: Any, *, batch_size: int = 4096) -> Any:
        """The outputs for x (n, ...): an array (n, ...), or a list of them for several outputs.

        Stateful layers go on from call to call, in batches of batch_size (see `reset_states`).
        """
        return _train().predict(self, x, batch_size)

    def reset_states(self) -> None:
        """Set the states of stateful layers to zeros: the next batch begins anew."""
        self.states.reset()

    def predictor(self) -> Any:
        """A callable that is ready to predict: quickest for single rows, asked for again and again.

        It keeps the parameters of this moment.

        >>> import glassnet as gn
        >>> ready = gn.Network([gn.Dense(1, use_bias=False)], input_shape=(2,)).predictor()
        >>> ready([[0.0, 0.0]]).tolist()
        [[0.0]]
        """
        from glassnet.train import ReadyNetwork

        return ReadyNetwork(self)

    @checked
    def evaluate(
        self, x: Any, y: Any, *, loss: Any = "auto", metrics: Any = (), sample_weight: Any = None,
        batch_size: int = 4096,
    ) -> dict[str, float]:  # fmt: skip
        """Loss (without penalties of weights), metrics, and what layers add to it: "penalty".

        loss="auto" is the loss of the last fit; before any it follows from the last activation.
        """
        from glassnet.train import evaluate

        return evaluate(self, x, y, loss, metrics, sample_weight, batch_size)

    @checked
    def training_program(
        self, *, loss: Any = "auto", optimizer: Any = "auto", batch_size: int | None = 32,
        metrics: Any = (), y: Any = None, sample_weight: bool = False, class_weight: int = 0,
    ) -> Program:  # fmt: skip
        """The program of one training step: print it, or print(program.source("numpy")).

        program.source("numpy", whole=True) is a script that trains as `fit` would from the weights
        that the network has when it is written, with batches of batch_size; the step itself holds
        for any. It is refused while a fit has yet to find statistics of the training rows.
        loss="auto" is that of the last fit; before any it follows from the last activation, and
        from y where class numbers and one-hot rows are both possible. optimizer="auto" is that of
        the last fit; before any it is "adam", as in `fit`.
        """
        from glassnet.train import training_program

        return training_program(
            self, loss, optimizer, metrics, y, sample_weight, class_weight, batch_size
        )

    def prediction_program(self) -> Program:
        """The program of a prediction."""
        from glassnet.program import prediction_program

        return prediction_program(self.topology, self.dtype, goes_on=True)

    @checked
    def walkthrough(self, x: Any, y: Any, *, loss: Any = "auto", optimizer: Any = "auto") -> Any:
        """One training step on x and y, statement by statement: name, formula, numbers.

        loss="auto" is the loss of the last fit; before any it follows from the last activation.
        optimizer="auto" is that of the last fit; before any it is "sgd", the plainest rule.
        The network itself is left as it is. Print the result, or go through its `.steps`, which
        have every number: of a large array the text has the range and a part (of feature maps the
        first row's first channel, of a loop its first step and its last one).
        """
        from glassnet.train import walkthrough

        return walkthrough(self, x, y, loss, optimizer)

    def summary(self) -> str:
        """Layers, activations, output shapes, parameters, what is frozen: net.summary()."""
        from glassnet.nn.summary import summary
        from glassnet.program.trace import parameter_names

        return Text(summary(self.topology, self.dtype, parameter_names(self.topology)))

    def save(self, path: str | Path) -> None:
        """Write weights and architecture to one file, model.safetensors; gn.load reads it."""
        from glassnet.files import save

        save(self, path)

    def __getstate__(self) -> dict[str, Any]:
        """What copies and pickles hold: all but the programs that were made ready to run."""
        return {**vars(self), "cache": {}}

    if not TYPE_CHECKING:  # or every attribute would be known

        def __getattr__(self, name: str) -> NoReturn:
            known = [one for one in dir(type(self)) if not one.startswith("_")]
            raise UnknownAttributeError("Network", name, known)

    def __repr__(self) -> str:
        names = ", ".join(repr(layer) for layer in self.layers.values())
        return f"Network([{names}], seed={self.seed}, dtype={self.dtype!r})"


def _is_unset(topology: Topology, layer: str, array: str) -> bool:
    """Whether an array waits for the first fit; one of an inner network may have had its."""
    if layer not in topology.taken:
        return True
    network, own = topology.taken[layer]
    return f"{own}.{array}" in network.unset


def _letters(topology: Topology) -> dict[str, str]:
    """How the printed program calls each array."""
    from glassnet.program.trace import parameter_names

    return parameter_names(topology)


@checked
@functools.cache
def _train() -> ModuleType:
    """Imported when it is first used; an import statement takes as long as a small network."""
    from glassnet import train

    return train


def load(path: str | Path, custom: Mapping[str, Any] | None = None) -> Network:
    """Read a network that `net.save` wrote.

    custom  your own layers, activations and the like by name: {"Scale": Scale, "swish": swish}

    Raises FileFormatError for a file that is no whole model. No code of the file is run.
    """
    from glassnet.files import read_model

    return Network.of_saved(read_model(path, custom))


def _listed(value: Symbol | Sequence[Symbol]) -> list[Symbol]:
    return list(value) if isinstance(value, list | tuple) else [value]  # type: ignore[list-item]

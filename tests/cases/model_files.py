"""Whole files of every kind, from which damaged and lying ones are made; and how each is judged."""

import contextlib
import functools
import io
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np

import glassnet as gn
from glassnet import files
from glassnet.callbacks import Checkpoint, EarlyStopping
from glassnet.errors import DataError, FileFormatError, UnknownNameError
from glassnet.nn import LAYERS
from glassnet.train import checkpoint

MOST_NUMBERS = 100_000  # a row: what is larger is loaded, but not asked to predict
LIMIT = 1.0  # seconds for reading and refusing
RNG = np.random.default_rng(3)
X = RNG.normal(size=(20, 3))
Y = (X[:, 0] > 0).astype(int)


def dense():
    r = gn.regularizers
    first = gn.Dense(4, "prelu", weight_regularizer=r.L2(0.1), weight_constraint="max_norm")
    layers = [first, gn.Dropout(0.25), gn.Reshape((2, -1)), gn.Flatten(), gn.Dense(1, "sigmoid")]
    return gn.Network(layers, input_shape=(3,), seed=1)


def prepared():
    x, codes = gn.Input((3,), name="numbers"), gn.Input((2,), name="codes", dtype="int64")
    filled = gn.Standardize()(gn.FillMissing()(x))
    parts = [filled, gn.MissingIndicator((0, 2))(x), gn.OneHot((2, 3), ("a", "b"))(codes)]
    parts.append(gn.Flatten()(LAYERS["Embedding"](3, 2)(codes)))
    rows = gn.PositionalEncoding()(gn.PositionalEmbedding()(LAYERS["Embedding"](3, 2)(codes)))
    rows = gn.TransformerBlock(1)(gn.MultiHeadAttention(2, 2)(rows))
    parts.append(gn.Distance()(gn.Flatten()(rows), parts[-1]))
    h = gn.Dense(3, gn.Activation("relu"))(gn.Activation("tanh")(gn.Concatenate()(*parts)))
    deviation = gn.WindowDeviation()(filled)
    parts = [gn.ScaledWindow()(filled, deviation), gn.SeasonalNaive(4, 2)(filled), h]
    h = gn.Dense(3)(gn.Concatenate()(*parts))
    outputs = [gn.Rescale()(gn.Dense(2)(h)), gn.Add()(gn.Multiply()(h, h), gn.PReLU()(h))]
    return gn.Network(inputs=[x, codes], outputs=outputs, dtype="float64")


def of_images_and_sequences():
    """One of each layer that slides, recurs, normalises, pads or merges."""
    from cases.random_layers import BY_STEPS, CROPPED, RECURRENT, SLIDING, SPATIAL

    draw = _Draw()
    inputs, parts = [], []
    for axes, shape in ((1, (4, 2)), (2, (4, 4, 2)), (3, (3, 3, 3, 2))):
        kinds = [
            *SPATIAL[axes],
            *SLIDING[axes],
            *CROPPED[axes],
            *([*RECURRENT, *BY_STEPS] if axes == 1 else []),
        ]
        x = gn.Input(shape, name=f"x{axes}")
        inputs.append(x)
        parts += [gn.Dense(2)(gn.Flatten()(make(draw)(x))) for make in kinds]
    merged = [
        kind()(parts[0], parts[1]) for kind in (gn.Subtract, gn.Average, gn.Maximum, gn.Minimum)
    ]
    merged += [gn.Dot(-1)(parts[0], parts[1]), gn.CosineSimilarity()(parts[0], parts[1])]
    norms = [gn.BatchNormalization(), gn.LayerNormalization(), gn.GroupNormalization(1),
             gn.RMSNormalization(), gn.GaussianNoise(0.1), gn.GaussianDropout(0.1),
             gn.Rescaling(0.5)]  # fmt: skip
    merged += [norm(parts[2]) for norm in norms]
    return gn.Network(inputs=inputs, outputs=gn.Dense(1)(gn.Concatenate()(*parts, *merged)))


class _Draw:
    """Answers of which each is the first."""

    pick = type("First", (), {"choice": staticmethod(lambda found: found[0])})

    def chance(self, share):
        return False


def table_model(path, encoding):
    import polars as pl

    from glassnet.tables import Settings, find_fit

    rng, n = np.random.default_rng(1), 60
    frame = pl.DataFrame({
        "length": [str(v) for v in rng.normal(size=n).round(3)],
        "bought": [("yes", "no")[i] for i in rng.integers(0, 2, n)],
        "when": [f"2024-{m:02d}-{d:02d}" for m, d in rng.integers(1, 13, (n, 2))],
        "colour": [("red", "blue", "green")[i] for i in rng.integers(0, 3, n)],
        "kind": [("a", "b", "c")[i] for i in rng.integers(0, 3, n)],
    })  # fmt: skip
    settings = Settings(hidden=(4,), epochs=1, encoding=encoding)
    find_fit(frame, "kind", settings=settings).model.save(path)


def fit_with(folder, net=None):
    callbacks = [Checkpoint(folder), EarlyStopping("loss", patience=5)]
    net = net or gn.Network([gn.Dense(1, "sigmoid")], input_shape=(3,), seed=2)
    net.fit(X, Y, epochs=2, batch_size=8, engine="numpy", verbose=0, callbacks=callbacks)
    return net


@functools.cache
def samples():
    """{kind: [bytes, ...]} of files as Glassnet writes them."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model")
        models = [_saved(net(), path) for net in (dense, prepared, of_images_and_sequences)]
        tables = []
        for encoding in ("one_hot", "embedding"):
            table_model(path, encoding)
            tables.append(path.read_bytes())
        fit_with(Path(folder, "fit"))
        kept = max(Path(folder, "fit").iterdir()).read_bytes()
        return {"model": models, "table": tables, "checkpoint": [kept]}


def _saved(net, path):
    net.save(path)
    return path.read_bytes()


@functools.cache
def parsed(data):
    """(arrays, text) of a whole file's bytes."""
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(data)
        return files.read(file.name)


def judge(kind, path):
    """How a file was taken: "loaded", or the error's name. Whatever else is raised is a fault."""
    started = time.process_time()  # another process on this disk is not to blame
    try:
        return READERS[kind](path)
    except (FileFormatError, UnknownNameError) as error:
        return type(error).__name__ if len(str(error)) < 5000 else "said at length"
    finally:
        assert time.process_time() - started < LIMIT, "it took too long"


def _model(path):
    net = gn.load(path)
    sizes = [int(np.prod(spec.shape[1:], dtype=float)) for spec in net.topology.specs]
    if max(sizes) > MOST_NUMBERS:
        return "loaded, large"
    rows = [np.zeros((2, *s.shape[1:]), s.dtype) for _, s in net.topology.inputs]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = net.predict(rows[0] if len(rows) == 1 else rows)
    due = [net.topology.specs[i].shape[1:] for i in net.topology.outputs]
    found = [found] if len(due) == 1 else found
    assert [f.shape for f in found] == [(2, *shape) for shape in due]
    return "loaded"


def _table(path):
    import polars as pl

    from glassnet.tables import TableModel

    model = TableModel.load(path)
    names = [column.name for column in model.table.columns]
    frame = pl.DataFrame({name: ["1.5", "red", None] for name in names})
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            answers, _ = model.predict(frame)
        except DataError:  # weights so large that no answer is a number
            return "loaded, no number"
    assert answers.height == 3
    return "loaded"


def _checkpoint(path):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "step-000000006.safetensors").write_bytes(Path(path).read_bytes())
        said = contextlib.redirect_stderr(io.StringIO())
        with warnings.catch_warnings(), np.errstate(all="ignore"), said:
            warnings.simplefilter("ignore")
            if checkpoint.newest(Path(folder)) is None:
                return "passed over"
            try:
                net = fit_with(folder)
            except gn.errors.DivergenceError:  # weights of NaN, with a checksum that is right
                return "loaded, diverged"
        assert net.parameters["dense.weight"].shape == (3, 1)
    return "loaded"


READERS = {"model": _model, "table": _table, "checkpoint": _checkpoint}

"""Layers that normalise, enlarge and compare: values and gradients of PyTorch, in float64."""

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet.nn.symbol import apply, parameter_specs

torch = pytest.importorskip("torch", reason="torch is not installed")
nn, F = torch.nn, torch.nn.functional

BOUND = 1e-11
B = 5


def channels_first(x):
    return x.movedim(-1, 1)


def channels_last(x):
    return x.movedim(1, -1)


def moved(function):
    """A function of PyTorch, over arrays with their channels last."""
    return lambda x, *arrays: channels_last(function(channels_first(x), *arrays))


def batch_norm(x, scale, shift, mean, variance):
    return F.batch_norm(x, None, None, scale, shift, training=True)


def running_norm(x, scale, shift, mean, variance):
    return F.batch_norm(x, mean.detach(), variance.detach(), scale, shift, training=False)


def larger(**settings):
    return moved(lambda x: F.interpolate(x, **settings))


# layer, shapes, the same in PyTorch
TABLE = [
    (gn.BatchNormalization(), [(3,)], moved(batch_norm)),
    (gn.BatchNormalization(), [(4, 3)], moved(batch_norm)),
    (gn.BatchNormalization(), [(4, 2, 3)], moved(batch_norm)),
    (gn.BatchNormalization(trainable=False), [(4, 2, 3)], moved(running_norm)),
    (gn.LayerNormalization(), [(3,)], lambda x, w, b: F.layer_norm(x, (3,), w, b)),
    (gn.LayerNormalization(), [(4, 2, 3)], lambda x, w, b: F.layer_norm(x, (3,), w, b)),
    (gn.GroupNormalization(2), [(4,)], moved(lambda x, w, b: F.group_norm(x, 2, w, b))),
    (gn.GroupNormalization(3), [(4, 2, 6)], moved(lambda x, w, b: F.group_norm(x, 3, w, b))),
    (gn.RMSNormalization(), [(3,)], lambda x, w: F.rms_norm(x, (3,), w)),
    (gn.RMSNormalization(0.01), [(4, 3)], lambda x, w: F.rms_norm(x, (3,), w, 0.01)),
    (gn.UpSampling1D(2), [(3, 2)], larger(scale_factor=2)),
    (gn.UpSampling2D(2), [(3, 4, 2)], larger(scale_factor=2)),
    (gn.UpSampling2D((2, 3), "bilinear"), [(3, 4, 2)],
     larger(size=(6, 12), mode="bilinear", align_corners=False)),
    (gn.UpSampling2D(4, "bilinear"), [(1, 3, 1)],
     larger(size=(4, 12), mode="bilinear", align_corners=False)),
    (gn.UpSampling3D((1, 2, 2)), [(2, 3, 2, 1)], larger(size=(2, 6, 4))),
    (gn.ZeroPadding2D(((1, 0), (2, 3))), [(2, 3, 2)], moved(lambda x: F.pad(x, (2, 3, 1, 0)))),
    (gn.Cropping2D(1), [(3, 4, 2)], moved(lambda x: F.pad(x, (-1, -1, -1, -1)))),
    (gn.Maximum(), [(3,), (3,)], torch.maximum),
    (gn.Minimum(), [(3,), (3,)], torch.minimum),
    (gn.Average(), [(3,), (3,)], lambda x, y: (x + y) / 2),
    (gn.Dot((2, 2)), [(2, 3), (4, 3)], lambda x, y: torch.bmm(x, y.mT)),
    (gn.CosineSimilarity(), [(3,), (3,)], lambda x, y: F.cosine_similarity(x, y)[:, None]),
    (gn.Dot(1, normalize=True), [(3,), (3,)], lambda x, y: F.cosine_similarity(x, y)[:, None]),
]  # fmt: skip


def described(row):
    return f"{row[0]!r} of {row[1]}"


def ours(layer, shapes):
    """(output, its leaves, their values), as in training."""
    rng = np.random.default_rng(len(shapes) + len(shapes[0]))
    inputs = [g.input(f"x{i}", ("B", *shape), "float64") for i, shape in enumerate(shapes)]
    found = parameter_specs(layer, tuple(x.spec for x in inputs))
    parameters = {k: g.parameter(k, p.shape, "float64") for k, p in found.items()}
    (output,) = g.at_phase([apply(layer, inputs, "float64", parameters)], training=True)
    leaves = [*inputs, *parameters.values()]
    values = {x: rng.normal(size=(B, *x.shape[1:])) for x in inputs}
    values |= {p: rng.uniform(0.5, 1.5, p.shape) for p in parameters.values()}
    return output, leaves, values


@pytest.mark.parametrize("row", TABLE, ids=described)
def test_layer_and_its_gradients_are_those_of_pytorch(row):
    layer, shapes, function = row
    output, leaves, values = ours(layer, shapes)
    tensors = [torch.tensor(values[leaf], requires_grad=True) for leaf in leaves]
    theirs = function(*tensors)
    theirs.sin().sum().backward()
    gradients = g.gradients(g.sum(g.sin(output)), leaves)
    found, *slopes = g.evaluate([output, *gradients], values, batch=B)
    np.testing.assert_allclose(found, theirs.detach(), rtol=BOUND, atol=BOUND)
    compared = [(a, b.grad) for a, b in zip(slopes, tensors, strict=True) if b.grad is not None]
    assert len(compared) == sum(leaf.name not in RUNNING for leaf in leaves)
    for slope, expected in compared:
        np.testing.assert_allclose(slope, expected, rtol=BOUND, atol=BOUND)


class Image(nn.Module):
    """Normalised pixels, by a batch norm over images."""

    def __init__(self):
        super().__init__()
        self.norm, self.last = nn.BatchNorm2d(2), nn.Linear(12, 2)

    def forward(self, x):
        h = channels_last(self.norm(channels_first(x.reshape(-1, 3, 2, 2))))
        return self.last(torch.relu(h).reshape(-1, 12))


def table_network():
    layers = [gn.Dense(6), gn.BatchNormalization(), gn.Activation("tanh"), gn.Dense(2)]
    return gn.Network(layers, input_shape=(12,), dtype="float64", seed=1)


def image_network():
    layers = [gn.Reshape((3, 2, 2)), gn.BatchNormalization(), gn.Activation("relu"),
              gn.Flatten(), gn.Dense(2)]  # fmt: skip
    return gn.Network(layers, input_shape=(12,), dtype="float64", seed=1)


def table_module():
    return nn.Sequential(nn.Linear(12, 6), nn.BatchNorm1d(6), nn.Tanh(), nn.Linear(6, 2))


@pytest.mark.parametrize("engine", ["numpy", "native"])
@pytest.mark.parametrize(("build", "module"), [(table_network, table_module),
                                               (image_network, Image)])  # fmt: skip
def test_training_with_batch_normalization_is_that_of_pytorch(build, module, engine):
    """Weights, running figures and predictions, with a last batch of other size in each epoch."""
    rng = np.random.default_rng(2)
    x, y = rng.normal(1, 2, (22, 12)), rng.normal(size=(22, 2))
    net, theirs = build(), module().double()
    start = [a for name, a in net.parameters.items() if name.split(".")[1] not in RUNNING]
    with torch.no_grad():
        for own, array in zip(theirs.parameters(), start, strict=True):
            own.copy_(torch.tensor(array.T if array.ndim == 2 else array))
    optimizer = torch.optim.SGD(theirs.parameters(), 0.05, momentum=0.9)
    for first in (0, 8, 16) * 4:
        loss = F.mse_loss(theirs(torch.tensor(x[first : first + 8])),
                          torch.tensor(y[first : first + 8]))  # fmt: skip
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    net.fit(x, y, loss="mse", optimizer=gn.optim.SGD(0.05, momentum=0.9), epochs=4, batch_size=8,
            shuffle=False, engine=engine, verbose=0)  # fmt: skip
    trained = [a for name, a in net.parameters.items() if name.split(".")[1] not in RUNNING]
    for array, own in zip(trained, theirs.parameters(), strict=True):
        expected = own.detach().numpy().T if own.ndim == 2 else own.detach().numpy()
        np.testing.assert_allclose(array, expected, rtol=1e-9, atol=1e-9)
    norm = next(m for m in theirs.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d))
    figures = {"mean": norm.running_mean, "variance": norm.running_var}
    for name, figure in figures.items():
        found = net.parameters[f"batch_normalization.{name}"]
        np.testing.assert_allclose(found, figure, rtol=1e-9, atol=1e-9)
    theirs.eval()
    expected = theirs(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(net.predict(x), expected, rtol=1e-9, atol=1e-9)


RUNNING = {"mean", "variance"}

"""Attention and the transformer block against PyTorch's: outputs and gradients, in float64."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet.nn.symbol import apply, parameter_specs

torch = pytest.importorskip("torch", reason="torch is not installed")
F = torch.nn.functional

BOUND = 1e-12
B, T, S, E = 3, 5, 4, 8
RNG = np.random.default_rng(7)
X, V, K = (RNG.normal(size=(B, n, E)) for n in (T, S, S))
KNOWN = np.array([[1, 1, 1, 0, 2], [0, 1, 0, 1, 1], [1, 0, 0, 0, 0]])  # 0 hides a place
COSINES = np.cos(np.arange(B * T * E)).reshape(B, T, E)


@pytest.fixture(autouse=True)
def _float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def ours(layer, inputs):
    """(parameters by name, output, gradients of inputs and parameters by name)."""
    leaves = [g.input(f"x{i}", ("B", *x.shape[1:]), x.dtype.name) for i, x in enumerate(inputs)]
    found = parameter_specs(layer, tuple(x.spec for x in leaves))
    rng = np.random.default_rng(11)
    arrays = {name: rng.normal(size=p.sizes) / 2 for name, p in found.items()}
    parameters = {name: g.parameter(name, p.shape, "float64") for name, p in found.items()}
    output = g.at_phase([apply(layer, leaves, "float64", parameters)], training=True)[0]
    weights = g.input("weights", output.shape, "float64")
    wrt = [*(x for x in leaves if x.dtype == "float64"), *parameters.values()]
    slopes = g.gradients(g.sum(output * weights), wrt)
    values = dict(zip(leaves, inputs, strict=True)) | {weights: COSINES}
    values |= {leaf: arrays[name] for name, leaf in parameters.items()}
    out, *found = g.evaluate([output, *slopes], values, batch=B)
    return arrays, out, dict(zip([x.name for x in wrt], found, strict=True))


def leaf(array):
    return torch.tensor(array, requires_grad=True)


def in_proj(arrays):
    """PyTorch keeps the three weights below one another, each (O, I)."""
    weight = np.concatenate([arrays[f"{n}_weight"].T for n in ("query", "key", "value")])
    bias = np.concatenate([arrays[f"{n}_bias"] for n in ("query", "key", "value")])
    return {
        "in_proj_weight": weight, "in_proj_bias": bias,
        "out_proj.weight": arrays["output_weight"].T, "out_proj.bias": arrays["output_bias"],
    }  # fmt: skip


def of_in_proj(grads):
    """Our names of the gradients of a MultiheadAttention."""
    weights = np.split(grads["in_proj_weight"], 3)
    biases = np.split(grads["in_proj_bias"], 3)
    found = {
        "output_weight": grads["out_proj.weight"].T, "output_bias": grads["out_proj.bias"]
    }  # fmt: skip
    for name, weight, bias in zip(("query", "key", "value"), weights, biases, strict=True):
        found |= {f"{name}_weight": weight.T, f"{name}_bias": bias}
    return found


def loaded(module, arrays):
    module.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return module


def grads_of(module):
    return {name: p.grad.numpy() for name, p in module.named_parameters()}


def assert_close(found, expected):
    assert found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_allclose(found[name], array, rtol=BOUND, atol=BOUND, err_msg=name)


class Row(NamedTuple):
    """A way of using attention, here and there."""

    about: str
    layer: gn.Layer
    inputs: tuple
    there: dict[str, Any]

    def __str__(self):
        return self.about


BAND = np.abs(np.arange(T)[:, None] - np.arange(T)) < 2
FUTURE = torch.triu(torch.ones(T, T, dtype=torch.bool), 1)
ROWS = [
    Row("self", gn.MultiHeadAttention(2, 4), (X,), {}),
    Row("causal", gn.MultiHeadAttention(4, 2, causal=True), (X,), {"attn_mask": FUTURE}),
    Row("masked", gn.MultiHeadAttention(2, 4), (X, KNOWN),
        {"key_padding_mask": torch.tensor(KNOWN == 0)}),
    Row("attention mask", gn.MultiHeadAttention(2, 4, attention_mask=BAND), (X,),
        {"attn_mask": torch.tensor(~BAND)}),
    Row("cross", gn.MultiHeadAttention(2, 4), (X, V), {}),
    Row("query, value and key", gn.MultiHeadAttention(2, 4), (X, V, K), {}),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_attention_is_that_of_pytorch(row):
    arrays, out, slopes = ours(row.layer, row.inputs)
    heads = row.layer.num_heads
    module = loaded(torch.nn.MultiheadAttention(E, heads, batch_first=True), in_proj(arrays))
    given = [leaf(x) for x in row.inputs if x.dtype == np.float64]
    query, value, key = (*given, *given[-1:] * 2)[:3]
    theirs, _ = module(query, key, value, need_weights=False, **row.there)
    (theirs * torch.tensor(COSINES)).sum().backward()
    np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=BOUND, atol=BOUND)
    expected = of_in_proj(grads_of(module))
    expected |= {f"x{i}": x.grad.numpy() for i, x in enumerate(given)}
    assert_close(slopes, expected)


def test_grouped_heads_are_those_of_pytorch():
    layer = gn.MultiHeadAttention(4, 2, num_key_value_heads=2, causal=True, use_bias=False)
    arrays, out, slopes = ours(layer, (X,))
    x, p = leaf(X), {name: leaf(array) for name, array in arrays.items()}

    def heads(name, n):
        return (x @ p[f"{name}_weight"]).reshape(B, T, n, 2).transpose(1, 2)

    found = F.scaled_dot_product_attention(
        heads("query", 4), heads("key", 2), heads("value", 2), is_causal=True, enable_gqa=True
    )
    theirs = found.transpose(1, 2).reshape(B, T, 8) @ p["output_weight"]
    (theirs * torch.tensor(COSINES)).sum().backward()
    np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=BOUND, atol=BOUND)
    assert_close(slopes, {"x0": x.grad.numpy()} | {n: a.grad.numpy() for n, a in p.items()})


_NORMS = {"norm1": "attention", "norm2": "feed_forward"}
_DENSE = {"linear1": "up", "linear2": "down"}


def layer_arrays(arrays):
    """Our arrays of a block under PyTorch's names."""
    found = {f"self_attn.{name}": array for name, array in in_proj(arrays).items()}
    for theirs, own in _NORMS.items():
        found |= {
            f"{theirs}.weight": arrays[f"{own}_scale"],
            f"{theirs}.bias": arrays[f"{own}_shift"],
        }
    for theirs, own in _DENSE.items():
        found |= {
            f"{theirs}.weight": arrays[f"{own}_weight"].T,
            f"{theirs}.bias": arrays[f"{own}_bias"],
        }
    return found


def of_layer(grads):
    """Our names of the gradients of a TransformerEncoderLayer."""
    inside = {n.removeprefix("self_attn."): a for n, a in grads.items() if n.startswith("self")}
    found = of_in_proj(inside)
    for theirs, own in _NORMS.items():
        found |= {
            f"{own}_scale": grads[f"{theirs}.weight"],
            f"{own}_shift": grads[f"{theirs}.bias"],
        }
    for theirs, own in _DENSE.items():
        found |= {
            f"{own}_weight": grads[f"{theirs}.weight"].T,
            f"{own}_bias": grads[f"{theirs}.bias"],
        }
    return found


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("norm_first", [True, False])
def test_block_is_the_encoder_layer_of_pytorch(norm_first, activation, masked):
    layer = gn.TransformerBlock(2, hidden_units=6, activation=activation, norm_first=norm_first)
    arrays, out, slopes = ours(layer, (X, KNOWN) if masked else (X,))
    module = torch.nn.TransformerEncoderLayer(
        E, 2, 6, 0.0, activation=activation, batch_first=True, norm_first=norm_first
    )
    loaded(module, layer_arrays(arrays))
    x = leaf(X)
    theirs = module(x, src_key_padding_mask=torch.tensor(KNOWN == 0) if masked else None)
    (theirs * torch.tensor(COSINES)).sum().backward()
    np.testing.assert_allclose(out, theirs.detach().numpy(), rtol=BOUND, atol=BOUND)
    assert_close(slopes, {"x0": x.grad.numpy()} | of_layer(grads_of(module)))

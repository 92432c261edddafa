"""Attention: what is defined beside the formula, and what is refused."""

import numpy as np
import pytest

import glassnet as gn
from glassnet import graph as g
from glassnet.errors import SettingError, ShapeError
from glassnet.nn.positions import rotated

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(2)
X = RNG.normal(size=(3, 4, 6)).astype("f4")


def network(layer, *shapes):
    symbols = [gn.Input(s, dtype="int64" if len(s) == 1 else "float") for s in shapes]
    return gn.Network(inputs=symbols, outputs=layer(*symbols), seed=3)


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_query_that_may_look_at_nothing_gives_the_bias(engine):
    """And it passes no gradient on: what is hidden teaches nothing."""
    net = network(gn.MultiHeadAttention(2, 3), (4, 6), (4,))
    net.parameters["multi_head_attention.output_bias"] = np.arange(6)
    hidden = np.zeros((3, 4), int)
    np.testing.assert_array_equal(net.predict([X, hidden]), np.broadcast_to(np.arange(6), X.shape))
    before = {name: array.copy() for name, array in net.parameters.items()}
    net.fit([X, hidden], X, optimizer=gn.optim.SGD(0.1), epochs=1, engine=engine, verbose=0)
    changed = [n for n, a in net.parameters.items() if not np.array_equal(a, before[n])]
    assert changed == ["multi_head_attention.output_bias"]
    assert all(np.isfinite(array).all() for array in net.parameters.values())


def test_hidden_places_do_not_matter():
    net = network(gn.TransformerBlock(2), (4, 6), (4,))
    mask = np.array([[1, 1, 0, 0]] * 3)
    other = X.copy()
    other[:, 2:] = 100 * RNG.normal(size=(3, 2, 6))
    found, expected = (net.predict([x, mask])[:, :2] for x in (other, X))
    np.testing.assert_array_equal(found, expected)


def test_later_places_do_not_matter_where_attention_is_causal():
    net = network(gn.MultiHeadAttention(2, 4, causal=True, rotary=True), (4, 6))
    other = X.copy()
    other[:, 3] = 0
    np.testing.assert_array_equal(net.predict(other)[:, :3], net.predict(X)[:, :3])
    assert np.abs(net.predict(other)[:, 3] - net.predict(X)[:, 3]).max() > 1e-3


def test_product_of_rotary_queries_and_keys_depends_on_their_distance_alone():
    a, b = (np.broadcast_to(RNG.normal(size=6), (1, 7, 6)) for _ in range(2))  # the same everywhere
    x, y = (g.input(name, ("B", 7, 6), "float64") for name in "xy")
    with g.inside_layer("rotary", "float64"):
        s = rotated(x, "q") @ g.swapaxes(rotated(y, "k"), -1, -2)
    found = g.evaluate([s], {x: a, y: b}, batch=1)[0][0]
    for k in range(-6, 7):
        np.testing.assert_allclose(np.diagonal(found, k), found[max(0, -k), max(0, k)], rtol=1e-12)
    assert len(np.unique(found.round(6))) == 13


def test_position_is_what_attention_cannot_see_without_encoding():
    plain = network(gn.MultiHeadAttention(2, 3), (4, 6))
    turned = X[:, ::-1]
    np.testing.assert_allclose(plain.predict(turned)[:, ::-1], plain.predict(X), atol=1e-6)
    layers = [gn.PositionalEncoding(), gn.MultiHeadAttention(2, 3)]
    net = gn.Network(layers, input_shape=(4, 6), seed=3)
    assert np.abs(net.predict(turned)[:, ::-1] - net.predict(X)).max() > 1e-2


def test_dropout_of_attention_is_gone_in_prediction():
    with_dropout, without = (
        gn.Network([gn.TransformerBlock(2, dropout=rate)], input_shape=(4, 6), seed=3)
        for rate in (0.5, 0.0)
    )
    np.testing.assert_array_equal(with_dropout.predict(X), without.predict(X))
    source = with_dropout.training_program(loss="mse").source()
    assert source.count("dropout_mask((len(x), ") == 3


def test_longest_sequence_of_the_test_has_finite_waves():
    net = gn.Network([gn.PositionalEncoding()], input_shape=(2000, 4))
    found = net.predict(np.zeros((1, 2000, 4), "f4"))
    assert np.abs(found).max() <= 1
    np.testing.assert_allclose(found[0, 1999, 0], np.sin(1999.0), atol=1e-4)


HEADS = gn.MultiHeadAttention(2, 3)
BLOCK = gn.TransformerBlock(4)


BAND = np.abs(np.arange(4)[:, None] - np.arange(5)) < 2


def banded(mask, *inputs, **settings):
    """Attention of 4 places to 5 others, of which a mask shows each some."""
    layer = gn.MultiHeadAttention(2, 4, attention_mask=mask, **settings)
    symbols = [gn.Input(s, dtype=d) for s, d in (((4, 6), "float"), ((5, 6), "float"), *inputs)]
    return gn.Network(inputs=symbols, outputs=layer(*symbols), seed=3, dtype="float64")


@pytest.mark.parametrize("groups", [None, 1])
@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_attention_mask_for_all_rows_is_that_of_each(engine, groups):
    x, v = RNG.normal(size=(3, 4, 6)), RNG.normal(size=(3, 5, 6))
    known = np.array([[1, 1, 1, 0, 0], [1] * 5, [0, 1, 1, 1, 1]])
    keys, pairs = ((5,), "int64"), ((4, 5), "int64")
    each = np.tile(BAND, (3, 1, 1)).astype(int)
    settings = {"num_key_value_heads": groups}
    rows = [
        (banded(BAND, keys, **settings), [x, v, known]),
        (banded("input", keys, pairs, **settings), [x, v, known, each]),
        (banded("input", pairs, **settings), [x, v, each * known[:, None]]),
    ]
    fit = {"epochs": 3, "engine": engine, "verbose": 0}
    curves = [net.fit(given, x, **fit)["loss"] for net, given in rows]
    np.testing.assert_allclose(curves[1:], curves[:1] * 2, rtol=1e-12)
    without = banded(None, keys, **settings).fit([x, v, known], x, **fit)["loss"]
    assert abs(without[0] - curves[0][0]) > 1e-6


def test_attention_mask_is_kept_in_files_and_has_a_derived_gradient(tmp_path):
    net, x, v = banded(BAND), RNG.normal(size=(3, 4, 6)), RNG.normal(size=(3, 5, 6))
    net.save(tmp_path / "net.safetensors")
    again = gn.load(tmp_path / "net.safetensors")
    np.testing.assert_array_equal(again.predict([x, v]), net.predict([x, v]))
    assert gn.checks.check_gradients(net, [x, v], x, loss="mse").worst < 1e-6


@pytest.mark.parametrize(("act", "error", "message"), [
    (lambda: banded(BAND.T), ShapeError,
     (r"In layer 'multi_head_attention'.* the attention mask \(5, 4\) must say of each of the 4 "
      r"places of the query \(B, 4, 6\) which of the 5 of the key \(B, 5, 6\) it may look at\. "
      r"Give a mask of the shape \(4, 5\)\.")),
    (lambda: banded("input", ((5, 4), "int64")), ShapeError,
     r"mask \(B, 5, 4\) must.* Give a mask of the shape \(B, 4, 5\), as the last input"),
    (lambda: gn.MultiHeadAttention(2, 3, attention_mask="input")(gn.Input((4, 6))), ShapeError,
     r"the last input is the mask \(B, T, S\), behind the sequences"),
    (lambda: banded("inputs"), SettingError, "or 'input' for one of each row .* got 'inputs'"),
    (lambda: banded(np.ones(4)), SettingError, r"array \(T, S\) of 0 and 1.* the shape \(4,\)"),
    (lambda: network(HEADS, (4, 6), (3, 6), (5, 6)), ShapeError,
     (r"In layer 'multi_head_attention', called on \(B, 4, 6\) and \(B, 3, 6\) and \(B, 5, 6\): "
      r"the key \(B, 5, 6\) has 5 places and the value \(B, 3, 6\) has 3: each key stands for one "
      r"value\. Give both the same length\.")),
    (lambda: network(HEADS, (4, 6), (5,)), ShapeError,
     (r"called on \(B, 4, 6\) and \(B, 5\): the mask \(B, 5\) says of 5 places whether they are "
      r"known, and the key \(B, 4, 6\) has 4\. Give a mask of the shape \(B, 4\)\.")),
    (lambda: gn.Network([HEADS], input_shape=(6,)), ShapeError,
     r"attention takes sequences \(B, T, features\).* gn\.Embedding"),
    (lambda: gn.Network([BLOCK], input_shape=(5, 6)), ShapeError,
     (r"In layer 'transformer_block', called on \(B, 5, 6\): the width 6 cannot be shared by 4 "
      r"heads evenly\. Let num_heads divide it \(1, 2, 3 or 6\), or give key_dim")),
    (lambda: network(BLOCK, (4, 8), (4, 8)), ShapeError,
     r"a block takes one sequence .* For two sequences take gn\.MultiHeadAttention"),
    (lambda: gn.MultiHeadAttention(4, 2, num_key_value_heads=3), SettingError,
     (r"4 heads of queries cannot share 3 of keys and values evenly\. Let num_key_value_heads "
      r"divide num_heads: 1, 2 or 4\.")),
    (lambda: gn.TransformerBlock(2, num_key_value_heads=3)(gn.Input((4, 6))), SettingError,
     "2 heads of queries cannot share 3"),
    (lambda: gn.MultiHeadAttention(2, 3, rotary=True), SettingError, "must be even, got 3"),
    (lambda: gn.MultiHeadAttention(0, 3), SettingError, "num_heads must be a whole number"),
    (lambda: gn.MultiHeadAttention(2, 3, dropout=1), SettingError, "from 0 up to 1, got 1"),
    (lambda: gn.TransformerBlock(2, epsilon=0), SettingError, "epsilon must be more than 0"),
    (lambda: gn.Network([gn.PositionalEncoding()], input_shape=(4, 5)), ShapeError,
     r"the features must be even, got \(B, 4, 5\)\. Take 6 features, or gn\.PositionalEmbedding"),
    (lambda: gn.Network([gn.PositionalEmbedding()], input_shape=(5,)), ShapeError,
     r"positions are those of sequences \(B, T, features\), got \(B, 5\)"),
    (lambda: gn.Distance()(gn.Input((3,)), gn.Input((4,))), ShapeError,
     r"In layer 'distance'.* do not broadcast"),
    (lambda: gn.SeasonalNaive(2, 5)(gn.Input((4,))), ShapeError,
     "a season of 5 is longer than a window of 4"),
    (lambda: gn.WindowDeviation()(gn.Input((4, 1))), ShapeError, r"a window is \(B, W\)"),
    (lambda: gn.ScaledWindow()(gn.Input((4,)), gn.Input((4,))), ShapeError,
     r"s must be \(B, 1\)"),
    (lambda: gn.losses.Contrastive(margin=0), SettingError, "margin must be more than 0, got 0"),
    (lambda: gn.losses.Triplet(margin=-1), SettingError, "margin must be more than 0, got -1"),
    (lambda: gn.Network([gn.Dense(1)], input_shape=(2,)).training_program(loss="triplet"),
     ShapeError, r"two distances or more, \(B, 2\), got \(B, 1\)"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_with_the_cure(act, error, message):
    with pytest.raises(error, match=message):
        act()


def test_summary_of_a_block_lists_its_arrays_below_it():
    codes = gn.Input((6,), dtype="int64", name="codes")
    h = gn.TransformerBlock(2)(gn.PositionalEncoding()(gn.Embedding(9, 8)(codes)), codes)
    lines = gn.Network(inputs=codes, outputs=gn.Dense(1)(h)).summary().splitlines()
    assert max(map(len, lines)) <= 80
    at = next(i for i, line in enumerate(lines) if line.startswith("transformer_block"))
    assert lines[at + 1 : at + 4] == [
        "  from positional_encoding, codes",
        "  program scale_a2, shift_a2, Wq2, bq2, Wk2, bk2, Wv2, bv2, Wo2, bo2, scale_f2,",
        "       shift_f2, Wu2, bu2, Wd2, bd2",
    ]


@pytest.mark.parametrize("rows", [1, 2, 16, 17])
def test_row_alone_is_the_row_among_others_to_the_bit(rows):
    codes = gn.Input((6,), dtype="int64")
    h = gn.TransformerBlock(2, causal=True)(
        gn.PositionalEncoding()(gn.Embedding(9, 8)(codes)), codes
    )
    h = gn.MultiHeadAttention(4, 2, num_key_value_heads=2, rotary=True)(h)
    net = gn.Network(inputs=codes, outputs=gn.Dense(2)(gn.Flatten()(h)), seed=1)
    x = RNG.integers(0, 9, (40, 6))
    parts = [net.predict(x[i : i + rows]) for i in range(0, 40, rows)]
    np.testing.assert_array_equal(np.concatenate(parts), net.predict(x))

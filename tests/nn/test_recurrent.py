"""What only recurrent layers have: masks, states that are given, both ways, their errors."""

import numpy as np
import pytest

import glassnet as gn
from glassnet.errors import SettingError, ShapeError

KINDS = [gn.SimpleRNN, gn.LSTM, gn.GRU]
T, I = 6, 3  # noqa: E741 - the shape letters of the project


def network(*layers, **settings):
    return gn.Network(layers, input_shape=(T, I), dtype="float64", seed=1, **settings)


def sequences(n=5):
    return np.random.default_rng(0).normal(size=(n, T, I))


@pytest.mark.parametrize("kind", KINDS)
def test_filling_changes_nothing_wherever_it_stands(kind):
    net = network(gn.Masking(), kind(4))
    x = sequences()
    short = gn.Network([kind(4)], input_shape=(T - 2, I), dtype="float64")
    for name, array in net.parameters.items():
        short.parameters[name] = array
    expected = short.predict(np.delete(x, [1, 4], axis=1))
    x[:, [1, 4]] = 0
    np.testing.assert_allclose(net.predict(x), expected, rtol=1e-13)


@pytest.mark.parametrize("backwards", [False, True])
def test_states_of_filling_are_those_of_the_step_before(backwards):
    net = network(gn.Masking(), gn.LSTM(4, return_sequences=True, go_backwards=backwards))
    x = sequences()
    x[:, 2:4] = 0
    h = net.predict(x)
    before = 4 if backwards else 1
    np.testing.assert_array_equal(h[:, 2], h[:, before])
    np.testing.assert_array_equal(h[:, 3], h[:, before])


def test_mask_goes_through_layers_that_keep_the_steps():
    x = sequences()
    x[:, 4:] = 0
    inside = [gn.Dense(I, "tanh"), gn.Dropout(0.1), gn.GRU(4, return_sequences=True), gn.LSTM(2)]
    net = network(gn.Masking(), *inside)
    kept = gn.Network(inside, input_shape=(4, I), dtype="float64")
    for name in list(kept.parameters):
        kept.parameters[name] = net.parameters[name]
    np.testing.assert_allclose(net.predict(x), kept.predict(x[:, :4]), rtol=1e-13)


def test_mask_ends_where_the_steps_end():
    net = network(gn.Masking(), gn.Flatten(), gn.Reshape((T, I)), gn.LSTM(2))
    plain = network(gn.LSTM(2))
    for name, array in net.parameters.items():
        plain.parameters[name] = array
    x = sequences()
    x[:, 4:] = 0
    np.testing.assert_array_equal(net.predict(x), plain.predict(x))


def test_code_zero_is_filling_where_the_embedding_says_so():
    codes = gn.Input((T,), dtype="int64")
    outputs = gn.GRU(4)(gn.Embedding(9, 3, mask_zero=True)(codes))
    net = gn.Network(inputs=codes, outputs=outputs, dtype="float64")
    left, right = [[3, 5, 7, 0, 0, 0]], [[0, 3, 0, 5, 0, 7]]
    np.testing.assert_array_equal(net.predict(left), net.predict(right))
    assert np.abs(net.predict([[3, 5, 7, 1, 1, 1]]) - net.predict(left)).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_state_goes_on_from_where_another_call_ended(kind):
    x, size = sequences(), 8 if kind is gn.LSTM else 4
    whole = network(kind(4, return_state=True))
    symbol, state = gn.Input((3, I)), gn.Input((size,), name="state")
    layer = kind(4, return_state=True)
    part = gn.Network(inputs=[symbol, state], outputs=layer(symbol, state), dtype="float64")
    for name, array in whole.parameters.items():
        part.parameters[name] = array
    middle = part.predict([x[:, :3], np.zeros((5, size))])
    np.testing.assert_allclose(part.predict([x[:, 3:], middle]), whole.predict(x), rtol=1e-13)


def test_both_ways_are_two_layers():
    x = sequences()
    net = network(gn.Bidirectional(gn.LSTM(4)))
    assert list(net.parameters) == [
        f"bidirectional.{way}_{array}" for way in ("forward", "backward")
        for array in ("weight", "recurrent_weight", "bias")
    ]  # fmt: skip
    for way, backwards, part in (("forward", False, slice(4)), ("backward", True, slice(4, 8))):
        one = network(gn.LSTM(4, go_backwards=backwards))
        for name in one.parameters:
            array = name.split(".")[1]
            one.parameters[name] = net.parameters[f"bidirectional.{way}_{array}"]
        np.testing.assert_array_equal(net.predict(x)[:, part], one.predict(x))


def test_dropout_of_a_state_is_one_mask_for_all_steps():
    text = network(gn.GRU(4, recurrent_dropout=0.5), gn.Dense(1)).training_program().source()
    assert text.count("dropout_mask((len(x), 4), np.float64, 0.5, seed, 1, n_updates)") == 1
    loop = text[text.index("    for t in range(6):") :]
    assert "dropout_mask" not in loop


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gn.Network([gn.LSTM(4)], input_shape=(3,)),
         r"In layer 'lstm', called on \(B, 3\): sequences .* are needed, got \(B, 3\).*gn.Reshape"),
        (lambda: gn.GRU(4)(gn.Input((6, 3)), gn.Input((5,))),
         r"In layer 'gru', called on .*: the state \(h\) must be \(B, 4\), .* got \(B, 5\)\. Give"),
        (lambda: gn.LSTM(4)(gn.Input((6, 3)), gn.Input((4,)), gn.Input((4,))),
         r"In layer 'lstm'.*takes one state, got 2. Give h and c as one input, .*Input\(\(8,\)"),
        (lambda: gn.TimeDistributed(gn.Dense(2))(gn.Input((6,))),
         r"In layer 'time_distributed', called on \(B, 6\): sequences \(B, T, \.\.\.\)"),
        (lambda: gn.Masking()(gn.Input((6,))), r"In layer 'masking'.*sequences"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_name_the_layer_and_the_cure(make, message):
    with pytest.raises(ShapeError, match=message):
        make()


class Cut(gn.Layer):
    """Nothing is left of the sequence."""

    def formula(self, x):
        return x[:, :0]


@pytest.mark.parametrize("layer", [*(kind(4) for kind in KINDS), gn.TimeDistributed(gn.Flatten())])
def test_sequence_of_no_step_is_refused(layer):
    with pytest.raises(ShapeError, match=r"In layer '\w+', called on \(B, 0, 3\): .*at least"):
        gn.Network([Cut(), layer], input_shape=(6, 3))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gn.LSTM(0), "LSTM: units must be a whole number of at least 1, got 0"),
        (lambda: gn.GRU(4, dropout=1.0), "GRU: dropout must be from 0 up to 1, got 1.0"),
        (lambda: gn.LSTM(4, recurrent_dropout="a"), "LSTM: recurrent_dropout must be from 0"),
        (lambda: gn.LSTM(4, True, return_state=True), "return_sequences gives all steps"),
        (lambda: gn.Bidirectional(gn.Dense(3)), "Bidirectional takes a recurrent layer"),
        (lambda: gn.Bidirectional(gn.GRU(3), "or"), "merge must be one of concat, sum, mul, ave"),
        (lambda: gn.TimeDistributed(3), "TimeDistributed takes a layer, got 3"),
    ],
)
def test_settings_that_cannot_be_are_refused(make, message):
    with pytest.raises(SettingError, match=message):
        make()


def test_state_of_another_batch_size_is_refused():
    x, h = gn.Input((6, 3), name="x"), gn.Input((4,), name="h")
    net = gn.Network(inputs=[x, h], outputs=gn.GRU(4)(x, h))
    with pytest.raises(gn.errors.DataError, match=r"\bh\b") as caught:
        net.predict([sequences(5), np.zeros((4, 4))])
    assert "5" in str(caught.value)
    assert "4" in str(caught.value)


@pytest.mark.parametrize("engine", ["numpy", "auto"])
def test_mask_that_hides_a_whole_row_is_refused(engine):
    net = network(gn.Masking(), gn.LSTM(4), gn.Dense(1))
    x = sequences()
    x[3] = 0
    message = (
        r"In layer 'lstm', the mask hides all 6 steps of x, row 3: there is nothing to go through. "
        r"Its mask is \(6,\) of False; give the row a step that counts, or leave it out."
    )
    with pytest.raises(gn.errors.DataError, match=message):
        net.fit(x, np.ones((5, 1)), engine=engine, verbose=0)
    with pytest.raises(gn.errors.DataError, match=message):
        net.predict(x)
    assert np.isfinite(net.predict(x[:3])).all()


def test_words_that_are_all_filling_are_refused():
    codes = gn.Input((T,), name="words", dtype="int64")
    net = gn.Network(
        inputs=codes, outputs=gn.GRU(4, name="reader")(gn.Embedding(9, 3, mask_zero=True)(codes))
    )
    with pytest.raises(gn.errors.DataError, match=r"layer 'reader', the mask .* of words, row 1"):
        net.predict([[1, 2, 0, 0, 0, 0], [0] * T])


def test_summary_counts_the_products_of_every_step():
    net = gn.Network([gn.LSTM(5), gn.Dense(2)], input_shape=(7, 3))
    text = net.summary()
    assert f"  {7 * (3 + 5) * 20:,}  " in text
    assert f"A row takes {7 * (3 + 5) * 20 + 5 * 2:,} multiplications" in text

"""What people read: golden files, the design's aim, and rules that every printed line keeps."""

import ast
import re
from dataclasses import dataclass

import pytest
from cases.networks import BY_NAME, ROWS

import glassnet as gn
from glassnet import graph as g
from glassnet.optim import schedules as s
from glassnet.optim.optimizer import OPTIMIZERS
from glassnet.program import evaluation_program
from glassnet.train.objectives import objectives_of

AIM = """\
def step(x, y, W1, b1, W2, b2, learning_rate):
    # forward
    z1 = x @ W1 + b1                          # (B, 4)
    a1 = sigmoid(z1)                          # (B, 4)
    z2 = a1 @ W2 + b2                         # (B, 1)
    # loss: binary cross-entropy, on the logit
    #   -mean(y ln a2 + (1 - y) ln(1 - a2)) with a2 = sigmoid(z2)
    loss = np.mean(softplus(z2) - y * z2)     # ()
    # backward
    dz2 = (sigmoid(z2) - y) / len(x)          # (B, 1)
    dW2 = a1.T @ dz2                          # (4, 1)
    db2 = dz2.sum(axis=0)                     # (1,)
    da1 = dz2 @ W2.T                          # (B, 4)
    dz1 = da1 * a1 * (1 - a1)                 # (B, 4)
    dW1 = x.T @ dz1                           # (3, 4)
    db1 = dz1.sum(axis=0)                     # (4,)
    # update: gradient descent
    W1 -= learning_rate * dW1
    b1 -= learning_rate * db1
    W2 -= learning_rate * dW2
    b2 -= learning_rate * db2
    return loss
"""
FREE_CALLS = {"len", "adam", "np.arange", "math.sqrt", "range", "reversed", "np.zeros", "np.empty"}
PREDICTED = ("lstm_text", "softmax_dropout", "two_outputs", "prepared", "custom", "attention",
             "batch_normalization", "forecast")  # fmt: skip
EVALUATED = ("relu_adam", "softmax_dropout", "two_outputs", "batch_normalization", "tags",
             "variational")  # fmt: skip
SCHEDULES = [
    s.Constant(0.1), s.Step(0.1), s.Exponential(0.1), s.Polynomial(0.1, power=2),
    s.Cosine(0.1, end=0.01, restarts=True), s.Warmup(0.1), s.Warmup(0.1, then=s.Cosine(0.1)),
    s.OneCycle(0.1), s.Warmup(0.1, then=s.OneCycle(0.1)), s.OnPlateau(0.1),
]  # fmt: skip


def function_of(source):
    return source[source.index("def step") :]


def without_alignment(text):
    return re.sub(r" +#", " #", text)


def evaluation(row):
    net = row.build()
    found = objectives_of(net, row.loss, row.metrics, row.data().y)
    return evaluation_program(net.topology, net.dtype, found.each)


def every_program():
    """(what it is, text): of every network, loss, optimiser, schedule and activation."""
    for row in ROWS:
        yield row.name, row.program(row.build()).source()
        yield f"{row.name}, prediction", row.build().prediction_program().source()
        yield f"{row.name}, evaluation", evaluation(row).source()
    net = BY_NAME["softmax_dropout"].build()
    for loss in sorted(set(gn.losses.LOSSES) - {"ctc"}):  # that of the row "spoken"
        yield loss, net.training_program(loss=loss, metrics=["accuracy"]).source()
    small = BY_NAME["aim"].build()
    for name in OPTIMIZERS:
        yield name, small.training_program(optimizer=name).source()
    for schedule in SCHEDULES:
        yield repr(schedule), small.training_program(optimizer=gn.optim.SGD(schedule)).source()
    yield "long words", wordy().training_program(metrics=LONG_METRICS).source()
    for activation in [*gn.nn.activations.ACTIVATIONS, "prelu"]:
        layers = [gn.Dense(3, activation), gn.Dense(1)]
        yield activation, gn.Network(layers, input_shape=(2,)).training_program().source()


LONG_METRICS = ["mean_absolute_error", "root_mean_squared_error"]


def wordy():
    """Two outputs whose losses, metrics and formulas take much room."""
    x = gn.Input((4,))
    h = gn.Flatten()(gn.Dense(3, "softmax")(gn.Reshape((2, 2))(x)))
    penalty = gn.regularizers.L1L2(0.1, 0.2)
    outputs = [gn.Dense(3, "softmax", weight_regularizer=penalty)(h) for _ in range(2)]
    return gn.Network(inputs=x, outputs=outputs)


PROGRAMS = dict(every_program())


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_training_program_is_as_it_was_read_last(row, golden):
    golden(f"{row}.py", row.program(row.build()).source("numpy"))


@pytest.mark.parametrize("name", PREDICTED)
def test_prediction_program_is_as_it_was_read_last(name, golden):
    golden(f"{name}_predict.py", BY_NAME[name].build().prediction_program().source("numpy"))


@pytest.mark.parametrize("name", EVALUATED)
def test_evaluation_program_is_as_it_was_read_last(name, golden):
    golden(f"{name}_evaluate.py", evaluation(BY_NAME[name]).source("numpy"))


def test_lbfgs_program_gives_loss_and_gradients(golden):
    net = BY_NAME["aim"].build()
    golden("lbfgs.py", net.training_program(optimizer="lbfgs").source("numpy"))


def test_aim_of_the_design_is_met_to_the_word():
    row = BY_NAME["aim"]
    printed = function_of(row.program(row.build()).source())
    assert without_alignment(printed) == without_alignment(AIM)


def loss_heading(activation, units, loss, **settings):
    net = gn.Network([gn.Dense(units, activation)], input_shape=(2,))
    text = function_of(net.training_program(loss=loss, **settings).source())
    return [line.strip() for line in text.splitlines() if line.strip().startswith("#")][1:3]


@pytest.mark.parametrize(("loss", "formula"), [
    (gn.losses.BinaryCrossentropy(), "-mean(y ln a + (1 - y) ln(1 - a)) with a = sigmoid(z)"),
    (gn.losses.BinaryCrossentropy(label_smoothing=0.1),
     "-mean(y ln a + (1 - y) ln(1 - a)) with a = sigmoid(z) and y smoothed by 0.1"),
    (gn.losses.CategoricalCrossentropy(),
     "-mean(sum of y ln a over the classes) with a = softmax(z)"),
    (gn.losses.SparseCategoricalCrossentropy(), "-mean(ln a[y]) with a = softmax(z)"),
    (gn.losses.KlDivergence(), "mean(sum of y ln(y / a) over the classes) with a = softmax(z)"),
])  # fmt: skip
def test_loss_on_the_logits_is_headed_by_the_formula_of_the_textbook(loss, formula):
    binary = isinstance(loss, gn.losses.BinaryCrossentropy)
    lines = loss_heading("sigmoid" if binary else "softmax", 1 if binary else 3, loss)
    assert lines == [f"# loss: {loss.title}", f"#   {formula}"]


def test_formula_of_the_textbook_says_that_its_mean_is_weighted():
    lines = loss_heading("sigmoid", 1, "binary_crossentropy", sample_weight=True)
    assert lines[1] == "#   -weighted mean(y ln a + (1 - y) ln(1 - a)) with a = sigmoid(z)"


@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_other_losses_have_one_line_of_heading(activation):
    assert loss_heading(activation, 1, "mse") == ["# loss: mean squared error", "# backward"]


def test_embedding_is_printed_in_words():
    code = gn.Input((), dtype="int64", name="code")
    net = gn.Network(inputs=code, outputs=gn.Dense(1)(gn.Embedding(3, 2)(code)))
    for program in (net.prediction_program(), net.training_program()):
        text = without_alignment(program.source())
        assert "known1 = np.logical_and(code >= 0, code < 3) # (B,)\n" in text
        assert "safe1 = np.where(known1, code, 0) # (B,)\n" in text
        assert "mask1 = known1.astype(np.float32)[..., None] # (B, 1)\n" in text
        assert "embedded1 = W1[safe1] * mask1 # (B, 2)\n" in text
        assert "part" not in text


def test_what_only_keeps_the_weights_in_bounds_is_remarked():
    layers = [gn.Dense(1, weight_constraint=gn.nn.regularizers.MaxNorm(3.0))]
    net = gn.Network(layers, input_shape=(2,))
    lines = net.training_program(optimizer=gn.optim.SGD(clip_norm=0.5)).source().splitlines()
    above = {line.split(" = ")[0].split(" *")[0].strip(): i - 1 for i, line in enumerate(lines)}
    assert lines[above["norm"]].strip() == (
        "# clip_norm: all gradients together no longer than 0.5; "
        "1e-6, so that nothing is divided by 0"
    )
    assert lines[above["W"]].strip() == (
        "# constraint of W: max-norm, the weights into each unit have a length of at most 3"
    )


def test_constraint_of_a_users_own_is_remarked_by_its_name():
    class NotNegative:
        def formula(self, w):
            return g.maximum(w, 0)

    net = gn.Network([gn.Dense(1, weight_constraint=NotNegative())], input_shape=(2,))
    text = net.training_program(optimizer="sgd").source()
    assert "    # constraint of W: not_negative\n    W[...] = np.maximum(W, 0)\n" in text


def test_source_shows_itself_at_the_prompt():
    text = BY_NAME["aim"].build().prediction_program().source()
    assert isinstance(text, str)
    assert repr(text) == str(text)
    assert repr(text).startswith("import numpy as np\n\n\ndef sigmoid(x):\n")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rule_of_the_optimizer_calls_its_settings_by_name(dtype):
    net = gn.Network([gn.Dense(1)], input_shape=(2,), dtype=dtype)
    text = net.training_program(optimizer=gn.optim.Adam(beta1=0.8)).source()
    # In float64, 1 - 0.8 is not the number 0.2 with which the step is computed.
    rest = "(1 - {})" if dtype == "float32" else "round(1 - {}, 15)"
    assert "def adam(w, dw, m, v, learning_rate, t, beta_1=0.8, beta_2=0.999, epsilon=1e-8)" in text
    assert f"m += {rest.format('beta_1')} * (dw - m)" in text
    assert "m_hat = m / (1 - beta_1**t)" in text


def test_number_that_a_setting_has_by_chance_is_not_called_after_it():
    net = gn.Network([gn.Dense(1)], input_shape=(2,))
    text = net.training_program(optimizer=gn.optim.Nadam(beta1=0.5)).source()
    assert "mu = beta_1 * (1 - 0.5 * 0.96**(momentum_decay * t))" in text


def test_settings_of_a_rule_never_hide_its_arrays():
    @dataclass(frozen=True)
    class Hidden(gn.optim.Optimizer):
        slots = {"v": 0.0}  # noqa: RUF012
        v: float = 0.5

        def update(self, w, dw, learning_rate, t, **slots):
            v = self.setting("v") * slots["v"] + dw
            return {"v": v, "w": w - learning_rate * v}

    try:
        net = gn.Network([gn.Dense(1)], input_shape=(2,))
        text = net.training_program(optimizer=Hidden()).source()
        assert "def hidden(w, dw, v, learning_rate):" in text
        assert "v[...] = 0.5 * v + dw" in text
    finally:
        del OPTIMIZERS["hidden"]


def test_known_numbers_are_printed_as_formulas():
    def both(z):
        return z * g.normal_cdf(z) + g.erf(z)

    net = gn.Network([gn.Dense(2, both), gn.Dense(1)], input_shape=(2,))
    text = net.training_program().source()
    assert "1 / math.sqrt(2 * math.pi) * " in text
    assert "2 / math.sqrt(math.pi) * " in text
    assert not re.search(r"0\.398|1\.128", text)


def test_bits_of_random_words_are_a_matter_of_helpers():
    text = PROGRAMS["softmax_dropout"]
    assert re.findall(r"^def (\w+)", text, flags=re.MULTILINE)[:4] == [
        "philox", "fractions", "uniform", "dropout_mask"
    ]  # fmt: skip
    assert not {">>", "uint64", "Philox"} & set(re.findall(r">>|\w+", function_of(text)))


def test_frozen_layer_has_no_gradient_in_the_text():
    row = BY_NAME["frozen"]
    text = row.program(row.build()).source()
    assert not {"dW1", "db1", "dz1", "da1"} & set(re.findall(r"\w+", text))
    assert {"dW2", "db2", "dz2"} <= set(re.findall(r"\w+", text))


@pytest.mark.parametrize("what", PROGRAMS)
def test_no_line_is_longer_than_a_page_is_wide(what):
    assert [line for line in PROGRAMS[what].splitlines() if len(line) > 100] == []


@pytest.mark.parametrize("what", PROGRAMS)
def test_every_value_has_its_shape_and_a_text_without_noise(what):
    body = re.split(r"^def (?:step|predict|evaluate)\(", PROGRAMS[what], flags=re.MULTILINE)[1]
    for line in re.findall(r"^    \w+ = .*", body, flags=re.MULTILINE):
        assert re.search(r"  # \(.*\)$", line), line
    assert "--" not in body
    assert not re.search(r"0000\d|9999\d", body)


@pytest.mark.parametrize("what", PROGRAMS)
def test_nothing_is_computed_twice(what):
    """No formula with an operation in it stands twice in the function of the step."""
    function = ast.parse(PROGRAMS[what]).body[-1]
    # What costs nothing (x.T, len(x), 1 - 0.9) may: only calls and products of arrays count.
    costly = [
        ast.unparse(node)
        for node in ast.walk(function)
        if (isinstance(node, ast.Call) and ast.unparse(node.func) not in FREE_CALLS)
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult | ast.Pow))
    ]
    twice = {text for text in costly if costly.count(text) > 1 and "t - 1" not in text}
    assert twice == set()


@pytest.mark.parametrize("what", PROGRAMS)
def test_no_value_is_left_unused(what):
    function = ast.parse(PROGRAMS[what]).body[-1]
    names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    made = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    read = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    changed = {node.target.id for node in ast.walk(function) if isinstance(node, ast.AugAssign)}
    assert made - read - changed == set()


def test_unknown_language_is_an_error_that_names_the_known_ones():
    with pytest.raises(gn.errors.UnknownNameError, match=r"no language 'nunpy'.*mean 'numpy'"):
        BY_NAME["aim"].build().prediction_program().source("nunpy")

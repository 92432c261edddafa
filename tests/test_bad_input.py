"""Bad input, a row a case: what is said of it, to the word.

Each message names the thing, what was expected, what came, and the next step. More cases of `fit`
stand in train/test_messages.py, of tables in data/ and cli/.
"""

import os
import sys

import numpy as np
import pytest
from train.small import ENGINE, KIND, SIZE, YES, N, X, network, neuron

import glassnet as gn
from glassnet import tables
from glassnet.errors import (
    DataError,
    FileFormatError,
    GlassnetError,
    SettingError,
    ShapeError,
    UnknownNameError,
)

TABLE = "or train on the table itself: glassnet train DATA.csv --target COLUMN."
HOLES = "Fill or drop those rows, or let gn.FillMissing() be the first layer."


def fit(net=None, x=X, y=YES, **settings):
    return (net or neuron()).fit(x, y, **{"epochs": 1, **ENGINE, **settings})


class Noisy(gn.Layer):
    """Draws in prediction, too."""

    def formula(self, x):
        g = gn.graph
        return x + g.random_uniform(g.SEED, g.STEP, stream=0, shape=x.shape, dtype=x.dtype)


def coded():
    x = gn.Input((2,), dtype="int64")
    return gn.Network(inputs=x, outputs=gn.Dense(1, "sigmoid")(gn.OneHot([3, 4])(x)))


def held_out():
    """The rows that a neuron's fit holds out: the first of them, in an array."""
    from glassnet.data import split_rows

    return split_rows(N, 0.2, neuron().seed, YES)[1]


def softmax(units=3):
    return network(gn.Dense(units, "softmax"))


def holes(value, *places):
    rows = X.copy()
    for place in places:
        rows[place] = value
    return rows


def table(**columns):
    from glassnet.tables import find_fit

    return find_fit(tables.read({"x": np.arange(20.0) ** 2, **columns}), "y")


# fmt: off
SHAPES = [
    # When the network is built.
    (lambda: gn.Network([gn.Dense(2)], input_shape=()), ShapeError,
     ("In layer 'dense', called on (B,): a row must have at least one axis, got (B,). Say how "
     "many columns there are: input_shape=(10,).")),
    (lambda: gn.Network([gn.Reshape((4,))], input_shape=(3,)), ShapeError,
     ("In layer 'reshape', reshape(x0 (B, 3) float32): cannot reshape (B, 3) to (B, 4): 3 numbers "
     "do not fill 4 places. The product of the sizes must stay the same.")),
    (lambda: gn.Add()(gn.Input((2,)), gn.Input((3,))), ShapeError,
     ("In layer 'add', add(x0 (B, 2) float32, x1 (B, 3) float32): Shapes (B, 2) and (B, 3) do not "
     "broadcast: sizes (2, 3) meet in one axis. Sizes must be equal, or one of them 1.")),
    (lambda: gn.Network([gn.Dense(2)], input_shape=(0,)), ShapeError,
     ("Input: sizes must be whole numbers of at least 1, got (0,). Leave the batch out: a table of "
     "10 columns is Input((10,)).")),
    (lambda: gn.Dense(-1), SettingError,
     "Dense: units must be a whole number of at least 1, got -1."),
    (lambda: gn.Concatenate("x"), SettingError,
     "Concatenate: axis must be a whole number, got 'x'."),
    (lambda: gn.Network([16]), SettingError,
     "A network is a list of layers such as gn.Dense(16, 'relu'), got 16 in it."),
    (lambda: neuron().parameters.__setitem__("dense.weight", np.ones(3)), ShapeError,
     "dense.weight has shape (3, 1), got an array of shape (3,)."),
    # When it is trained.
    (lambda: fit(x=X[:, :2]), ShapeError,
     ("x has shape (37, 2), but the network takes rows of shape (3,): expected (n, 3). Give the "
     "columns that the network was built for, or build it for these.")),
    (lambda: fit(x=X[0]), ShapeError,
     ("x has shape (3,), but the network takes rows of shape (3,): expected (n, 3). For a single "
     "row use x.reshape(1, -1), or x[None].")),
    (lambda: fit(y=YES[:-1]), DataError,
     ("Every array must have the same number of rows, got x: 37, y['dense']: 36. Leave out the "
     "rows that one of them lacks.")),
    (lambda: fit(y=np.ones((N, 2))), ShapeError,
     "y has shape (37, 2), but binary_crossentropy on this output takes (n, 1)."),
    (lambda: fit(validation_data=5), DataError,
     "validation_data is (x, y) or (x, y, weights), got int."),
    (lambda: fit(validation_data=(X,)), DataError,
     "validation_data is (x, y) or (x, y, weights), got tuple of 1."),
]
VALUES = [
    (lambda: fit(x=holes(np.nan, (5, 1), (9, 1))), DataError,
     f"x holds NaN: column 1 (2 of them); first in row 5. {HOLES}"),
    (lambda: fit(x=holes(np.inf, (7, 0), (9, 2))), DataError,
     f"x holds infinity: column 0 (1 of them), column 2 (1 of them); first in row 7. {HOLES}"),
    (lambda: neuron().predict(holes(np.nan, (0, 0))), DataError,
     f"x holds NaN: column 0 (1 of them); first in row 0. {HOLES}"),
    (lambda: fit(neuron("linear"), y=np.where(YES, np.nan, 1.0)), DataError,
     f"y holds NaN: column 0 ({YES.sum()} of them); first in row {YES.argmax()}. Drop those rows."),
    (lambda: fit(x=np.array([["a", "b", "c"]] * N)), DataError,
     f"x must hold numbers, got text such as 'a'. Encode text as numbers first, {TABLE}"),
    (lambda: fit(x=np.array([[1.5, 2, "red"]] * N, object)), DataError,
     f"x must hold numbers, got text such as 'red'. Encode text as numbers first, {TABLE}"),
    (lambda: fit(x=np.full((N, 3), np.datetime64("2020-01-31"))), DataError,
     ("x must hold numbers, got dates such as 2020-01-31. Take numbers of them first (days, "
     f"months, hours), {TABLE}")),
    (lambda: fit(x=X + 1j), DataError,
     (f"x must hold numbers, got complex numbers such as {str(X[0, 0] + 1j)[:40]}. Give the real "
     "and the imaginary parts as columns of their own.")),
    (lambda: coded().predict([[0.5, 1.0]]), DataError,
     "x must hold whole numbers (codes), got fractions."),
    (lambda: coded().predict([[1.0, np.nan]]), DataError,
     ("x holds NaN: column 1 (1 of them); first in row 0. Give a missing category the code -1, or "
     "drop those rows.")),
    (lambda: coded().predict([[1.0, -1e300]]), DataError,
     ("x holds the code -1e+300, beyond what int64 can hold. Number the categories 0, 1, ...; an "
     "unseen one is -1.")),
    (lambda: fit(coded(), [[2.0**63, 0.0]], [1]), DataError,
     ("x holds the code 9.22337e+18, beyond what int64 can hold. Number the categories 0, 1, ...; "
     "an unseen one is -1.")),
    (lambda: fit(x=X[:0], y=YES[:0]), DataError, "x has no rows. Give at least one."),
    (lambda: neuron().predict([]), DataError, "x has no rows. Give at least one."),
]
TARGETS = [
    (lambda: fit(y=None), DataError,
     "y is None: fit needs the targets, one for each row of x."),
    (lambda: fit(y=np.array([0, 1, None] * N)[:N]), DataError,
     ("y must hold numbers, got objects such as None. Give an array of numbers; encode text first, "
     f"{TABLE}")),
    (lambda: fit(y=np.array(["no", "yes"] * N)[:N]), DataError,
     f"y must hold numbers, got text such as 'no'. Encode text as numbers first, {TABLE}"),
    (lambda: fit(y=KIND), DataError,
     ("y: binary_crossentropy takes targets from 0 to 1, got 0 to 2. For class numbers end in "
     "gn.Dense(3, 'softmax'); or correct them.")),
    (lambda: fit(y=YES - 0.5), DataError,
     ("y: binary_crossentropy takes targets from 0 to 1, got -0.5 to 0.5. Correct them; for "
     "amounts take a last layer without activation.")),
    (lambda: fit(softmax(2), y=KIND), DataError,
     ("y holds class numbers from 0 to 2, but the output has 2 classes, 0 to 1. Give the last "
     "layer 3 units, or correct the labels.")),
    (lambda: fit(softmax(2), y=KIND * 1e300), DataError,
     ("y holds class numbers from 0 to 2e+300, but the output has 2 classes, 0 to 1. Give the last "
     "layer 2e+300 units, or correct the labels.")),
    (lambda: fit(softmax(), y=KIND + 1), DataError,
     ("y holds class numbers from 1 to 3, but the output has 3 classes, 0 to 2. Number the classes "
     "from 0.")),
    (lambda: fit(softmax(), y=KIND - 1), DataError,
     ("y holds class numbers from -1 to 1, but the output has 3 classes, 0 to 2. Number the "
     "classes from 0.")),
    (lambda: table(y=["yes"] * 20), DataError,
     "The target 'y' is always 'yes': nothing can be learnt."),
    (lambda: table(y=[1.5] * 20), DataError,
     "The target 'y' is always 1.5: nothing can be learnt."),
    (lambda: table(y=[None] * 20), DataError, "The target 'y' is missing in every row."),
    (lambda: table(z=["a", "b"] * 10), UnknownNameError,
     "There is no column 'y'. Known: x, z."),
]
WEIGHTS = [
    (lambda: fit(sample_weight=np.zeros(N)), DataError,
     ("sample_weight must be 0 or more, and not 0 for every row, got only zeros. Leave it out to "
     "weigh all rows alike.")),
    (lambda: fit(sample_weight=-np.ones(N)), DataError,
     ("sample_weight must be 0 or more, and not 0 for every row, got -1.0. Leave it out to weigh "
     "all rows alike.")),
    (lambda: fit(sample_weight=np.full(N, 1e-32)), DataError,
     ("sample_weight: the largest must lie between 1e-20 and 1e+20, got 1e-32. Divide all of them "
     "by it: a mean is the same, and rounds well.")),
    (lambda: fit(sample_weight=np.full(N, 1e38)), DataError,
     ("sample_weight: the largest must lie between 1e-20 and 1e+20, got 1e+38. Divide all of them "
     "by it: a mean is the same, and rounds well.")),
    (lambda: fit(class_weight={0: 1e-32, 1: 2e-32}), SettingError,
     ("class_weight: the largest must lie between 1e-20 and 1e+20, got 2e-32. Divide all of them "
     "by it: a mean is the same, and rounds well.")),
    (lambda: fit(sample_weight=np.arange(N) == 0, validation_split=0.2), DataError,
     ("sample_weight is 0 for every row that validation_split holds out. Give another share, or "
     "choose the rows yourself with validation_data.")),
    (lambda: fit(sample_weight=np.arange(N) == held_out()[0], validation_split=0.2), DataError,
     ("sample_weight is 0 for every row that validation_split leaves for training. Give another "
     "share, or choose the rows yourself with validation_data.")),
    (lambda: fit(sample_weight=np.ones(5)), DataError,
     "sample_weight has 5 numbers for 37 rows. Give one for each row."),
    (lambda: fit(class_weight={0: 0, 1: 0}), SettingError,
     ("class_weight is 0 for every class that occurs, got {0: 0, 1: 0}: nothing can be learnt. "
     "Give at least one of them a weight above 0.")),
    (lambda: fit(class_weight={0: "a"}), SettingError,
     "class_weight needs 2 numbers of 0 or more, got {0: 'a'}."),
    (lambda: fit(class_weight=["a", "b"]), SettingError,
     "class_weight needs 2 numbers of 0 or more, got ['a', 'b']."),
    (lambda: fit(class_weight={"yes": 1}), SettingError,
     "class_weight: there is no class 'yes', only 0 to 1."),
    (lambda: fit(loss_weights="a"), SettingError,
     "loss_weights must be numbers, 0 or more, got 'a'."),
]
SETTINGS = [
    (lambda: network(Noisy()).predict(X), SettingError,
     ("In layer 'noisy': a prediction draws no random numbers, and knows no step. Keep them to "
     "training: g.when_training(x + noise, x).")),
    (lambda: fit(network(Noisy(), gn.Dense(1)), validation_split=0.2), SettingError,
     ("In layer 'noisy': a prediction draws no random numbers, and knows no step. Keep them to "
     "training: g.when_training(x + noise, x).")),
    (lambda: fit(optimizer=gn.optim.SGD(-0.1)), SettingError,
     "SGD: learning_rate must be a number above 0, or a schedule, got -0.1."),
    (lambda: fit(optimizer=gn.optim.Adam("0.1")), SettingError,
     "Adam: learning_rate must be a number above 0, or a schedule, got '0.1'."),
    (lambda: fit(batch_size=0), SettingError,
     "batch_size must be a whole number of at least 1, got 0."),
    (lambda: fit(validation_split="0.2"), SettingError,
     "validation_split must be from 0 up to 1, got '0.2'."),
    (lambda: fit(verbose=[1]), SettingError,
     "verbose must be 'auto', 0, 1, 2, or a number of epochs for each line, got [1]."),
    (lambda: gn.Dropout(1.5), SettingError, "Dropout: rate must be from 0 up to 1, got 1.5."),
    (lambda: gn.Network([gn.Dense(1)], seed=-1), SettingError,
     "A seed is a whole number from 0 to 2**64 - 1, got -1."),
    (lambda: gn.Network([gn.Dense(1)], dtype="float16"), SettingError,
     "dtype must be 'float32' or 'float64', got 'float16'."),
]
NAMES = [
    (lambda: fit(loss="mean_square_error"), UnknownNameError,
     "There is no loss 'mean_square_error'. Did you mean 'mean_squared_error'? Known: auto, "),
    (lambda: fit(optimizer="Adams"), UnknownNameError,
     "There is no optimizer 'Adams'. Did you mean 'adam'? Known: adadelta, "),
    (lambda: gn.Dense(1, "Sigmoid"), UnknownNameError,
     "There is no activation 'Sigmoid'. Did you mean 'sigmoid'? Known: elu, "),
    (lambda: gn.Dense(1, "ReLU"), UnknownNameError,
     "There is no activation 'ReLU'. Did you mean 'relu'? Known: elu, "),
    (lambda: fit(metrics="acuracy"), UnknownNameError,
     "There is no metric 'acuracy'. Did you mean 'accuracy'? Known: accuracy, "),
    (lambda: fit(engine="nativ"), UnknownNameError,
     "There is no engine 'nativ'. Did you mean 'native'? Known: auto, native, numpy."),
    (lambda: neuron().layers["dens"], UnknownNameError,
     "There is no layer 'dens'. Did you mean 'dense'? Known: dense."),
    (lambda: neuron().parameters["dense.wieght"], UnknownNameError,
     ("There is no parameter 'dense.wieght'. Did you mean 'dense.weight'? Known: dense.bias, "
     "dense.weight.")),
    (lambda: gn.Desne, AttributeError,
     "module 'glassnet' has no attribute 'Desne'. Did you mean 'Dense'?"),
]
# fmt: on


def said(error):
    return str(error.value)


ROWS = [*SHAPES, *VALUES, *TARGETS, *WEIGHTS, *SETTINGS, *NAMES]


@pytest.mark.parametrize(("act", "kind", "message"), ROWS, ids=[m[:60] for *_, m in ROWS])
def test_message_is(act, kind, message):
    with pytest.raises(kind) as caught:
        act()
    assert said(caught).startswith(message) if "Known: " in message else said(caught) == message
    assert isinstance(caught.value, GlassnetError | AttributeError)


# What looks bad and is not.
def test_batch_larger_than_the_data_is_all_of_them():
    one, other, shuffled = neuron(), neuron(), neuron()
    fit(one, batch_size=1000, epochs=3)
    fit(other, batch_size=None, epochs=3)
    fit(shuffled, batch_size=N, epochs=3)
    for net in (other, shuffled):
        assert net.parameters["dense.weight"].tolist() == one.parameters["dense.weight"].tolist()


def test_one_class_alone_may_be_learnt_from_arrays():
    """A network may be trained on part of the classes; a table that holds one only is refused."""
    assert fit(softmax(), y=np.zeros(N, int)).epochs == 1


def test_whole_numbers_of_any_kind_are_numbers():
    for kind in (bool, np.int8, np.uint64, np.float16):
        assert fit(x=(X > 0).astype(kind)).epochs == 1
    assert fit(neuron("linear"), x=X.tolist(), y=SIZE.tolist()).epochs == 1


# Files.
def test_file_that_is_not_there_is_named(tmp_path):
    path = tmp_path / "nothing.safetensors"
    with pytest.raises(FileNotFoundError) as caught:
        gn.load(path)
    assert said(caught) == f"There is no file {path}."


def test_file_that_is_no_model_says_so(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(FileFormatError) as caught:
        gn.load(path)
    assert said(caught) == (
        f"{path} is not a whole Glassnet file: its header is longer than the file. It may be "
        "damaged or cut short; take an earlier copy."
    )


def test_checkpoint_is_no_model(tmp_path):
    fit(callbacks=[gn.callbacks.Checkpoint(tmp_path)])
    path = next(tmp_path.iterdir())
    with pytest.raises(FileFormatError, match="a checkpoint is no model file"):
        gn.load(path)


NO_TABLES = {
    "empty": b"", "only zeros": bytes(300), "picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "zip": b"PK\x03\x04" + bytes(60), "parquet": b"PAR1" + bytes(60) + b"PAR1",
    "npy": b"\x93NUMPY" + bytes(60), "one line": b"a,b\n",
    "pickled": b"\x93NUMPY\x01\x00F\x00{'descr': '|O', 'fortran_order': False, 'shape': (1,), }"
               + b" " * 12 + b"\n\x80\x04N.",
}  # fmt: skip


@pytest.mark.parametrize("name", NO_TABLES)
def test_file_that_is_no_table_is_refused_in_words(name, tmp_path):
    path = tmp_path / f"data {name}"
    path.write_bytes(NO_TABLES[name])
    with pytest.raises(DataError) as caught:
        tables.read(path)
    assert str(path) in said(caught)
    assert said(caught).endswith((".", "?"))


def test_table_that_is_not_there_or_is_a_folder_is_named(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises((DataError, OSError), match=str(path)):
            tables.read(path)


@pytest.fixture
def nobody():
    """Root may read anything, so the test is somebody else for a while."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    yield
    if root:
        os.seteuid(0)


@pytest.fixture
def locked(tmp_path):
    path = tmp_path / "locked"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    path.chmod(0)
    return path


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
@pytest.mark.parametrize("read", [gn.load, tables.read])
def test_file_that_may_not_be_read_is_named(read, locked, nobody):
    with pytest.raises((DataError, PermissionError)) as caught:
        read(locked)
    assert str(locked) in said(caught)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
def test_model_that_may_not_be_read_says_what_to_do(locked, nobody):
    with pytest.raises(PermissionError) as caught:
        gn.load(locked)
    assert said(caught) == (
        f"{locked} may not be read by you. Ask its owner, or change its permissions."
    )


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are POSIX's")
def test_folder_that_may_not_be_written_is_named(locked, nobody):
    with pytest.raises(PermissionError) as caught:
        neuron().save(locked.with_name("model"))
    assert "could not be written: Permission denied." in said(caught)
    assert said(caught).endswith("Save elsewhere.")

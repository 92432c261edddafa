"""Errors go to other processes whole: message, attributes and class."""

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pytest

from glassnet import errors
from glassnet.errors import (
    DivergenceError,
    GlassnetError,
    MissingExtraError,
    UnknownAttributeError,
    UnknownNameError,
)
from glassnet.losses.loss import find as find_loss


def below(kind):
    for one in kind.__subclasses__():
        yield one
        yield from below(one)


OWN = [GlassnetError, *(one for one in below(GlassnetError) if one.__module__ == errors.__name__)]
SPECIAL = {
    UnknownNameError: lambda: UnknownNameError("loss", "hubert", ["huber", "hinge"]),
    UnknownAttributeError: lambda: UnknownAttributeError("Network", "weights", ["fit"]),
    DivergenceError: lambda: DivergenceError("NaN", step=7, value="z1", layer="dense"),
    MissingExtraError: lambda: MissingExtraError("It is not there.", name="onnx", path="/a"),
}
WAYS = {
    "copied": copy.copy, "copied deeply": copy.deepcopy,
    **{f"pickled by protocol {n}": lambda e, n=n: pickle.loads(pickle.dumps(e, n))  # noqa: S301
       for n in range(pickle.HIGHEST_PROTOCOL + 1)},
}  # fmt: skip


def made(kind):
    return SPECIAL.get(kind, lambda: kind("what came", "what was expected"))()


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", OWN)
def test_an_error_is_the_same_after_it_was(kind, way):
    error = made(kind)
    error.remark = ["of the user"]
    other = WAYS[way](error)
    assert type(other) is kind
    assert (str(other), other.args, repr(other)) == (str(error), error.args, repr(error))
    assert vars(other) == vars(error)
    if kind is MissingExtraError:
        assert (other.name, other.path, other.msg) == ("onnx", "/a", "It is not there.")


def test_the_table_of_errors_knows_every_class():
    assert len(OWN) > 9
    assert all(kind.__name__ in errors.__doc__ for kind in OWN)


def test_an_error_of_ones_own_is_the_same_after_it_was_pickled():
    other = pickle.loads(pickle.dumps(ForeignError(3)))  # noqa: S301
    assert (str(other), other.count) == ("3 of them", 3)


class ForeignError(errors.DataError):
    def __init__(self, count):
        super().__init__(f"{count} of them")
        self.count = count


def test_an_error_comes_back_from_a_process_pool():
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(UnknownNameError, match="Did you mean 'huber'"),
    ):
        pool.submit(find_loss, "hubert").result(timeout=60)

"""The helpers of convolutions and pooling: only as general as a program's calls need."""

import itertools

import pytest

from glassnet import graph as g

SLIDING = [
    op for op in g.all_ops().values() if op.name.startswith(("conv", "max_pool", "avg_pool"))
]


def calls(**settings):
    """The helpers of a program with one convolution of such settings."""
    x, w = g.input("x", ("B", 9, 9, 4)), g.parameter("w", (3, 3, 4 // settings.get("groups", 1), 4))
    return g.conv(x, w, **settings).op.helper_for([g.conv(x, w, **settings)])


@pytest.mark.parametrize("op", SLIDING, ids=str)
def test_general_helper_has_lines_of_the_page(op):
    text = op.helper_for()
    assert max(map(len, text.splitlines())) <= 100
    compile(text, "<helper>", "exec")
    assert {f"{n}d" in text for n in (1, 2, 3)} == {True}


def test_plain_convolution_knows_of_nothing_else():
    assert (
        calls()
        == '''\
def windows2d(x, size):
    """Every window of x, as a view: nothing is copied."""
    # view[n, i, j, c, k, l] is x[n, i + k, j + l, c]
    return np.lib.stride_tricks.sliding_window_view(x, size, (1, 2), writeable=True)


def conv2d(x, w):
    """w slides over x: each window times w, summed over its places and channels."""
    parts = windows2d(x, w.shape[:2])  # (n, i, j, c, k, l)
    return np.einsum("nijckl,klco->nijo", parts, w, optimize=True)
'''
    )


SETTINGS = {"stride": (2, (1, 2)), "padding": (1, ((0, 1), (2, 1))), "dilation": (2,),
            "groups": (2,)}  # fmt: skip


@pytest.mark.parametrize("name", SETTINGS)
def test_helper_knows_the_settings_of_its_calls_alone(name):
    for value in SETTINGS[name]:
        head = next(line for line in calls(**{name: value}).splitlines() if "def conv2d" in line)
        assert [word for word in SETTINGS if f"{word}=" in head] == [name]


def test_helpers_of_all_settings_have_lines_of_the_page():
    for values in itertools.product(*((None, *options) for options in SETTINGS.values())):
        given = {k: v for k, v in zip(SETTINGS, values, strict=True) if v is not None}
        assert max(map(len, calls(**given).splitlines())) <= 100


def test_two_calls_share_one_helper_that_serves_both():
    x, w = g.input("x", ("B", 9, 9, 4)), g.parameter("w", (3, 3, 4, 4))
    nodes = [g.conv(x, w, stride=2), g.conv(x, w, padding=1), g.max_pool(x, size=2)]
    texts = {text for node in nodes for text in node.op.helper_for(nodes).split("\n\n\n")}
    assert len([text for text in texts if "def windows2d" in text]) == 1
    assert any("def conv2d(x, w, stride=1, padding=0):" in text for text in texts)
    assert any("def max_pool2d(x, size):" in text for text in texts)

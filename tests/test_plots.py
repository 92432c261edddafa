"""Pictures hold what they claim: curves, slopes, surfaces, steps, units, boxes."""

import re
import subprocess
import sys
import types

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import pyplot as plt
from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

import glassnet as gn
from glassnet import errors
from glassnet import graph as g
from glassnet.nn.activations import ACTIVATIONS
from glassnet.plots.activations import curves
from glassnet.plots.layout import layout
from glassnet.plots.plane import plane
from glassnet.train.history import History

CURVES = [name for name in ACTIVATIONS if name != "softmax"] + ["prelu"]


def swish(z):
    """z sigmoid(z)."""
    return z * g.sigmoid(z)


def texts(figure):
    return {text.get_text() for text in figure.findobj(Text)} - {""}


def line_net(dtype="float64"):
    return gn.Network([gn.Dense(1, weight_init=-1.0)], input_shape=(1,), dtype=dtype)


X = np.array([[-1.5], [-1.0], [-0.5], [0.5], [1.0], [2.0]])
Y = 2 * X + 1


# Activations


@pytest.mark.parametrize("name", [*CURVES, swish])
def test_the_slope_is_the_slope_of_the_curve(name):
    h = 1e-6
    z = np.array([-4.3, -2.2, -0.7, -0.1, 0.3, 1.1, 2.4, 5.2])  # away from every kink
    (low, _), (high, _), (_, slope) = curves(name, z - h), curves(name, z + h), curves(name, z)
    assert slope == pytest.approx((high - low) / (2 * h), abs=1e-7)


def test_activations_are_drawn_side_by_side_with_their_slopes():
    figure = gn.plots.activations("sigmoid", "relu", swish, between=(-3, 3))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["sigmoid", "relu", "swish"]
    assert {"activation", "its slope", "1 / (1 + e^-z)", "z sigmoid(z)"} <= texts(figure)
    lines = {line.get_label(): line for line in figure.axes[0].get_lines()}
    z, a = lines["activation"].get_data()
    assert (z[0], z[-1]) == (-3, 3)
    assert a == pytest.approx(1 / (1 + np.exp(-z)))
    assert lines["its slope"].get_ydata() == pytest.approx(a * (1 - a))


def test_the_slope_of_relu_has_a_gap_where_it_jumps():
    figure = gn.plots.activations("relu")
    slope = next(x for x in figure.axes[0].get_lines() if x.get_label() == "its slope").get_ydata()
    assert np.isnan(slope).sum() == 1
    assert set(slope[~np.isnan(slope)]) == {0, 1}


@pytest.mark.parametrize(("functions", "message"), [
    ((), "draws one or more functions"),
    (("softmax",), "takes several numbers of a row together"),
    (("rleu",), "Did you mean 'relu'"),
    ((lambda z: 3.0,), "must be written in graph ops"),
])  # fmt: skip
def test_what_is_no_curve_is_refused(functions, message):
    with pytest.raises(errors.GlassnetError, match=message):
        gn.plots.activations(*functions)


# The loss as a surface


def test_the_surface_is_the_loss_of_the_network():
    net = line_net()
    ground = plane(net, X, Y, "auto", None)
    assert ground.names == ("dense.weight[0, 0]", "dense.bias[0]")
    us, vs = np.linspace(-2, 3, 4), np.linspace(-1, 2, 3)
    for (i, v), (j, u) in [((i, v), (j, u)) for i, v in enumerate(vs) for j, u in enumerate(us)]:
        net.parameters["dense.weight"], net.parameters["dense.bias"] = [[u]], [v]
        expected = net.evaluate(X, Y)["loss"]
        assert ground.surface(us, vs)[i, j] == pytest.approx(expected, rel=1e-12)


def test_the_steps_are_those_of_gradient_descent():
    points, losses = plane(line_net(), X, Y, "auto", None).descent((-1, 0), 0.2, 12)
    for n in (1, 5, 12):
        net = line_net()
        net.fit(X, Y, optimizer=gn.optim.SGD(0.2), epochs=n, batch_size=None, engine="numpy",
                verbose=0)  # fmt: skip
        own = [net.parameters["dense.weight"][0, 0], net.parameters["dense.bias"][0]]
        assert points[n] == pytest.approx(own, rel=1e-12)
        assert losses[n] == pytest.approx(net.evaluate(X, Y)["loss"], rel=1e-9, abs=1e-12)


def test_a_surface_has_one_panel_for_each_learning_rate_and_says_how_far_it_came():
    figure = gn.plots.loss_surface(line_net(), X, Y, learning_rates=(0.02, 0.2, 0.7), steps=15)
    panels = figure.axes[:3]
    assert [axes.get_title(loc="left") for axes in panels] == [
        "learning rate 0.02", "learning rate 0.2", "learning rate 0.7",
    ]  # fmt: skip
    assert panels[0].get_xlabel() == "dense.weight[0, 0]"
    assert panels[0].get_ylabel() == "dense.bias[0]"
    remark = re.compile(r"loss 14.6 → (\S+) in 15 steps")
    ends = [float(remark.search("\n".join(texts(axes)))[1]) for axes in panels]
    too_small, fitting, too_large = ends
    assert fitting < too_small < 14.6 < too_large
    for axes in panels:
        steps = next(x for x in axes.get_lines() if x.get_label() == "steps")
        assert steps.get_xydata().shape == (16, 2)
        assert axes.collections  # the contours


def test_the_window_holds_the_path_that_arrives():
    figure = gn.plots.loss_surface(line_net(), X, Y, learning_rates=(0.02, 0.2, 5.0), steps=15)
    (left, right), (bottom, top) = figure.axes[1].get_xlim(), figure.axes[1].get_ylim()
    assert left < -1 < 2 < right < 6
    assert bottom < 0
    assert 1 < top < 6


def test_steps_that_diverge_are_drawn_as_far_as_they_go():
    figure = gn.plots.loss_surface(line_net("float32"), X, Y, learning_rates=(0.1, 1e5))
    assert any(re.fullmatch(r"loss 14.6 → infinity at step \d+", t) for t in texts(figure))


def test_two_weights_of_a_larger_network_are_chosen_and_the_network_is_left_alone():
    net = gn.Network([gn.Dense(4, "tanh"), gn.Dense(2), gn.Dense(1)], input_shape=(1,))
    before = {name: array.copy() for name, array in net.parameters.items()}
    figure = gn.plots.loss_surface(net, X, Y, learning_rates=0.1, steps=3)
    assert figure.axes[0].get_xlabel() == "dense.weight[0, 0]"
    assert figure.axes[0].get_ylabel() == "dense_2.weight[0, 0]"
    figure = gn.plots.loss_surface(net, X, Y, learning_rates=0.1, steps=3, start=(1, 2),
                                   window=((0, 3), (1, 4)),
                                   parameters=("dense_1.weight[3,1]",
                                               "dense_2.bias[0]"))  # fmt: skip
    assert figure.axes[0].get_xlabel() == "dense_1.weight[3, 1]"
    assert figure.axes[0].get_xlim() == (0, 3)
    assert figure.axes[0].get_lines()[0].get_xydata()[0].tolist() == [1, 2]
    assert all(np.array_equal(before[name], array) for name, array in net.parameters.items())


@pytest.mark.parametrize(("wishes", "message"), [
    ({"parameters": "dense.weight[0, 0]"}, "the places of two numbers"),
    ({"parameters": ("dense.weight", "dense.bias[0]")}, "a name and an index"),
    ({"parameters": ("dens.weight[0, 0]", "dense.bias[0]")}, "Did you mean 'dense.weight'"),
    ({"parameters": ("dense.weight[0, 1]", "dense.bias[0]")}, r"has shape \(1, 1\)"),
    ({"parameters": ("dense.bias[0]", "dense.bias[ 0]")}, "two different places"),
    ({"learning_rates": (0.1, 0)}, "above 0"),
    ({"steps": 0}, "at least 1 step"),
])  # fmt: skip
def test_what_is_no_surface_is_refused(wishes, message):
    with pytest.raises(errors.GlassnetError, match=message):
        gn.plots.loss_surface(line_net(), X, Y, **wishes)


def test_a_frozen_weight_is_refused():
    net = gn.Network([gn.Dense(2), gn.Dense(1)], input_shape=(1,))
    net.layers["dense"].trainable = False
    with pytest.raises(errors.SettingError, match=r"dense\.bias is frozen"):
        gn.plots.loss_surface(net, X, Y, parameters=("dense.bias[0]", "dense_1.bias[0]"))


# Networks as diagrams


def test_a_chain_has_a_circle_for_each_unit_and_a_line_for_each_weight():
    layers = [gn.Dense(4, "sigmoid"), gn.Dropout(0.1), gn.Dense(2, swish)]
    net = gn.Network(layers, input_shape=(3,), seed=1)
    (axes,) = (figure := gn.plots.network(net)).axes
    assert len(axes.patches) == 3 + 4 + 2
    first, second = axes.collections
    assert (len(first.get_segments()), len(second.get_segments())) == (3 * 4, 4 * 2)
    assert {"x", "dense", "dense_1", "3 inputs", "4 units", "2 units", "sigmoid", "dropout",
            "swish"} <= texts(figure)  # fmt: skip


def test_colour_is_the_sign_of_a_weight_and_thickness_its_size():
    net = gn.Network([gn.Dense(1, use_bias=False)], input_shape=(3,))
    net.parameters["dense.weight"] = [[-4.0], [0.0], [2.0]]
    (axes,) = gn.plots.network(net).axes
    (lines,) = axes.collections
    zero, half, whole = lines.get_linewidths()
    assert (zero, half < whole) == (0, True)
    positive, negative = lines.get_colors()[1][:3], lines.get_colors()[2][:3]
    assert positive[2] > positive[0]  # more blue than red
    assert negative[0] > negative[2]
    assert "weight +4" in texts(axes.figure)


def test_the_middle_of_a_long_layer_is_left_out():
    net = gn.Network([gn.Dense(500), gn.Dense(10)], input_shape=(11,))
    (axes,) = (figure := gn.plots.network(net)).axes
    assert len(axes.patches) == 9 + 9 + 10
    assert {"500 units", "11 inputs"} <= texts(figure)


def residual():
    x = gn.Input((8,))
    h = gn.Dense(8, "relu")(gn.Dense(8, "relu")(x))
    h = gn.Add()(h, x)
    return gn.Network(inputs=x, outputs=[gn.Dense(1, "sigmoid", name="yes")(h), h])


def test_a_network_with_branches_is_drawn_as_boxes_and_arrows():
    (axes,) = (figure := gn.plots.network(residual())).axes
    kinds = [type(patch).__name__ for patch in axes.patches]
    assert (kinds.count("FancyBboxPatch"), kinds.count("FancyArrowPatch")) == (5, 5)
    assert {"x", "dense", "dense_1", "add", "yes", "input (B, 8)", "relu, (B, 8)",
            "output: (B, 8)", "output: Dense, sigmoid, (B, 1)"} <= texts(figure)  # fmt: skip


def test_text_stays_inside_its_box_and_boxes_apart():
    figure = gn.plots.network(residual())
    figure.draw_without_rendering()
    (axes,) = figure.axes
    boxes = [p.get_window_extent() for p in axes.patches if type(p).__name__ == "FancyBboxPatch"]
    for text in axes.texts:
        extent = text.get_window_extent()
        assert any(b.x0 < extent.x0 and extent.x1 < b.x1 and b.y0 < extent.y0 and extent.y1 < b.y1
                   for b in boxes), text.get_text()  # fmt: skip
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_shared_and_frozen_layers_are_marked():
    a, b = gn.Input((4,), name="left"), gn.Input((4,), name="right")
    both = gn.Dense(3, "tanh", name="encoder", trainable=False)
    net = gn.Network(inputs=[a, b], outputs=gn.Dense(1)(gn.Concatenate()(both(a), both(b))))
    assert {"left", "right", "Dense, tanh, shared, frozen, (B, 3)"} <= texts(gn.plots.network(net))


def test_boxes_stand_below_what_they_need_and_apart():
    found = layout(6, [(0, 1), (0, 2), (1, 3), (2, 3), (0, 4), (3, 4), (4, 5)])
    ranks = [rank for _, rank in found.at]
    assert ranks == [0, 1, 1, 2, 3, 4]
    assert found.at[1][0] != found.at[2][0]
    assert [len(found.routes[arrow]) for arrow in ((0, 1), (0, 4))] == [0, 2]
    every = [*found.at, *found.stops]
    beside = [(p, q) for i, p in enumerate(every) for q in every[:i] if p[1] == q[1]]
    assert all(abs(p[0] - q[0]) > 0.5 for p, q in beside)


def test_an_input_that_is_needed_late_stands_near_its_use():
    found = layout(4, [(0, 2), (2, 3), (1, 3)])
    assert [rank for _, rank in found.at] == [0, 1, 1, 2]


# Curves of a fit


def fitted(**wishes):
    net = line_net("float32")
    return net.fit(np.tile(X, (5, 1)), np.tile(Y, (5, 1)), verbose=0, engine="numpy", **wishes)


def test_a_history_draws_a_panel_for_the_loss_and_each_metric():
    history = fitted(epochs=30, metrics=["mean_absolute_error"], validation_split=0.2)
    figure = history.plot()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "mean absolute error"]
    training, validation = figure.axes[0].get_lines()
    assert training.get_ydata().tolist() == history["loss"]
    assert validation.get_ydata().tolist() == history["val_loss"]
    assert training.get_xdata().tolist() == list(range(1, 31))
    assert {"training", "validation", "epoch"} <= texts(figure)


def test_a_history_draws_the_learning_rate_where_it_changes():
    plateau = gn.optim.schedules.OnPlateau(0.7, patience=1, monitor="loss")
    figure = fitted(epochs=8, optimizer=gn.optim.SGD(plateau)).plot()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "learning rate"]
    assert len(fitted(epochs=2).plot().axes) == 1


@pytest.mark.parametrize("losses", [
    [0.7] * 30, [0.7, 0.699, 0.698], [3e-5, 2e-5], [0.5, float("inf"), 0.7], [0.0, 0.0],
])  # fmt: skip
def test_a_curve_has_room_above_it(losses):
    (axes,) = History(table={"loss": losses}).plot().axes
    low, high = axes.get_ylim()
    assert low == 0
    assert high >= 1.05 * max(loss for loss in losses if loss < float("inf"))
    assert high > 0


def test_small_losses_are_written_whole_beside_the_axis():
    figure = History(table={"loss": [3e-5, 2e-5]}).plot()
    figure.canvas.draw()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert "2e\N{MINUS SIGN}05" in labels
    assert figure.axes[0].yaxis.get_offset_text().get_text() == ""


def test_a_single_epoch_is_called_by_a_whole_number():
    figure = History(table={"loss": [0.5], "accuracy": [0.5]}).plot()
    for axes in figure.axes:
        figure.canvas.draw()
        assert [label.get_text() for label in axes.get_xticklabels()] == ["1"]


def test_a_history_without_an_epoch_has_no_curves():
    with pytest.raises(errors.SettingError, match="No epoch is finished"):
        gn.History().plot()


# All of them


@pytest.mark.parametrize("draw", [
    lambda path: gn.plots.activations("tanh", path=path),
    lambda path: gn.plots.loss_surface(line_net(), X, Y, steps=2, path=path),
    lambda path: gn.plots.network(line_net(), path),
    lambda path: gn.plots.network(residual(), path),
    lambda path: fitted(epochs=2).plot(path),
])  # fmt: skip
def test_pictures_are_saved_where_they_are_asked_for_and_shown_in_notebooks(draw, tmp_path):
    figure = draw(tmp_path / "new folder" / "picture.png")
    assert (tmp_path / "new folder" / "picture.png").stat().st_size > 5000
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert type(figure).__mro__[1].__module__ == "matplotlib.figure"


def test_drawing_needs_no_pyplot():
    code = (
        "import sys, glassnet as gn; gn.plots.activations('relu'); "
        "gn.plots.network(gn.Network([gn.Dense(1)], input_shape=(2,))); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    from glassnet import figure

    figure._picture.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(errors.MissingExtraError, match=r"pip install 'glassnet\[plots\]'"):
        gn.plots.activations("relu")
    figure._picture.cache_clear()


# How pictures are shown


def curves_of_a_fit():
    return line_net().fit(X, Y, epochs=2, verbose=0).plot()


@pytest.fixture
def screen(monkeypatch):
    """A screen of matplotlib's that notes what it shows."""
    shown = []

    class Manager(FigureManagerBase):
        @classmethod
        def pyplot_show(cls, *, block=None):
            shown.extend(manager.canvas.figure for manager in Gcf.get_all_fig_managers())

    class Canvas(FigureCanvasAgg):
        manager_class = Manager

    backend = types.ModuleType("noting_backend")
    backend.FigureCanvas, backend.FigureManager = Canvas, Manager
    monkeypatch.setitem(sys.modules, "noting_backend", backend)
    before = mpl.get_backend()
    plt.switch_backend("module://noting_backend")
    yield shown
    plt.switch_backend(before)


def test_a_picture_is_shown_from_a_script_once(screen):
    picture = curves_of_a_fit()
    assert screen == []
    picture.show()
    assert screen == [picture]
    picture.show()
    assert screen == [picture, picture]
    assert plt.get_fignums() == []


def test_a_notebook_shows_a_picture_once(screen):
    """It draws what the last line gives, and whatever pyplot knows at the end of a cell."""
    picture = curves_of_a_fit()
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert plt.get_fignums() == []


def test_without_a_screen_a_picture_says_how_it_is_saved():
    with pytest.raises(
        errors.UnsupportedError, match=r"no screen .*'[aA]gg'.*instead: history.plot\('his"
    ):
        curves_of_a_fit().show()
    assert plt.get_fignums() == []

"""Draws the README's picture: a network, the program of its training step, and its loss.

python docs/make_picture.py        # writes docs/pictures/program.png
"""

import io
from pathlib import Path

import matplotlib.image
from matplotlib.figure import Figure

import glassnet as gn

X = [[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]]
Y = [0, 1, 1, 0]


def pixels(figure: Figure):
    """A figure as an image."""
    buffer = io.BytesIO()
    figure.savefig(buffer, dpi=200)
    buffer.seek(0)
    return matplotlib.image.imread(buffer)


def main() -> None:
    net = gn.Network(
        [gn.Dense(4, "sigmoid"), gn.Dense(1, "sigmoid")], input_shape=(3,), seed=3, dtype="float64"
    )
    history = net.fit(X, Y, optimizer=gn.optim.SGD(2.0), epochs=1500, batch_size=None, verbose=0)
    text = net.training_program(optimizer="sgd").source("numpy")
    figure = Figure(figsize=(12.4, 5.6), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1.0, 1.02))
    top, bottom = left.subplots(2, 1, height_ratios=(1.25, 1))
    top.imshow(pixels(gn.plots.network(net)))
    top.axis("off")
    bottom.plot(range(1, 1501), history["loss"], color="#0072b2", linewidth=2)
    bottom.set_title("loss", loc="left")
    bottom.set_xlabel("epoch")
    bottom.grid(alpha=0.3)
    bottom.spines[["top", "right"]].set_visible(False)
    right.text(0.03, 0.965, text[text.index("def step") :], family="monospace", fontsize=12.2,
               va="top", linespacing=1.47, color="#1b1f24")  # fmt: skip
    right.set_facecolor("#f6f8fa")
    target = Path(__file__).parent / "pictures" / "program.png"
    figure.savefig(target, dpi=110)
    print(target.name, f"loss {history['loss'][0]:.3f} to {history['loss'][-1]:.4f}")


if __name__ == "__main__":
    main()

"""Writes docs/layers.md: every layer with its formula, by what it is for, and short examples.

python docs/make_layers.py
"""

from pathlib import Path

from glassnet.nn import LAYERS

GROUPS = {
    "Any row": "Dense Activation PReLU Dropout GaussianNoise GaussianDropout Flatten Reshape",
    "Images, sequences and volumes by windows": (
        "Conv1D Conv2D Conv3D DepthwiseConv2D SeparableConv2D Conv1DTranspose Conv2DTranspose "
        "MaxPooling1D MaxPooling2D MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D "
        "GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D "
        "GlobalAveragePooling2D GlobalAveragePooling3D UpSampling1D UpSampling2D UpSampling3D "
        "ZeroPadding1D ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D "
        "SpatialDropout1D SpatialDropout2D SpatialDropout3D"
    ),
    "Images, changed at random in training": (
        "RandomFlip RandomTranslation RandomRotation RandomZoom RandomCrop RandomBrightness "
        "RandomContrast RandomErasing MixUp"
    ),
    "Normalisation": ("BatchNormalization LayerNormalization GroupNormalization RMSNormalization"),
    "Sequences, step by step": (
        "SimpleRNN LSTM GRU Bidirectional TimeDistributed Masking Embedding WordDropout"
    ),
    "Attention": "MultiHeadAttention TransformerBlock PositionalEncoding PositionalEmbedding",
    "Several inputs": (
        "Add Subtract Multiply Average Maximum Minimum Concatenate Dot CosineSimilarity Distance"
    ),
    "Forecasts": "SeasonalNaive WindowDeviation ScaledWindow",
    "What comes before a network": (
        "Rescaling Standardize FillMissing MissingIndicator OneHot Rescale"
    ),
}
EXAMPLES = """
## Examples

Layouts: tables `(rows, features)`, sequences `(rows, steps, features)`, images
`(rows, height, width, channels)`, also as bytes. Each block runs as it stands.

Images: a LeNet, and what a row costs.

```python
import numpy as np
import glassnet as gn

lenet = gn.Network([
    gn.Rescaling(1 / 255),
    gn.Conv2D(6, 5, padding="same", activation="relu"), gn.MaxPooling2D(2),
    gn.Conv2D(16, 5, activation="relu"), gn.MaxPooling2D(2), gn.Flatten(),
    gn.Dense(120, "relu"), gn.Dense(84, "relu"), gn.Dense(10, "softmax"),
], input_shape=(28, 28, 1), seed=0)
print(lenet.summary())
images = np.random.default_rng(0).integers(0, 256, (64, 28, 28, 1), dtype=np.uint8)
lenet.fit(images, np.arange(64) % 10, epochs=1, verbose=0)
print(lenet.training_program().source())          # conv2d(x, W1) + b1, and its way back
```

Images that training sees in other places and ways each time; a prediction takes them as they are.
Bytes are read where they lie, so `Rescaling` comes first, and values are from 0 to 1 behind it.
`MixUp` mixes each row with its neighbour, and the loss weighs the targets of both in these shares.

```python
augmented = gn.Network([
    gn.Rescaling(1 / 255), gn.RandomFlip("horizontal"), gn.RandomTranslation(0.1, 0.1),
    gn.RandomRotation(0.05), gn.RandomZoom(0.1), gn.RandomContrast(0.2), gn.RandomErasing(0.5),
    gn.MixUp(0.2), gn.Conv2D(6, 5, activation="relu"), gn.MaxPooling2D(2), gn.Flatten(),
    gn.Dense(10, "softmax"),
], input_shape=(28, 28, 1), seed=0)
augmented.fit(images, np.arange(64) % 10, epochs=1, verbose=0)
picture = gn.plots.augmented(augmented, images[0], count=15)      # picture.show(), or path="..."
```

Text: codes of words, 0 being the filling behind short sentences.

```python
words = np.random.default_rng(0).integers(1, 50, (64, 12))
words[:, 9:] = 0
x = gn.Input((12,), dtype="int64")
h = gn.Bidirectional(gn.LSTM(16))(gn.Embedding(50, 16, mask_zero=True)(x))
net = gn.Network(inputs=x, outputs=gn.Dense(2, "softmax")(h))
net.fit(words, np.arange(64) % 2, epochs=1, verbose=0)
print(net.training_program().source())            # for t in range(12): ...
```

Attention: the next code of each place, from those before it.

```python
x = gn.Input((12,), dtype="int64")
h = gn.PositionalEmbedding()(gn.Embedding(50, 16)(x))
h = gn.TransformerBlock(num_heads=2, causal=True)(h)
net = gn.Network(inputs=x, outputs=gn.Dense(50, "softmax")(h))
net.fit(words[:, :12], np.roll(words, -1, axis=1), epochs=1, verbose=0)
```

Twins: one encoder for two inputs, and a loss of their distance.

```python
encoder = gn.Network([gn.Dense(16, "relu"), gn.Dense(4)], input_shape=(8,), name="encoder")
a, b = gn.Input((8,), name="a"), gn.Input((8,), name="b")
twins = gn.Network(inputs=[a, b], outputs=gn.Distance()(encoder(a), encoder(b)))
pairs = np.random.default_rng(0).normal(size=(2, 64, 8))
twins.fit([pairs[0], pairs[1]], np.arange(64) % 2, loss=gn.losses.Contrastive(), verbose=0)
```

Noise that is removed: an autoencoder learns its own input.

```python
coder = gn.Network([gn.GaussianNoise(0.3), gn.Dense(3, "tanh"), gn.Dense(8)], input_shape=(8,))
coder.fit(pairs[0], pairs[0], loss="mse", epochs=5, verbose=0)
```

A layer of one's own that adds to the loss: of many units few are to be active at once. The figure
stands in the history, and in an evaluation. (`examples/variational.py` draws from it, too.)

```python
class Sparse(gn.Layer):
    strength: float = 0.01

    def formula(self, x):
        return x

    def penalty(self, x):
        return self.strength * gn.graph.sum(gn.graph.abs(x), axis=-1)  # a number for each row

few = gn.Network([gn.Dense(32, "relu"), Sparse(), gn.Dense(8)], input_shape=(8,))
history = few.fit(pairs[0], pairs[0], loss="mse", epochs=5, verbose=0)
print(history["penalty"][-1])
```
"""


def table():
    """The lines of all groups; a layer that stands in none of them is an error."""
    listed = " ".join(GROUPS.values()).split()
    missing = set(LAYERS) ^ set(listed)
    if missing:
        raise SystemExit(f"docs/make_layers.py: in one of the two only: {sorted(missing)}")
    for title, names in GROUPS.items():
        yield from (f"## {title}", "", "| layer | what it makes |", "|---|---|")
        for name in names.split():
            first = (LAYERS[name].__doc__ or "").strip().splitlines()[0].replace("|", "\\|")
            yield f"| `gn.{name}` | {first} |"
        yield ""


def text():
    """The page."""
    head = [
        "# Layers", "",
        ("Made by `python docs/make_layers.py` from the layers' own first lines; `help(gn.LSTM)` "
        "has shapes, settings and sources."), "",
    ]  # fmt: skip
    return "\n".join([*head, *table()]).rstrip() + "\n" + EXAMPLES


def main():
    Path(__file__).with_name("layers.md").write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()

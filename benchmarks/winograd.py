"""Whether Winograd's form of a 3x3 convolution pays: `python -m benchmarks.winograd`.

An experiment of its own, apart from the engine, in C that is written, compiled and timed here. Its
arrays lie as the engine's do, (block of samples, H, W, C, 16 samples), float32; the input has a
border of one place of zeros. Direct convolution keeps a register tile of outputs by places over the
whole sum and broadcasts weights. Winograd's F(m x m, 3 x 3) takes m x m outputs from a tile d of
t x t inputs, t = m + 2, in t * t products for each pair of channels instead of 9 * m * m:

    y = A' [ sum over channels of (G w G') * (B' d B) ] A

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015), section 4.
All forms take turns on one CPU and the median counts. GFLOP/s are of direct convolution's
operations, whatever a form really does. Errors are the largest difference from a convolution in
float64, in deviations of the output. The transforms' share is what is left of the time without
them; that of the weights is made once and not timed.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

LANES = 16
SHAPES = [(32, 32, 32), (32, 32, 16), (64, 64, 32), (64, 64, 16)]  # C, O, H = W
TILES = {"direct": (8, 2), "F(2x2)": (8, 2), "F(4x4)": (8, 2)}  # outputs by places, or by tiles
M = {"direct": 1, "F(2x2)": 2, "F(4x4)": 4}
TRANSFORMS, PRODUCTS = 1, 2  # the stages that a run may be limited to
G = {
    2: np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]),
    4: np.array([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]) / 24,
}

SOURCE = r"""
/* C, O: channels in and out; H: height and width; M: outputs of a tile along an axis, 1 is direct;
   TO, TP: the register tile, outputs by places (direct) or by tiles (Winograd). */
typedef float v16 __attribute__((vector_size(64)));
#define T (M + 2)                  /* inputs of a tile along an axis */
#define ROW ((H + 2) * C)          /* vectors in a row of the padded input */
#define UNROLL _Pragma("GCC unroll 16")
#define TILE UNROLL for (int o = 0; o < TO; o++) UNROLL for (int p = 0; p < TP; p++)

#if M == 1

/* weights: [O / TO][3][3][C][TO] */
void convolve(const v16 *x, const float *weights, v16 *y, long blocks, int stages) {
    for (long row = 0; row < blocks * H; row++)
        for (int first = 0; first < O; first += TO)
            for (int column = 0; column < H; column += TP) {
                const float *w = weights + first * 9 * C;
                v16 sums[TO][TP] = {{{0}}};
                for (int place = 0; place < 9; place++) {
                    const v16 *d = x + (row / H * (H + 2) + row % H + place / 3) * ROW
                                   + (column + place % 3) * C;
                    for (int c = 0; c < C; c++, w += TO)
                        TILE sums[o][p] += d[p * C + c] * w[o];
                }
                TILE y[(row * H + column + p) * O + first + o] = sums[o][p];
            }
}

#else

/* One line of B' d and one of A' m; s and r are the strides of what is read and written. */
#if M == 2
static inline void input_line(const v16 *d, long s, v16 *v, long r) {
    v16 d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s];
    v[0] = d0 - d2;
    v[r] = d1 + d2;
    v[2 * r] = d2 - d1;
    v[3 * r] = d1 - d3;
}
static inline void output_line(const v16 *m, long s, v16 *y, long r) {
    y[0] = m[0] + m[s] + m[2 * s];
    y[r] = m[s] - m[2 * s] - m[3 * s];
}
#else
static inline void input_line(const v16 *d, long s, v16 *v, long r) {
    v16 d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s], d5 = d[5 * s];
    v16 even = d4 - 4 * d2, odd = d3 - 4 * d1, near = d4 - d2, far = 2 * (d3 - d1);
    v[0] = 4 * d0 - 5 * d2 + d4;
    v[r] = even + odd;
    v[2 * r] = even - odd;
    v[3 * r] = near + far;
    v[4 * r] = near - far;
    v[5 * r] = 4 * d1 - 5 * d3 + d5;
}
static inline void output_line(const v16 *m, long s, v16 *y, long r) {
    v16 a = m[s] + m[2 * s], b = m[s] - m[2 * s];
    v16 c = m[3 * s] + m[4 * s], d = m[3 * s] - m[4 * s];
    y[0] = m[0] + a + c;
    y[r] = b + 2 * d;
    y[2 * r] = a + 4 * c;
    y[3 * r] = b + 8 * d + m[5 * s];
}
#endif

#define PLANE (C * TP + TP)        /* not C * TP: a power of two would fall on one cache set */
static v16 inputs[T * T * PLANE];  /* [t * t][C][TP] */
static v16 products[T * T][TO][TP];

static void transform_inputs(const v16 *x) {
    for (int c = 0; c < C; c++)
        for (int p = 0; p < TP; p++) {
            v16 half[T * T];
            const v16 *d = x + p * M * C + c;
            UNROLL for (int j = 0; j < T; j++) input_line(d + j * C, ROW, half + j, T);
            UNROLL for (int i = 0; i < T; i++)
                input_line(half + i * T, 1, inputs + i * T * PLANE + c * TP + p, PLANE);
        }
}

static void multiply(const float *w) {
    for (int t = 0; t < T * T; t++) {
        const v16 *v = inputs + t * PLANE;
        v16 sums[TO][TP] = {{{0}}};
        for (int c = 0; c < C; c++, v += TP, w += TO)
            TILE sums[o][p] += v[p] * w[o];
        TILE products[t][o][p] = sums[o][p];
    }
}

static void transform_outputs(v16 *y) {
    for (int p = 0; p < TP; p++)
        for (int o = 0; o < TO; o++) {
            v16 half[M * T];
            UNROLL for (int j = 0; j < T; j++)
                output_line(&products[j][o][p], T * TO * TP, half + j, T);
            UNROLL for (int i = 0; i < M; i++)
                output_line(half + i * T, 1, y + (i * H + p * M) * O + o, O);
        }
}

/* weights: [O / TO][t * t][C][TO], transformed; stages: 1 the transforms, 2 the products. */
void convolve(const v16 *x, const float *weights, v16 *y, long blocks, int stages) {
    for (long n = 0; n < blocks; n++)
        for (int row = 0; row < H; row += M)
            for (int column = 0; column < H; column += M * TP) {
                if (stages & 1) transform_inputs(x + (n * (H + 2) + row) * ROW + column * C);
                for (int first = 0; first < O; first += TO) {
                    if (stages & 2) multiply(weights + first * T * T * C);
                    if (stages & 1)
                        transform_outputs(y + ((n * H + row) * H + column) * O + first);
                }
            }
}
#endif
"""


def aligned(values):
    """A float32 copy that begins with a cache line, as the engine's arrays do."""
    room = np.empty(values.size + LANES, np.float32)
    start = -room.ctypes.data % 64 // 4
    copy = room[start : start + values.size].reshape(values.shape)
    copy[:] = values
    return copy


def in_lanes(images):
    """(B, H, W, C) as (B / 16, H, W, C, 16)."""
    blocks = images.reshape(-1, LANES, *images.shape[1:])
    return aligned(np.moveaxis(blocks, 1, -1))


def in_rows(lanes):
    """(B / 16, H, W, C, 16) as (B, H, W, C)."""
    blocks = np.moveaxis(lanes, -1, 1)
    return blocks.reshape(-1, *blocks.shape[2:])


def reference(padded, weight):
    """The convolution in float64, (B, H, W, O)."""
    height = padded.shape[1] - 2
    return sum(
        padded[:, i : i + height, j : j + height].astype(float) @ weight[i, j].astype(float)
        for i in range(3)
        for j in range(3)
    )


def prepared(weight, m, outputs):
    """A weight (3, 3, C, O), transformed where m > 1, as (O / outputs, t * t, C, outputs)."""
    if m > 1:
        weight = np.einsum("ui,vj,ijco->uvco", G[m], G[m], weight.astype(float))
    _, _, channels, _ = weight.shape
    by_tile = weight.reshape(-1, channels, weight.shape[-1] // outputs, outputs)
    return aligned(np.moveaxis(by_tile, 2, 0))


def compiled(compiler, folder, **numbers):
    """The function `convolve` for these shapes."""
    name = "-".join(map(str, numbers.values()))
    source, library = folder / "winograd.c", folder / f"{name}.so"
    source.write_text(SOURCE, encoding="utf-8")
    flags = ["-std=gnu99", "-O3", "-march=native", "-Wno-psabi", "-fPIC", "-shared"]
    defined = [f"-D{key}={value}" for key, value in numbers.items()]
    subprocess.run([compiler, *flags, *defined, source, "-o", library], check=True)
    return ctypes.CDLL(str(library)).convolve


@dataclass
class Form:
    """One way to convolve, with its arrays."""

    call: object
    x: np.ndarray
    weight: np.ndarray
    y: np.ndarray

    def seconds(self, stages=TRANSFORMS | PRODUCTS):
        """Of one convolution, or of some of its stages."""
        addresses = [ctypes.c_void_p(a.ctypes.data) for a in (self.x, self.weight, self.y)]
        began = time.perf_counter()
        self.call(*addresses, ctypes.c_long(len(self.x)), ctypes.c_int(stages))
        return time.perf_counter() - began


def forms(compiler, folder, x, weight):
    """Each form by its name, for one padded input in lanes and one weight."""
    blocks, height, _, channels, _ = x.shape
    outputs, side, made = weight.shape[-1], height - 2, {}
    for name, (tile_outputs, tile_places) in TILES.items():
        numbers = {"C": channels, "O": outputs, "H": side, "M": M[name]}
        call = compiled(compiler, folder, **numbers, TO=tile_outputs, TP=tile_places)
        y = aligned(np.zeros((blocks, side, side, outputs, LANES)))
        made[name] = Form(call, x, prepared(weight, M[name], tile_outputs), y)
    return made


def error(form, expected):
    """The largest difference, in deviations of the output."""
    form.seconds()
    return np.abs(in_rows(form.y) - expected).max() / expected.std()


def timed(made, rounds):
    """The median seconds of each form, whole and of its products alone, all taking turns."""
    times = {name: [] for name in made}
    for _ in range(rounds):
        for name, form in made.items():
            times[name].append((form.seconds(), form.seconds(PRODUCTS)))
    return {
        name: [statistics.median(column) for column in zip(*pairs, strict=True)]
        for name, pairs in times.items()
    }


def measure(compiler, folder, shape, batch, rounds):
    """Print a line for each form of a shape."""
    channels, outputs, side = shape
    rng = np.random.default_rng(0)
    image = rng.standard_normal((batch, side, side, channels), np.float32)
    weight = rng.standard_normal((3, 3, channels, outputs), np.float32)
    weight *= np.float32((9 * channels) ** -0.5)
    padded = np.pad(image, ((0, 0), (1, 1), (1, 1), (0, 0)))
    made, expected = forms(compiler, folder, in_lanes(padded), weight), reference(padded, weight)
    errors = {name: error(form, expected) for name, form in made.items()}
    flops = 2 * 9 * channels * outputs * side**2 * batch
    times = timed(made, rounds)
    direct, _ = times["direct"]
    for name, (whole, products) in times.items():
        share = "" if name == "direct" else f"{1 - products / whole:9.0%}"
        print(
            f"{channels:3d} -> {outputs:2d}, {side} x {side}   {name}  {whole * 1e3:8.2f} ms "
            f"{flops / whole / 1e9:8.0f} {direct / whole:8.2f}x   {errors[name]:8.1e} {share}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=64, help="a multiple of 16")
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    compiler = shutil.which("cc")
    if compiler is None:
        print("skipped: this experiment compiles C, and there is no cc on the PATH; install gcc")
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    print("3x3, channels, places  form          time    GFLOP/s   speed      error  transforms")
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            measure(compiler, Path(folder), shape, chosen.batch_size, chosen.rounds)


if __name__ == "__main__":
    main()

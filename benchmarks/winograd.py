"""Whether Winograd's form of a 3x3 convolution pays: `python -m benchmarks.winograd`.

An experiment of its own, apart from the engine, in C that is written, compiled and timed here. Its
arrays lie as the engine's do, (block of samples, H, W, C, 16 samples), float32; the input has a
border of one place of zeros. Direct convolution keeps a register tile of outputs by places over the
whole sum and broadcasts weights. Winograd's F(m x m, 3 x 3) takes m x m outputs from a tile d of
t x t inputs, t = m + 2, in t * t products for each pair of channels instead of 9 * m * m:

    y = A' [ sum over channels of (G w G') * (B' d B) ] A

Source: Lavin and Gray, "Fast algorithms for convolutional neural networks" (2015), section 4.
F(4 x 4) stands twice: with the paper's points 0, +-1, +-2, and with 0, +-3/4, +-3/2, which lie
closer together and still have exact constants, the most exact of eleven pairs tried.

Each form has the quickest of three register tiles; all take turns on one CPU and the median counts.
GFLOP/s are of direct convolution's operations, whatever a form really does. An error is the largest
difference from a convolution in float64, in deviations of the output. The transforms' share is what
is left of the time without them, reading and writing the arrays included; the weights' transform is
made once and not timed.
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
TILES = [(8, 2), (16, 1), (4, 4)]  # outputs by places, or by Winograd's tiles
TRANSFORMS, PRODUCTS = 1, 2  # the stages that a run may be limited to


@dataclass(frozen=True)
class Algorithm:
    """Outputs of a tile along an axis, and Winograd's points: 0, +-a, infinity and, for 4, +-b."""

    m: int
    a: float = 1.0
    b: float = 0.0

    @property
    def matrix(self):
        """G, which takes the three weights of a line to the points."""
        points = [0, self.a, -self.a, self.b, -self.b][: self.m + 1]
        scale = [np.prod([p - q for q in points if q != p]) for p in points]
        rows = [np.array([1, p, p * p]) / s for p, s in zip(points, scale, strict=True)]
        return np.array([*rows, [0, 0, 1]], np.float32)


ALGORITHMS = {
    "direct": Algorithm(1),
    "F(2x2) 1": Algorithm(2),
    "F(4x4) 1, 2": Algorithm(4, 1, 2),
    "F(4x4) 3/4, 3/2": Algorithm(4, 0.75, 1.5),
}

SOURCE = r"""
/* C, O: channels in and out; H: height and width; M: outputs of a tile along an axis, 1 is direct;
   TO, TP: the register tile, outputs by places (direct) or by tiles (Winograd); A, B: points. */
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
    v[0] = d2 - d0;
    v[r] = d1 + d2;
    v[2 * r] = d2 - d1;
    v[3 * r] = d3 - d1;
}
static inline void output_line(const v16 *m, long s, v16 *y, long r) {
    y[0] = m[0] + m[s] + m[2 * s];
    y[r] = m[s] - m[2 * s] + m[3 * s];
}
#else
static inline void input_line(const v16 *d, long s, v16 *v, long r) {
    v16 d0 = d[0], d1 = d[s], d2 = d[2 * s], d3 = d[3 * s], d4 = d[4 * s], d5 = d[5 * s];
    v16 even = d4 - (B * B) * d2, odd = A * (d3 - (B * B) * d1);
    v16 near = d4 - (A * A) * d2, far = B * (d3 - (A * A) * d1);
    v[0] = (A * A * B * B) * d0 - (A * A + B * B) * d2 + d4;
    v[r] = even + odd;
    v[2 * r] = even - odd;
    v[3 * r] = near + far;
    v[4 * r] = near - far;
    v[5 * r] = (A * A * B * B) * d1 - (A * A + B * B) * d3 + d5;
}
static inline void output_line(const v16 *m, long s, v16 *y, long r) {
    v16 a = m[s] + m[2 * s], b = m[s] - m[2 * s];
    v16 c = m[3 * s] + m[4 * s], d = m[3 * s] - m[4 * s];
    y[0] = m[0] + a + c;
    y[r] = A * b + B * d;
    y[2 * r] = (A * A) * a + (B * B) * c;
    y[3 * r] = (A * A * A) * b + (B * B * B) * d + m[5 * s];
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


def prepared(weight, algorithm, outputs):
    """A weight (3, 3, C, O), transformed if not direct, as (O / outputs, t * t, C, outputs)."""
    if algorithm.m > 1:
        g = algorithm.matrix
        weight = np.einsum("ui,vj,ijco->uvco", g, g, weight)
    _, _, channels, total = weight.shape
    by_tile = weight.reshape(-1, channels, total // outputs, outputs)
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


def quickest(compiler, folder, algorithm, x, weight):
    """An algorithm in the register tile that suits this padded input in lanes and this weight."""
    blocks, height, _, channels, _ = x.shape
    outputs, side, made = weight.shape[-1], height - 2, []
    points = {"A": f"{algorithm.a:f}f", "B": f"{algorithm.b:f}f"}
    numbers = {"C": channels, "O": outputs, "H": side, "M": algorithm.m, **points}
    y = aligned(np.zeros((blocks, side, side, outputs, LANES)))
    fitting = [(to, tp) for to, tp in TILES if not (outputs % to or side % (algorithm.m * tp))]
    for to, tp in fitting:
        call = compiled(compiler, folder, **numbers, TO=to, TP=tp)
        made.append(Form(call, x, prepared(weight, algorithm, to), y))
    return min(made, key=lambda form: statistics.median(form.seconds() for _ in range(5)))


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
    x, expected = in_lanes(padded), reference(padded, weight)
    made = {name: quickest(compiler, folder, a, x, weight) for name, a in ALGORITHMS.items()}
    errors = {name: error(form, expected) for name, form in made.items()}
    flops = 2 * 9 * channels * outputs * side**2 * batch
    times = timed(made, rounds)
    direct, _ = times["direct"]
    for name, (whole, products) in times.items():
        share = "" if name == "direct" else f"{1 - products / whole:9.0%}"
        print(
            f"{channels:3d} -> {outputs:2d}, {side} x {side}   {name:15s}  {whole * 1e3:8.2f} ms "
            f"{flops / whole / 1e9:8.0f} {direct / whole:8.2f}x   {errors[name]:8.1e} {share}"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=64, help="a multiple of 16")
    parser.add_argument("--rounds", type=int, default=15)
    chosen = parser.parse_args()
    if chosen.batch_size < LANES or chosen.batch_size % LANES or chosen.rounds < 1:
        parser.error(f"--batch-size must be a multiple of {LANES}, --rounds at least 1")
    compiler = shutil.which("cc")
    if compiler is None:
        print("skipped: this experiment compiles C, and there is no cc on the PATH; install gcc")
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [max(os.sched_getaffinity(0))])
    print("channels, places    form                 time    GFLOP/s   speed      error  transforms")
    with tempfile.TemporaryDirectory() as folder:
        for shape in SHAPES:
            measure(compiler, Path(folder), shape, chosen.batch_size, chosen.rounds)


if __name__ == "__main__":
    main()

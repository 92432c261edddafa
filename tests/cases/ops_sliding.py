"""Rows of the table of ops: windows, and what slides over images (graph/sliding and kin)."""

from cases.op_row import row

from glassnet import graph as g

B = "B"

# fmt: off
SLIDING = [
    row("windows", "of a sequence", lambda x: g.windows(x, axes=(1,), size=3), (B, 6, 2)),
    row("windows", "of an image", lambda x: g.windows(x, axes=(1, 2), size=(2, 3)), (B, 4, 6, 2)),
    row("windows", "strides and dilations", lambda x: g.windows(
        x, axes=(2, 1), size=(2, 3), stride=(2, 1), dilation=(1, 2)), (B, 6, 7)),
    row("windows", "of a parameter", lambda w: g.windows(w, axes=(0,), size=2), (4, 3)),
    row("unwindows", "of a sequence",
        lambda x: g.unwindows(x, axes=(1,), sizes=(6,), size=3), (B, 4, 2, 3)),
    row("unwindows", "side by side, with rest",
        lambda x: g.unwindows(x, axes=(1,), sizes=(7,), size=3, stride=3), (B, 2, 2, 3)),
    row("unwindows", "strides and dilations", lambda x: g.unwindows(
        x, axes=(1, 2), sizes=(6, 7), size=(2, 3), stride=(2, 1), dilation=(1, 2)),
        (B, 3, 3, 2, 2, 3)),
    row("conv", "a sequence", g.conv, (B, 6, 2), (3, 2, 4)),
    row("conv", "an image", g.conv, (B, 4, 6, 2), (2, 3, 2, 3)),
    row("conv", "a volume", g.conv, (B, 3, 4, 3, 2), (2, 2, 2, 2, 3)),
    row("conv", "padding", lambda x, w: g.conv(x, w, padding=1), (B, 4, 4, 2), (3, 3, 2, 3)),
    row("conv", "padding at one side",
        lambda x, w: g.conv(x, w, padding=((1, 0), (0, 2))), (B, 4, 3, 2), (2, 3, 2, 3)),
    row("conv", "a stride that leaves a place out",
        lambda x, w: g.conv(x, w, stride=2), (B, 6, 7, 2), (3, 2, 2, 3)),
    row("conv", "stride and padding of each axis",
        lambda x, w: g.conv(x, w, stride=(1, 3), padding=(2, 1)), (B, 4, 6, 1), (3, 2, 1, 2)),
    row("conv", "dilation", lambda x, w: g.conv(x, w, dilation=2), (B, 6, 7, 2), (3, 2, 2, 3)),
    row("conv", "groups", lambda x, w: g.conv(x, w, groups=2, padding=1), (B, 4, 3, 4),
        (2, 2, 2, 6)),
    row("conv", "one place", g.conv, (B, 3, 4, 2), (1, 1, 2, 3)),
    row("conv_input", "an image",
        lambda dz, w: g.conv_input(dz, w, size=(4, 6)), (B, 3, 4, 3), (2, 3, 2, 3)),
    row("conv_input", "all settings", lambda dz, w: g.conv_input(
        dz, w, size=(6, 8), stride=2, padding=1, dilation=(2, 1), groups=2),
        (B, 3, 4, 4), (2, 3, 1, 4)),
    row("conv_input", "strides with padding and groups", lambda dz, w: g.conv_input(
        dz, w, size=(8, 7), stride=2, padding=1, groups=2), (B, 4, 4, 4), (3, 3, 2, 4)),
    row("conv_input", "a stride beyond the kernel", lambda dz, w: g.conv_input(
        dz, w, size=(6, 5), stride=(2, 3)), (B, 3, 2, 3), (1, 2, 2, 3)),
    row("conv_input", "windows side by side, and places that none reaches", lambda dz, w:
        g.conv_input(dz, w, size=(7, 5), stride=(2, 3), padding=((1, 0), (0, 1))),
        (B, 4, 2, 3), (2, 3, 2, 3)),
    row("conv_input", "windows side by side, in groups", lambda dz, w: g.conv_input(
        dz, w, size=(4, 6), stride=2, groups=2), (B, 2, 3, 4), (2, 2, 2, 4)),
    row("conv_weight", "an image",
        lambda x, dz: g.conv_weight(x, dz, size=(2, 3)), (B, 4, 6, 2), (B, 3, 4, 3)),
    row("conv_weight", "all settings", lambda x, dz: g.conv_weight(
        x, dz, size=(2, 3), stride=2, padding=1, dilation=(2, 1), groups=2),
        (B, 6, 8, 2), (B, 3, 4, 4)),
    row("conv_transpose", "a sequence",
        lambda x, w: g.conv_transpose(x, w, size=(9,), stride=2), (B, 4, 3), (3, 2, 3)),
    row("conv_transpose", "an image, and a place that no window reaches",
        lambda x, w: g.conv_transpose(x, w, size=(6, 7), stride=(2, 3)), (B, 2, 2, 3),
        (3, 3, 2, 3)),
    row("max_pool", "a sequence", lambda x: g.max_pool(x, size=2), (B, 6, 2)),
    row("max_pool", "an image with rest", lambda x: g.max_pool(x, size=(2, 3)), (B, 4, 7, 2)),
    row("max_pool", "a volume", lambda x: g.max_pool(x, size=2), (B, 2, 4, 3, 2)),
    row("max_pool", "windows that overlap",
        lambda x: g.max_pool(x, size=3, stride=2, padding=1), (B, 6, 7, 1)),
    row("max_pool_input", "",
        lambda dz, x: g.max_pool_input(dz, x, size=2), (B, 2, 2, 2), (B, 4, 4, 2)),
    row("max_pool_input", "windows that overlap", lambda dz, x: g.max_pool_input(
        dz, x, size=3, stride=1, padding=((1, 0), (0, 1))), (B, 3, 2, 1), (B, 4, 3, 1)),
    row("max_pool_at", "",
        lambda h, x: g.max_pool_at(h, x, size=2), (B, 4, 4, 2), (B, 4, 4, 2)),
    row("max_pool_at", "windows that overlap", lambda h, x: g.max_pool_at(
        h, x, size=(3, 2), stride=1, padding=1), (B, 4, 3, 1), (B, 4, 3, 1)),
    row("avg_pool", "a sequence", lambda x: g.avg_pool(x, size=2), (B, 6, 2)),
    row("avg_pool", "an image with rest", lambda x: g.avg_pool(x, size=(2, 3)), (B, 4, 7, 2)),
    row("avg_pool", "padding does not count",
        lambda x: g.avg_pool(x, size=3, stride=2, padding=1), (B, 6, 7, 2)),
    row("avg_pool_input", "",
        lambda dz: g.avg_pool_input(dz, sizes=(4, 6), size=2), (B, 2, 3, 2)),
    row("avg_pool_input", "windows that overlap", lambda dz: g.avg_pool_input(
        dz, sizes=(4, 3), size=(3, 2), stride=1, padding=((1, 0), (0, 1))), (B, 3, 3, 2)),

]
# fmt: on

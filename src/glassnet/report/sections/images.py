"""Images in the report: those trained on, those got wrong, and what the first layer looks for."""

from __future__ import annotations

import numpy as np

from glassnet import philox
from glassnet.nn import Conv2D
from glassnet.report.charts import Bar, bars
from glassnet.report.image_case import ImageCase
from glassnet.report.markup import Markup, shortened, tag
from glassnet.report.numerals import count, number, share
from glassnet.report.parts import card, cards, name, remark, section, table
from glassnet.report.png import picture

_MOST_CLASSES, _MOST_SHOWN, _FEWEST_EACH, _MOST_EACH = 20, 80, 4, 10
_MOST_WRONG, _MOST_FILTERS = 24, 64
_HIGH, _HIGHER, _SMALL = 56, 96, 44  # pixels on the page


def image_overview(case: ImageCase) -> Markup:
    """The section on the data: rows, classes, what was found out, and training images."""
    return section(
        "data", "Data",
        cards(_rows(case), _classes(case)),
        _training_images(case),
        _facts(case),
    )  # fmt: skip


def _rows(case: ImageCase) -> Markup:
    said = {"train": "training", "validation": "validation", "test": "test"}
    total = sum(map(len, case.fit.rows.values()))
    drawn = [
        Bar(said[part], len(rows), f"{len(rows):,} ({share(len(rows) / total)})")
        for part, rows in case.fit.rows.items()
    ]
    note = f"{count(total, 'image')}. Validation images told when to stop."
    return card("Images", bars("images by their use", drawn), note=note)


def _classes(case: ImageCase) -> Markup:
    counts = np.array(case.target.counts)
    order = np.argsort(-counts, kind="stable")
    drawn = [
        Bar(case.classes[i], counts[i], f"{counts[i]:,} ({share(counts[i] / counts.sum())})")
        for i in order[:_MOST_CLASSES]
    ]
    rest = order[_MOST_CLASSES:]
    if len(rest):
        n = int(counts[rest].sum())
        drawn.append(Bar(f"{len(rest)} more classes", n, f"{n:,}", class_="grey"))
    return card("Classes", bars("images of each class", drawn))


def _facts(case: ImageCase) -> Markup:
    rows, last = [], ""
    for label, text, style in case.fit.facts():
        last = label or last
        rows.append((label, tag("span", text, class_="wrong") if style == "yellow" else text))
    return card("What was found out", table(("", ""), rows), class_="wide")


def _training_images(case: ImageCase) -> Markup:
    fit, rows = case.fit, case.fit.rows["train"]
    shown = case.classes[:_MOST_CLASSES]
    each = int(np.clip(_MOST_SHOWN // len(shown), _FEWEST_EACH, _MOST_EACH))
    lines = []
    for i, label in enumerate(shown):
        of_class = rows[fit.y[rows] == i]
        drawn = philox.permutation(len(of_class), fit.model.settings.seed, philox.IMPORTANCE, i)
        some = np.sort(of_class[drawn[:each]])
        pictures = [picture(fit.pixels.take_one(int(row)), fit.pixels.name(int(row)), _HIGH)
                    for row in some]  # fmt: skip
        lines.append((name(label, 24), tag("div", pictures, class_="shots")))
    note = "Some images of each class, drawn at random, in the size in which they go in."
    if len(case.classes) > len(shown):
        note += f" The first {len(shown)} of {len(case.classes):,} classes."
    return card("Training images", table(("class", ""), lines), note=note, class_="wide")


def wrong_images(case: ImageCase) -> Markup:
    """The section on test images that were got wrong, the surest answers first."""
    title = "Images that were got wrong"
    if not len(case.wrong):
        said = f"None: the answer is right for all {len(case.y):,} test images."
        return section("worst", title, remark(said))
    shots = [_wrong(case, int(place)) for place in case.wrong[:_MOST_WRONG]]
    of = f"{len(case.wrong):,} of {count(len(case.y), 'test image')} were got wrong"
    shown = f"; the {_MOST_WRONG} with the highest loss are shown" if len(case.wrong) > len(
        shots
    ) else ""  # fmt: skip
    note = f"{of}{shown}. Below each: what it is, and what the network took it for, with the "
    note += "probabilities that it gave to both."
    return section("worst", title, card(
        "Largest errors", tag("div", shots, class_="shots wrongs"), note=note, class_="wide",
    ))  # fmt: skip


def _wrong(case: ImageCase, place: int) -> Markup:
    row, p = int(case.fit.rows["test"][place]), case.p[place]
    true, answer = int(case.y[place]), int(p.argmax())
    called = case.fit.pixels.name(row)
    return tag(
        "figure",
        picture(case.fit.pixels.take_one(row), called, _HIGHER),
        tag("figcaption",
            tag("div", "is ", name(case.classes[true], 16), f" ({share(p[true])})"),
            tag("div", "said ", name(case.classes[answer], 16), f" ({share(p[answer])})",
                class_="wrong"),
            tag("div", shortened(called, 22), class_="note", title=called)),
    )  # fmt: skip


def first_filters(case: ImageCase) -> Markup | None:
    """A card with the kernels of the first convolution; None where there is none."""
    net = case.fit.model.net
    first = next((n for n, layer in net.layers.items() if isinstance(layer, Conv2D)), None)
    if first is None:
        return None
    kernel = np.asarray(net.parameters[f"{first}.weight"], np.float64)  # (H, W, I, O)
    height, width, channels, filters = kernel.shape
    colours = channels == 3
    shown = kernel if colours else kernel.mean(axis=2, keepdims=True)
    largest = float(np.abs(shown).max()) or 1.0
    pixels = np.clip(127.5 + 127.5 * shown / largest, 0, 255).round().astype(np.uint8)
    pictures = [picture(pixels[..., o], f"filter {o}", _SMALL)
                for o in range(min(filters, _MOST_FILTERS))]  # fmt: skip
    sense = "in colour, where grey is 0" if colours else "from black (below 0) to white (above 0)"
    note = f"{first}: {filters} filters of {height} x {width}, {sense}; the largest weight is "
    note += f"{number(largest, 3)}. Each is drawn over the whole image, and answers where it fits."
    return card("What the first layer looks for", tag("div", pictures, class_="shots filters"),
                note=note,
                class_="wide")  # fmt: skip

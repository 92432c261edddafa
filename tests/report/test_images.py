"""Images in the report: whole in itself, escaped, and the images are those that it speaks of."""

import base64
import io
import re

import numpy as np
import pytest
from cases.photos import arrays, folder
from PIL import Image

from glassnet import images, report
from glassnet.nn import Conv2D
from glassnet.report import sections
from glassnet.report.image_case import ImageCase
from glassnet.report.png import png

EVIL = '<script>alert("1")<'


@pytest.fixture(scope="module")
def fit(tmp_path_factory):
    root = folder(tmp_path_factory.mktemp("photos"), 20, kinds=("disc", EVIL))
    found = images.find_fit(root, images.Settings(epochs=2, filters=(4,)))
    found.go()
    return found


@pytest.fixture(scope="module")
def case(fit):
    return ImageCase(fit)


def pictures_in(markup):
    """The arrays of all images of a page, and their texts."""
    found = re.findall(r'<img src="data:image/png;base64,([^"]+)" alt="([^"]*)"', markup)
    return [
        (np.asarray(Image.open(io.BytesIO(base64.b64decode(data)))), alt) for data, alt in found
    ]


@pytest.mark.parametrize("channels", [1, 3])
def test_png_keeps_every_byte(channels):
    x = np.random.default_rng(0).integers(0, 256, (5, 7, channels), np.uint8)
    found = np.asarray(Image.open(io.BytesIO(png(x))))
    np.testing.assert_array_equal(found.reshape(x.shape), x)


def test_png_of_other_channels_is_their_mean():
    x = np.stack([np.full((2, 3), n, np.uint8) for n in (0, 10, 20, 30)], axis=-1)
    assert (np.asarray(Image.open(io.BytesIO(png(x)))) == 15).all()


def test_training_images_are_shown_by_class(case, fit):
    found = pictures_in(sections.image_overview(case))
    assert len(found) == 20
    names = {fit.pixels.name(row): row for row in fit.rows["train"]}
    for x, alt in found:
        row = names[alt.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')]
        np.testing.assert_array_equal(x, fit.pixels.x[row])


def test_nothing_gets_in_unescaped(fit):
    page = report.html(fit, None)
    assert "<script" not in page
    assert "&lt;script&gt;alert" in page
    assert set(re.findall(r'src="([^"]{10})', page)) == {"data:image"}


def test_wrong_images_are_those_that_were_got_wrong(case, fit):
    answer = fit.answers("test").argmax(axis=1)
    wrong = np.flatnonzero(answer != case.y)
    assert sorted(case.wrong.tolist()) == wrong.tolist()
    assert np.all(np.diff(case.losses[case.wrong]) <= 0)
    if len(wrong):  # after two epochs there is nearly always one; the next test is sure of it
        assert f"{len(wrong)} of 8 test images were got wrong" in sections.wrong_images(case)


def test_probabilities_stand_below_wrong_images(fit):
    y = fit.y[fit.rows["test"]]
    p = np.where(np.arange(2) == y[:, None], 0.9, 0.1)
    case = ImageCase(fit)
    vars(case)["p"] = p
    assert "the answer is right for all 8 test images" in sections.wrong_images(case)
    p[3] = p[3][::-1]
    case = ImageCase(fit)
    vars(case)["p"] = p
    text = sections.wrong_images(case)
    ((shown, _),) = pictures_in(text)
    np.testing.assert_array_equal(shown, fit.pixels.x[fit.rows["test"][3]])
    assert "1 of 8 test images were got wrong" in text
    assert "(10.0\N{NO-BREAK SPACE}%)" in text
    assert "(90.0\N{NO-BREAK SPACE}%)" in text


def test_filters_are_those_of_the_first_layer(case, fit):
    (name,) = [n for n, layer in fit.model.net.layers.items() if isinstance(layer, Conv2D)]
    kernel = fit.model.net.parameters[f"{name}.weight"]
    found = pictures_in(sections.first_filters(case))
    assert len(found) == kernel.shape[-1]
    largest = np.abs(kernel).max()
    for o, (x, _) in enumerate(found):
        np.testing.assert_allclose(x / 127.5 - 1, kernel[..., o] / largest, atol=0.01)


def test_arrays_have_a_report_too():
    fit = images.find_fit(arrays(40), images.Settings(epochs=1, filters=(4,)))
    fit.go()
    page = report.html(fit, None)
    assert "images (12 x 12, grey)" in page
    assert len(pictures_in(page)) >= 20
    for key in ("data", "network", "training", "answers", "worst", "program"):
        assert f'id="{key}"' in page

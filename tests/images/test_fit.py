"""From images to a trained network, its figures, its file and its predictions."""

import json
from pathlib import Path

import numpy as np
import pytest
from cases.photos import arrays, drawn, folder
from polars.testing import assert_frame_equal
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss

import glassnet as gn
from glassnet import images, nn, tables
from glassnet.errors import DataError, FileFormatError, SettingError, ShapeError, UnknownNameError
from glassnet.images import validation
from glassnet.images.network import augmentation, augmented, filters_for, image_network

QUICK = images.Settings(
    epochs=25, filters=(8, 16), augment=False, learning_rate=0.003, weight_decay=0.0, patience=25
)


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    return folder(tmp_path_factory.mktemp("photos"), 40)


@pytest.fixture(scope="session")
def trained(root):
    fit = images.find_fit(root, QUICK)
    fit.go()
    return fit


@pytest.fixture(scope="session")
def model(trained, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    trained.model.save(path)
    return images.ImageModel.load(path)


def test_the_network_learns(trained):
    scores = trained.scores()
    assert scores["accuracy"][0] > 0.9
    assert scores["accuracy"][1] == 0.5
    assert 1 <= trained.best_epoch <= trained.history.epochs
    assert set(trained.history) >= {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert len(trained.history["val_loss"]) == trained.history.epochs
    assert repr(trained).startswith("<fit of 2 classes: 52 images for train, 12 images for val")


def test_scores_are_those_of_scikit_learn(trained):
    rows = trained.rows["test"]
    y, p = trained.y[rows], trained.model.answers(trained.pixels.take(rows)).astype(np.float64)
    answer = p.argmax(axis=1)
    p /= p.sum(axis=1, keepdims=True)
    wanted = {
        "accuracy": accuracy_score(y, answer), "f1": f1_score(y, answer, average="macro"),
        "balanced_accuracy": balanced_accuracy_score(y, answer), "log_loss": log_loss(y, p),
    }  # fmt: skip
    found = {name: ours for name, (ours, _) in trained.scores().items()}
    assert found == pytest.approx(wanted, rel=1e-5)


def test_validation_in_the_history_is_what_the_network_gives(trained):
    rows = trained.rows["validation"]
    x, y = trained.pixels.take(rows), trained.y[rows]
    found = trained.model.net.evaluate(x, y, metrics=["accuracy"])
    at = trained.best_epoch - 1
    assert trained.history["val_loss"][at] == pytest.approx(found["loss"], 1e-4, 1e-6)
    assert trained.history["val_accuracy"][at] == pytest.approx(found["accuracy"])


def test_validation_images_are_copied_some_at_a_time(trained, monkeypatch):
    whole = trained.answers("validation")
    monkeypatch.setattr(validation, "_BYTES", 3 * 16 * 16 * 3)
    np.testing.assert_allclose(trained.answers("validation"), whole, rtol=1e-5)


def test_the_same_seed_gives_the_same_weights(trained, root):
    again = images.find_fit(images.read(root), QUICK)
    again.go()
    assert again.history.hash == trained.history.hash
    other = images.find_fit(root, images.Settings(epochs=1, filters=(8,), seed=1))
    assert other.rows["test"].tolist() != again.rows["test"].tolist()


def test_only_training_rows_are_trained_on():
    x, y = arrays(40)
    plain = images.find_fit((x, y), QUICK)
    held = np.concatenate([plain.rows["test"], plain.rows["validation"]])
    x[plain.rows["test"]] = 0
    other = images.find_fit((x, y), QUICK)
    for fit in (plain, other):
        fit.go()
    assert plain.history["loss"] == other.history["loss"]
    assert len(held) + len(plain.rows["train"]) == 40
    assert not set(held) & set(plain.rows["train"])


def test_training_goes_on_after_a_checkpoint_to_the_bit(tmp_path, trained, root):
    cut = images.Settings(**{**QUICK.to_json(), "epochs": 5})
    images.find_fit(root, cut).go([gn.callbacks.Checkpoint(tmp_path)])
    fit = images.find_fit(root, QUICK)
    fit.go([gn.callbacks.Checkpoint(tmp_path, resume=True)])
    assert fit.history.hash == trained.history.hash
    assert fit.history["val_loss"] == trained.history["val_loss"]


def test_the_split_keeps_shares_of_classes():
    x, _ = arrays(60)
    y = np.array([0] * 40 + [1] * 20)
    rows = images.find_fit((x, y)).rows
    assert [np.bincount(y[rows[part]]).tolist() for part in ("train", "validation", "test")] == [
        [26, 13], [6, 3], [8, 4],
    ]  # fmt: skip


def test_balanced_weights_are_those_of_the_training_rows():
    x, _ = arrays(40)
    y = np.array([0] * 30 + [1] * 10)
    settings = images.Settings(**{**QUICK.to_json(), "class_weight": "balanced", "epochs": 2})
    fit = images.find_fit((x, y), settings)
    counts = np.bincount(y[fit.rows["train"]])
    np.testing.assert_allclose(fit.class_weight, counts.sum() / (2 * counts))
    assert "class_weight" in fit.model.training_program().source("numpy")
    fit.go()
    assert np.isfinite(fit.history["val_loss"]).all()


def test_facts_say_what_was_found(trained):
    facts = {label: text for label, text, _ in trained.facts() if label}
    assert facts["images"] == "80 images (PNG 80)"
    assert facts["classes"] == "2 classes (disc 40, square 40)"
    assert facts["size"] == "16 x 16, RGB: as they are"
    assert facts["rows"] == "52 to train, 12 to know when to stop, 16 to test"
    assert facts["network"].startswith(
        "convolutions of 8 > 16 filters with batch normalisation, 128 >"
    )
    assert all(len(label) <= 10 for label in facts)
    assert trained.baseline.startswith("for every image the shares")


def test_the_same_for_machines_is_plain_data(trained):
    found = json.loads(json.dumps(trained.as_json()))
    assert found["classes"] == ["disc", "square"]
    assert found["rows"] == {"train": 52, "validation": 12, "test": 16}
    assert found["frame"] == {"height": 16, "width": 16, "channels": 3, "resize": "crop"}


def test_what_is_odd_is_said(tmp_path):
    root = folder(tmp_path, 10)
    drawn("disc", (30, 20), 1, "P").save(root / "disc" / "p.png")
    drawn("disc", (16, 16), 2, "RGBA").save(root / "disc" / "a.png")
    Image = pytest.importorskip("PIL.Image")
    Image.fromarray(np.full((16, 16), 999, np.uint16)).save(root / "disc" / "deep.png")
    (root / "disc" / "readme.md").write_text("x")
    said = "\n".join(text for _, text, _ in images.find_fit(root).facts())
    assert "1 with a palette: its colours are taken" in said
    assert "1 transparent: put on white" in said
    assert "1 of 16 bits: the upper 8 are kept" in said
    assert "files that are not read (.md): 1" in said
    assert "from 16 to 20 rows and 16 to 30 columns to the median, aspect kept" in said
    assert "few images to train on: disc" in said


def test_doubled_images_are_said(tmp_path):
    folder(tmp_path / "train", 10)
    folder(tmp_path / "test", 4, first=10)
    same = (tmp_path / "train" / "disc" / "3.png").read_bytes()
    (tmp_path / "test" / "disc" / "same.png").write_bytes(same)
    (tmp_path / "train" / "square" / "other.png").write_bytes(same)
    notes = images.find_fit(tmp_path).found.notes
    assert notes[0] == (
        "1 test image is also among the images trained with, such as "
        "test/disc/same.png = train/disc/3.png"
    )
    assert "there twice in different classes" in notes[1]


def test_a_class_without_test_images_is_said(tmp_path):
    folder(tmp_path / "train", 10)
    folder(tmp_path / "test", 4, kinds=("disc",), first=10)
    assert "no image to test: square" in images.find_fit(tmp_path).found.notes


def test_predictions_name_files(model, root, tmp_path):
    new = folder(tmp_path / "new", 3, first=100)
    frame, strange = model.predict(new)
    assert frame.columns == ["file", "prediction", "probability_disc", "probability_square"]
    assert frame["file"].to_list()[0] == str(new / "disc" / "0.png").replace("0.png", "100.png")
    assert strange == {}
    right = [Path(f).parent.name == p for f, p in frame.select("file", "prediction").iter_rows()]
    assert np.mean(right) > 0.8
    one, _ = model.predict(new / "disc" / "100.png")
    some, _ = model.predict([str(new / "disc" / "100.png"), new / "square" / "102.png"])
    assert one.row(0)[0] == str(new / "disc" / "100.png")
    for few in (one, some):
        np.testing.assert_allclose(few["probability_disc"][0], frame["probability_disc"][0], 1e-4)


def test_predictions_of_other_sizes_are_resized(model, tmp_path):
    drawn("square", (64, 64), 5).save(tmp_path / "large.jpg")
    frame, _ = model.predict(tmp_path / "large.jpg")
    assert frame["prediction"].to_list() == ["square"]


def test_predictions_leave_unreadable_files_out_when_asked(model, tmp_path):
    new = folder(tmp_path / "new", 2)
    whole = (new / "disc" / "0.png").read_bytes()
    (new / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"1 image of 5 cannot be read: .*cut.png.*skip_unreadable"):
        model.predict(new)
    (new / "empty.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"1 image of 6 cannot be read: .*empty.png': empty file"):
        model.predict(new)
    frame, strange = model.predict(new, skip_unreadable=True)
    assert frame.height == 4
    assert {Path(name).name: why.split(":")[0] for name, why in strange.items()} == {
        "empty.png": "empty file", "cut.png": "damaged",
    }  # fmt: skip


def test_predictions_of_nothing_are_refused(model, tmp_path):
    with pytest.raises(DataError, match="holds no images"):
        model.predict(tmp_path)
    with pytest.raises(DataError, match="There is no folder"):
        model.predict(tmp_path / "none")
    with pytest.raises(DataError, match="the list of files is empty"):
        model.predict([])


def test_evaluate_gives_the_figures_of_a_labelled_folder(model, trained, tmp_path):
    new = folder(tmp_path / "new", 5, first=200)
    found = gn.images.evaluate(model, new)
    assert isinstance(found, tables.Evaluation)
    assert found.n_rows == 10
    frame, _ = model.predict(new)
    truth = [Path(f).parent.name for f in frame["file"]]
    assert found.scores["accuracy"][0] == np.mean(np.array(truth) == frame["prediction"].to_numpy())
    folder(tmp_path / "both" / "train", 2)
    folder(tmp_path / "both" / "test", 5, first=200)
    assert gn.images.evaluate(model, tmp_path / "both").scores == found.scores
    x = trained.pixels.take(trained.rows["test"])
    y = [trained.model.target.classes[i] for i in trained.y[trained.rows["test"]]]
    ours = {name: figure for name, (figure, _) in trained.scores().items()}
    again = gn.images.evaluate(model, (x, y)).scores
    assert {name: figure for name, (figure, _) in again.items()} == pytest.approx(ours)


def test_evaluate_leaves_unreadable_files_out_when_asked(model, tmp_path):
    new = folder(tmp_path / "new", 3)
    (new / "disc" / "0.png").write_bytes(b"")
    whole = (new / "square" / "0.png").read_bytes()
    (new / "square" / "0.png").write_bytes(whole[: len(whole) // 2])
    drawn("disc", (16, 16), 0).save(new / "without_a_class.png")
    with pytest.raises(DataError, match="1 image of 6 cannot be read"):
        gn.images.evaluate(model, new)
    found = gn.images.evaluate(model, new, skip_unreadable=True)
    assert (found.n_rows, found.n_unknown) == (4, 1)
    assert sorted(found.strange) == ["disc/0.png", "square/0.png"]


def test_evaluate_refuses_classes_that_the_network_does_not_know(model, tmp_path):
    new = folder(tmp_path, 2, kinds=("disc", "star"))
    with pytest.raises(DataError, match="has images of 'star', which is not among the classes"):
        gn.images.evaluate(model, new)


def test_a_loaded_model_predicts_the_same(model, trained, root):
    assert model.frame == trained.model.frame
    assert model.settings == trained.model.settings
    assert model.target.classes == trained.model.target.classes
    assert_frame_equal(model.predict(root)[0], trained.model.predict(root)[0])


def changed(trained, path, change):
    kept = {"frame": trained.model.frame.to_json(), "classes": ["disc", "square"]}
    kept["counts"] = [40, 40]
    extra = {"images": kept, "settings": trained.model.settings.to_json()}
    change(extra)
    gn.files.save(trained.model.net, path, extra)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.pop("images"), "not one of images"),
        (lambda e: e["images"].update(classes=["disc"]), "of 1 classes"),
        (lambda e: e["images"].update(classes=["disc", "disc"]), "do not fit together"),
        (lambda e: e["images"].update(counts=[1]), "do not fit together"),
        (lambda e: e["images"].update(classes=[1, 2]), "its classes is"),
        (lambda e: e["images"].update(classes=7), "does not describe images"),
        (lambda e: e["images"]["frame"].update(height=17), "17 x 16"),
        (lambda e: e["images"]["frame"].update(height="16"), "its height is '16'"),
        (lambda e: e["images"]["frame"].update(resize="run"), "its resize is 'run'"),
        (lambda e: e["images"]["frame"].update(more=1), "does not describe images"),
        (lambda e: e["settings"].update(more=1), "does not hold settings"),
        (lambda e: e["settings"].update(epochs=-1), "epochs must be"),
        (lambda e: e.update(images=[]), "does not describe images"),
    ],
)
def test_files_of_another_making_are_refused(trained, tmp_path, change, message):
    import glassnet.files  # noqa: F401

    changed(trained, tmp_path / "m.safetensors", change)
    with pytest.raises(FileFormatError, match=message):
        images.ImageModel.load(tmp_path / "m.safetensors")


def test_a_file_that_claims_enormous_images_is_refused(trained, tmp_path):
    layers = [gn.GlobalAveragePooling2D(), gn.Dense(2, "softmax")]
    net = gn.Network(layers, input_shape=(30_000, 30_000, 1))
    frame = images.Frame(30_000, 30_000, 1)
    images.ImageModel(net, frame, trained.model.target, QUICK).save(tmp_path / "m.safetensors")
    with pytest.raises(FileFormatError, match="The file's images are 30000 x 30000, grey"):
        images.ImageModel.load(tmp_path / "m.safetensors")


def test_weights_that_are_no_numbers_are_refused(root, tmp_path):
    model = images.find_fit(root, QUICK).model
    model.net.parameters["dense.bias"] = np.full(128, np.nan)
    model.save(tmp_path / "m.safetensors")
    with pytest.raises(FileFormatError, match="hold NaN"):
        images.ImageModel.load(tmp_path / "m.safetensors")


# Arrays


def test_arrays_are_used_as_they_are():
    x, y = arrays(40)
    fit = images.find_fit((x, y), QUICK)
    assert np.shares_memory(fit.pixels.x, x)
    assert fit.model.frame.shape == (12, 12, 1)
    assert fit.model.target.classes == ("disc", "square")
    x_test, y_test = arrays(10, seed=500)
    both = images.find_fit(((x, y), (x_test, y_test)), QUICK)
    assert both.rows["test"].tolist() == list(range(40, 50))
    assert np.shares_memory(both.pixels.x_test, x_test)
    both.go()
    found, _ = both.model.predict(x_test)
    assert "file" not in found.columns
    right = np.mean(found["prediction"].to_numpy() == np.array(y_test))
    assert both.scores()["accuracy"][0] == pytest.approx(right)


def test_arrays_in_files_and_with_channels_are_taken(tmp_path):
    x, y = arrays(40)
    np.save(tmp_path / "x.npy", np.stack([x, x, x, x], axis=-1))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    fit = images.find_fit((mapped, y), images.Settings(epochs=1, filters=(4,), augment=False))
    assert fit.model.frame.shape == (12, 12, 4)
    fit.go()
    with pytest.raises(DataError, match="images of 4 channels, which files do not have"):
        fit.model.predict(folder(tmp_path / "photos", 1))


def test_classes_of_arrays_are_numbers_in_their_order():
    x, _ = arrays(40)
    y = np.repeat([10.0, 9.0, 2.0, 1.0], 10)
    assert images.find_fit((x, y)).model.target.classes == ("1", "2", "9", "10")


X, Y = arrays(40)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ((X / 255, Y), DataError, r"float64 from 0.* to .* Give \(x \* 255\).round"),
        ((X.astype("int64"), Y), DataError, r"int64 .* Give x.astype\('uint8'\)"),
        ((X > 99, Y), DataError, r"Give x.astype\('uint8'\) \* 255"),
        ((X / 255 - 0.5, Y), DataError, r"Give \(\(x - -"),
        ((np.full(X.shape, np.nan), Y), DataError, "NaN or infinity"),
        (([*X[:3], X[3][:5]], Y[:4]), DataError, "unequal size"),
        ((X * 0.05, Y), DataError, r"Give \(x \* \(255 / 1\d.*\)\).round"),
        ((X[:, :, 0], Y), ShapeError, r"must have the shape \(n, H, W\)"),
        ((X[:0], Y), DataError, "holds no images"),
        ((X[None].repeat(2, 0).transpose(1, 0, 2, 3).repeat(3, 3), Y), ShapeError, "channels"),
        ((X, Y[:-1]), DataError, "39 classes for 40 images"),
        ((X, np.eye(40)), ShapeError, r"give y.argmax\(axis=1\)"),
        ((X, np.full(40, 0.5)), DataError, "got fractions"),
        ((X, [*Y[:-1], None]), DataError, "y has no class for image 39"),
        ((X, np.zeros(40)), DataError, "only the class '0'"),
        ((X, np.arange(40)), DataError, "40 classes for 40 images"),
        (((X, Y), (X[:, :5], Y)), ShapeError, "x_test holds images of 5 x 12 x 1, but the network"),
        (((X, Y), (X, ["star"] * 40)), DataError, "y_test has images of 'star'"),
        (7, DataError, "got int"),
    ],
)
def test_arrays_that_are_no_images_are_refused(given, error, message):
    with pytest.raises(error, match=message):
        images.find_fit(given)


def test_predictions_of_other_arrays_are_refused(model):
    with pytest.raises(ShapeError, match="12 x 12 x 1, but the network takes 16 x 16 x 3"):
        model.predict(X)


def test_size_is_not_set_for_arrays():
    with pytest.raises(DataError, match="Arrays are used as they are"):
        images.find_fit((X, Y), images.Settings(size=8))


# Settings and network


def test_size_is_set_for_files(tmp_path):
    root = folder(tmp_path, 6)
    settings = images.Settings(size=(10, 20), channels=1, resize="pad")
    fit = images.find_fit(root, settings)
    assert fit.model.frame == images.Frame(10, 20, 1, "pad")
    assert fit.facts()[2][1] == "10 x 20, grey: as asked for, aspect kept, black around"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 0}, "size is"), ({"size": (1, 2, 3)}, "size is"),
        ({"channels": 2}, "channels is"),
        ({"epochs": 0}, "epochs must"), ({"batch_size": 1.5}, "batch_size must"),
        ({"test_share": 0}, "test_share must"), ({"validation_share": 1}, "validation_share must"),
        ({"dropout": 1}, "dropout must"), ({"augment": "yes"}, "augment is True or False"),
        ({"filters": ()}, "filters must"), ({"filters": (0,)}, "filters must"),
        ({"class_weight": 3}, "class_weight is"), ({"learning_rate": -1}, "learning_rate"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(SettingError, match=message):
        images.Settings(**settings)


def test_names_of_settings_are_checked():
    with pytest.raises(UnknownNameError, match="Did you mean 'crop'"):
        images.Settings(resize="croop")
    with pytest.raises(TypeError, match="learning_rate"):
        images.Settings(lr=1)


def test_settings_survive_json():
    settings = images.Settings(size=9, filters=(4, 8), class_weight="balanced").resolved(5000, 9)
    assert images.Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings


@pytest.mark.parametrize(("n", "size"), [(10, 16), (400, 16), (1000, 32), (60_000, 64)])
def test_the_batch_size_follows_the_number_of_images(n, size):
    assert images.Settings().resolved(n, 28).batch_size == size
    assert images.Settings(batch_size=7).resolved(n, 28).batch_size == 7


def test_images_of_few_pixels_are_not_augmented_unless_asked():
    assert [images.Settings().resolved(100, side).augment for side in (15, 16)] == [False, True]
    assert images.Settings(augment=True).resolved(100, 8).augment is True
    assert images.Settings(augment=False).resolved(100, 28).augment is False


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (8, 8), (28, 28), (33, 20), (96, 96)])
def test_networks_of_every_size_are_built(size):
    net = image_network(images.Frame(*size, 3), 4, images.Settings())
    assert net.predict(np.zeros((2, *size, 3), np.uint8)).shape == (2, 4)
    assert filters_for(images.Frame(*size, 3))[0] >= 16


def test_augmentation_is_what_was_asked_for():
    h = nn.Rescaling(1 / 255)(nn.Input((8, 8, 1)))
    asked = images.Settings(augment=True, flip=True)
    there = ["RandomTranslation", "RandomRotation", "RandomZoom", "RandomFlip"]
    assert [type(layer).__name__ for layer in augmentation(asked)] == there
    assert augmented(h, asked) is not h
    assert augmented(h, images.Settings(augment=False)) is h


def test_the_program_takes_bytes_and_reads_like_a_page(trained):
    source = trained.model.net.prediction_program().source("numpy")
    assert "def predict(\n    image, W1, scale2" in source
    assert "scaled = 0.00392156862745098 * image " in source

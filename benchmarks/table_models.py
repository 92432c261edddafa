"""One model on one table, in a process of its own: its answers, seconds and memory.

A process imports and reads what its model needs, and no more: Glassnet's has no scikit-learn, and
scikit-learn's has no Glassnet. Seconds are those from the table in memory to the answers for the
test rows: Glassnet's own look at the columns counts, and so does scikit-learn's encoding.
"""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np


def split(path, target, seed):
    """What all models share: the rows, the targets, and the columns that are left out."""
    from glassnet import tables

    fit = tables.find_fit(tables.read(path), target, settings=tables.Settings(seed=seed))
    train, test = (np.concatenate([fit.rows[part] for part in parts])
                   for parts in (("train", "validation"), ("test",)))  # fmt: skip
    y = np.concatenate([fit.parts[part][1] for part in ("train", "validation")])
    found = fit.model.table
    return {"train": train, "test": test, "y": y, "y_test": fit.parts["test"][1],
            "is_classes": found.target.is_classes, "left_out": list(found.left_out)}  # fmt: skip


def glassnet_model(path, target, seed, shared):
    """What `glassnet train` does."""
    from glassnet import tables

    table = tables.read(path)
    yield
    fit = tables.find_fit(table, target, settings=tables.Settings(seed=seed))
    fit.go()
    if not np.array_equal(fit.rows["test"], shared["test"]):
        raise RuntimeError("The rows held out are others.")
    yield np.asarray(fit.model.answers(fit.parts["test"][0]), np.float64)


def mlp(path, target, seed, shared):
    """scikit-learn's network of one hidden layer of 100 units, its default."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import OneHotEncoder

    model = MLPClassifier if shared["is_classes"] else MLPRegressor
    encoder = OneHotEncoder(handle_unknown="ignore", min_frequency=2)
    model = model(random_state=seed, early_stopping=True)
    yield from _answers(path, target, shared, encoder, model, scaled=True)


def boosting(path, target, seed, shared):
    """scikit-learn's gradient boosting of trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.preprocessing import OrdinalEncoder

    kinds = HistGradientBoostingRegressor, HistGradientBoostingClassifier
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    model = kinds[int(shared["is_classes"])](random_state=seed)
    yield from _answers(path, target, shared, encoder, model, scaled=False)


def _answers(path, target, shared, encoder, model, *, scaled):
    import pandas as pd

    is_classes = bool(shared["is_classes"])
    frame = pd.read_csv(path).drop(columns=[target, *shared["left_out"]])
    numbers = [c for c in frame.columns if frame[c].dtype.kind in "fiub"]
    others = [c for c in frame.columns if c not in numbers]
    whole = _pipeline(encoder, model, numbers, others, scaled=scaled, is_classes=is_classes)
    yield
    whole.fit(frame.iloc[shared["train"]], shared["y"])
    test = frame.iloc[shared["test"]]
    yield np.asarray(whole.predict_proba(test) if is_classes else whole.predict(test), np.float64)


def _pipeline(encoder, model, numbers, others, *, scaled, is_classes):
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    plain = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), encoder)
    as_is = plain if scaled else "passthrough"
    prepare = make_column_transformer((as_is, numbers), (words, others))
    if scaled and not is_classes:
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    return make_pipeline(prepare, model)


MODELS = {"Glassnet": glassnet_model, "MLP": mlp, "HistGradientBoosting": boosting}


def peak_memory():
    """Bytes that the process has held at most."""
    with Path("/proc/self/status").open(encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def main(path, target, model, seed, folder):
    """`folder` holds split.npz, and is given answers.npy."""
    warnings.filterwarnings("ignore")
    if model == "split":
        np.savez(Path(folder) / "split.npz", **split(path, target, int(seed)))
        return
    with np.load(Path(folder) / "split.npz") as file:
        shared = dict(file)
    steps = MODELS[model](path, target, int(seed), shared)
    next(steps)
    began = time.perf_counter()
    answers = next(steps)
    seconds = time.perf_counter() - began
    np.save(Path(folder) / "answers.npy", answers)
    print(json.dumps({"seconds": seconds, "memory": peak_memory()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

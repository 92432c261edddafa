"""One model on one table, in a process of its own: its figure, seconds and memory as JSON."""

from __future__ import annotations

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

from glassnet import tables
from glassnet.tables.score import score


def glassnet_model(frame, fit, seed):
    """What `glassnet train` does."""
    fit.go()
    return np.asarray(fit.model.answers(fit.parts["test"][0]), np.float64)


def _prepared(frame, fit):
    """(train x, train y, test x, names of number columns, names of the others), for pandas."""
    target, left_out = fit.model.table.target, fit.model.table.left_out
    x = frame.drop(columns=[target.name, *left_out])
    rows = np.concatenate([fit.rows["train"], fit.rows["validation"]])
    y = np.concatenate([fit.parts["train"][1], fit.parts["validation"][1]])
    numbers = [c for c in x.columns if x[c].dtype.kind in "fiub"]
    return x.iloc[rows], y, x.iloc[fit.rows["test"]], numbers, [c for c in x if c not in numbers]


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


def mlp(frame, fit, seed):
    """scikit-learn's network of one hidden layer of 100 units, its default."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import OneHotEncoder

    is_classes = fit.model.table.target.is_classes
    model = (MLPClassifier if is_classes else MLPRegressor)(random_state=seed, early_stopping=True)
    encoder = OneHotEncoder(handle_unknown="ignore", min_frequency=2)
    return _answers(frame, fit, encoder, model, scaled=True)


def boosting(frame, fit, seed):
    """scikit-learn's gradient boosting of trees."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.preprocessing import OrdinalEncoder

    is_classes = fit.model.table.target.is_classes
    kind = HistGradientBoostingClassifier if is_classes else HistGradientBoostingRegressor
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return _answers(frame, fit, encoder, kind(random_state=seed), scaled=False)


def _answers(frame, fit, encoder, model, *, scaled):
    x, y, test, numbers, others = _prepared(frame, fit)
    is_classes = fit.model.table.target.is_classes
    whole = _pipeline(encoder, model, numbers, others, scaled=scaled, is_classes=is_classes)
    whole.fit(x, y)
    return np.asarray(whole.predict_proba(test) if is_classes else whole.predict(test), np.float64)


MODELS = {"glassnet": glassnet_model, "MLP": mlp, "HistGradientBoosting": boosting}


def peak_memory():
    """Bytes that the process has held at most."""
    with Path("/proc/self/status").open(encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))


def main(path, target, model, seed):
    warnings.filterwarnings("ignore")
    table = tables.read(path)
    fit = tables.find_fit(table, target, settings=tables.Settings(seed=int(seed)))
    frame = None
    if model != "glassnet":
        import pandas as pd

        frame = pd.read_csv(path)
    began = time.perf_counter()
    answers = MODELS[model](frame, fit, int(seed))
    seconds = time.perf_counter() - began
    metric = "accuracy" if fit.model.table.target.is_classes else "r2"
    figure = score(metric, fit.parts["test"][1], answers)
    print(json.dumps({"metric": metric, "figure": figure, "seconds": seconds,
                      "memory": peak_memory(), "shape": [table.height, table.width]}))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])

"""The known name that is meant: by another library's word for it, or by its letters."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ALIKE = 0.6  # from which two words are the same, misspelt
_RATHER_ALIKE = 0.5  # and from which, where the first letter is the same
_FEWEST = 3  # letters of a word that may stand for a longer one: acc, accuracy

# Our names, and what they are called elsewhere. Of several, the first that is known is meant.
_WORDS = {
    "learning_rate": "lr eta learning_rate_init step_size",
    "use_bias": "bias with_bias fit_intercept",
    "weight_init": "kernel_initializer kernel_init initializer init embeddings_initializer",
    "bias_init": "bias_initializer",
    "weight_regularizer": "kernel_regularizer regularizer embeddings_regularizer",
    "weight_constraint": "kernel_constraint constraint",
    "beta1": "beta_1 b1 betas",
    "beta2": "beta_2 b2",
    "epsilon": "eps",
    "weight_decay": "wd decay",
    "epochs": "epoch n_epochs num_epochs nb_epoch max_epochs max_iter n_iter",
    "batch_size": "batch bs minibatch_size",
    "loss": "criterion loss_fn loss_function objective",
    "optimizer": "optim opt solver",
    "rate": "p dropout drop_rate prob",
    "vocabulary": "num_embeddings input_dim vocab_size",
    "units": "n_units num_units neurons nodes size out_features output_dim embedding_dim",
    "input_shape": "input_dim input_size in_features n_features batch_input_shape",
    "seed": "random_state random_seed",
    "threads": "n_jobs num_threads n_threads workers",
    "validation_data": "val_data validation eval_set valid_data",
    "validation_split": "val_split valid_split validation_fraction",
    "sample_weight": "weights sample_weights",
    "clip_norm": "clipnorm max_norm grad_clip",
    "clip_value": "clipvalue",
    "activation": "act activation_function func",
    "alpha": "a",
    "x": "inputs data features",
    "y": "targets target labels",
    "patience": "early_stopping_patience n_iter_no_change",
    "mean_squared_error": "l2 rmse root_mean_squared_error squared_error quadratic",
    "mean_absolute_error": "l1 absolute_error",
    "root_mean_squared_error": "mse mean_squared_error",
    "binary_crossentropy": "logloss log_loss bceloss bcewithlogitsloss logistic",
    "sparse_categorical_crossentropy": "crossentropyloss nll nllloss",
    "huber": "smooth_l1",
    "quantile": "pinball",
    "log_loss": "logloss crossentropy cross_entropy bce",
    "f1": "f1_score",
    "r2": "r2_score r_squared",
    "silu": "swish",
    "linear": "identity none",
    "sigmoid": "logistic",
    "Dense": "linear fullyconnected denselayer",
    "Network": "sequential model nn mlp functional",
    "Standardize": "standardscaler normalization normalize scaler",
    "FillMissing": "simpleimputer imputer",
}  # fmt: skip

# What people type for our names: these work.
SHORT = {
    "loss": {
        "mse": "mean_squared_error", "mae": "mean_absolute_error", "sse": "sum_squared_error",
        "bce": "binary_crossentropy", "cce": "categorical_crossentropy",
        "scce": "sparse_categorical_crossentropy", "kld": "kl_divergence",
    },
    "metric": {
        "acc": "accuracy", "auc": "roc_auc", "mae": "mean_absolute_error",
        "rmse": "root_mean_squared_error",
    },
    "optimizer": {
        "gd": "sgd", "l-bfgs": "lbfgs", "l_bfgs": "lbfgs", "rms_prop": "rmsprop", "adam_w": "adamw",
    },
}  # fmt: skip

_MEANT: dict[str, list[str]] = {}
for _ours, _theirs in _WORDS.items():
    for _word in _theirs.split():
        _MEANT.setdefault(_word, []).append(_ours)


def meant(word: str) -> list[str]:
    """What another library's word is called here."""
    return _MEANT.get(word.casefold(), [])


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like this one, whatever the case of its letters."""
    folded = {one.casefold(): one for one in known}
    word = name.casefold()
    found = [one for one in meant(word) if one.casefold() in folded]
    found = found or difflib.get_close_matches(word, folded, n=1, cutoff=_ALIKE)
    if not found:  # l3 may be l1, but bce is not huber
        like = difflib.get_close_matches(word, folded, n=3, cutoff=_RATHER_ALIKE)
        found = [one for one in like if one[:1] == word[:1]]
    if not found and len(word) >= _FEWEST:
        found = sorted((one for one in folded if word in one), key=len)
    return folded[found[0].casefold()] if found else None

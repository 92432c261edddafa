"""The known name that is meant: by another library's word for it, or by its letters."""

from __future__ import annotations

import difflib
import re
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
    "num_heads": "heads nhead n_heads n_head nheads num_query_heads",
    "key_dim": "head_dim d_k d_head dim_head",
    "num_key_value_heads": "kv_heads n_kv_heads num_kv_heads",
    "causal": "is_causal use_causal_mask",
    "attention_mask": "attn_mask",
    "hidden_units": "intermediate_dim dim_feedforward d_ff ff_dim mlp_dim",
    "norm_first": "normalize_first pre_norm",
    "MultiHeadAttention": "multiheadattention attention groupedqueryattention",
    "TransformerBlock": "transformerencoder transformerencoderlayer transformerlayer transformer",
    "PositionalEncoding": "sinepositionencoding",
    "PositionalEmbedding": "positionembedding",
    "Contrastive": "contrastiveloss",
    "CTC": "ctcloss connectionisttemporalclassification",
    "Triplet": "tripletloss tripletmarginloss",
    "Distance": "pairwisedistance",
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
    "mean_absolute_scaled_error": "mase",
    "root_mean_squared_error": "mse mean_squared_error",
    "binary_crossentropy": "logloss log_loss bceloss bcewithlogitsloss logistic",
    "sparse_categorical_crossentropy": "crossentropyloss nll nllloss",
    "huber": "smooth_l1",
    "quantile": "pinball",
    "log_loss": "logloss crossentropy cross_entropy bce",
    "f1": "f1_score",
    "r2": "r2_score r_squared",
    "leaky_relu": "lrelu leakyrelu",
    "silu": "swish",
    "linear": "identity none",
    "sigmoid": "logistic",
    "Dense": "linear fullyconnected denselayer",
    "Network": "sequential model nn mlp functional",
    "Standardize": "standardscaler normalization normalize scaler",
    "FillMissing": "simpleimputer imputer",
    "filters": "out_channels n_filters num_filters channels_out",
    "kernel_size": "kernel filter_size",
    "strides": "stride",
    "dilation_rate": "dilation",
    "pool_size": "window_size",
    **{f"Conv{n}D": f"convolution{n}d" for n in (1, 2, 3)},
    **{f"Conv{n}DTranspose": f"convtranspose{n}d deconv{n}d" for n in (1, 2)},
    **{f"MaxPooling{n}D": f"maxpool{n}d" for n in (1, 2, 3)},
    **{f"AveragePooling{n}D": f"avgpool{n}d averagepool{n}d" for n in (1, 2, 3)},
    **{f"GlobalMaxPooling{n}D": f"globalmaxpool{n}d adaptivemaxpool{n}d" for n in (1, 2, 3)},
    **{
        f"GlobalAveragePooling{n}D": f"globalaveragepool{n}d globalavgpool{n}d adaptiveavgpool{n}d"
        for n in (1, 2, 3)
    },
    "BatchNormalization": "batchnorm batchnorm1d batchnorm2d batchnorm3d",
    "LayerNormalization": "layernorm",
    "GroupNormalization": "groupnorm instancenorm1d instancenorm2d instancenormalization",
    "RMSNormalization": "rmsnorm",
    "SpatialDropout2D": "dropout2d dropout1d dropout3d",
    "UpSampling2D": "upsample upsampling resize",
    "ZeroPadding2D": "zeropad2d pad",
    "groups": "num_groups n_groups",
    "stddev": "std sigma deviation",
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
        "gd": "sgd", "gradient_descent": "sgd", "l-bfgs": "lbfgs", "l_bfgs": "lbfgs",
        "rms_prop": "rmsprop", "adam_w": "adamw",
    },
}  # fmt: skip

_MEANT: dict[str, list[str]] = {}
for _ours, _theirs in _WORDS.items():
    for _word in _theirs.split():
        _MEANT.setdefault(_word, []).append(_ours)


def meant(word: str) -> list[str]:
    """What another library's word is called here."""
    return _MEANT.get(word.casefold(), [])


def snake(name: str) -> str:
    """MeanSquaredError -> mean_squared_error, CTC -> ctc."""
    humps = r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])"
    return re.sub(humps, "_", name).lower()


def long_name(column: str) -> str:
    """The column of a history that a short name asks for.

    >>> long_name("val_acc"), long_name("size_mae"), long_name("loss")
    ('val_accuracy', 'size_mean_absolute_error', 'loss')
    """
    before, _, last = column.rpartition("_")
    metric = SHORT["metric"].get(last.casefold(), last)
    return f"{before}_{metric}" if before else metric


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


# Where the public classes stand that people look for elsewhere; a test compares the packages.
HOMES = {
    "optim": "SGD Adadelta Adagrad Adam AdamW LBFGS Lion Nadam RMSprop",
    "optim.schedules": "Constant Cosine Exponential OnPlateau OneCycle Polynomial Step Warmup",
    "losses": "SumSquaredError MeanSquaredError MeanAbsoluteError Huber Quantile LogCosh Poisson "
    "BinaryCrossentropy CategoricalCrossentropy SparseCategoricalCrossentropy Focal Hinge "
    "KlDivergence CosineSimilarity Contrastive Triplet CTC",
    "metrics": "F1 R2 Accuracy AveragePrecision BalancedAccuracy Brier LogLoss MeanAbsoluteError "
    "MeanAbsoluteScaledError Precision Recall RocAuc RootMeanSquaredError TopKAccuracy",
    "callbacks": "Checkpoint EarlyStopping LearningRateFinder Progress ReduceOnPlateau ResetStates "
    "TimeLimit",
    "regularizers": "L1 L2 L1L2 MaxNorm",
}
_KINDS = {"losses": "loss", "metrics": "metric", "optim": "optimizer"}
LAYERS = (
    "Activation PReLU PositionalEncoding PositionalEmbedding MultiHeadAttention RandomFlip "
    "RandomTranslation RandomRotation RandomZoom RandomCrop Bidirectional RandomBrightness "
    "RandomContrast Conv1D Conv2D Conv3D DepthwiseConv2D SeparableConv2D Dense Distance Dot "
    "CosineSimilarity Dropout SpatialDropout1D SpatialDropout2D SpatialDropout3D WordDropout "
    "Embedding RandomErasing SeasonalNaive WindowDeviation ScaledWindow GRU LSTM Masking Add "
    "Subtract Multiply Average Maximum Minimum Concatenate MixUp GaussianNoise GaussianDropout "
    "BatchNormalization LayerNormalization GroupNormalization RMSNormalization ZeroPadding1D "
    "ZeroPadding2D ZeroPadding3D Cropping1D Cropping2D Cropping3D MaxPooling1D MaxPooling2D "
    "MaxPooling3D AveragePooling1D AveragePooling2D AveragePooling3D GlobalMaxPooling1D "
    "GlobalMaxPooling2D GlobalMaxPooling3D GlobalAveragePooling1D GlobalAveragePooling2D "
    "GlobalAveragePooling3D FillMissing MissingIndicator Standardize Rescale OneHot Rescaling "
    "Flatten Reshape SimpleRNN TimeDistributed TransformerBlock Conv1DTranspose Conv2DTranspose "
    "UpSampling1D UpSampling2D UpSampling3D"
)
ACTIVATIONS = (
    "linear sigmoid hard_sigmoid tanh relu leaky_relu elu selu gelu silu mish softplus softsign "
    "softmax prelu"
)

# What other libraries have and this one does not have yet, by a word in its name.
_TO_COME = {
    "fit_many": "fits of many networks", "load_onnx": "reading of ONNX",
    "estimators": "estimators", "distributed": "distributed fits", "studio": "studio",
}  # fmt: skip

# What is no name here but something to write, by whose attribute it was taken for.
_WRITE = {
    "glassnet": {
        "train_test_split": "net.fit(..., validation_split=0.2) holds rows out by itself",
        "fit train": "Write net.fit(x, y)",
        "predict forward": "Write net.predict(x)",
        "evaluate score": "Write net.evaluate(x, y, metrics=...)",
        "gradientdescent": "Write gn.optim.SGD(learning_rate=0.01)",
        "momentum": "Write gn.optim.SGD(momentum=0.9)",
        "cosinedecay cosineannealinglr": "Write gn.optim.schedules.Cosine()",
    },
    "glassnet.optim": {
        "gradientdescent gd": "Write gn.optim.SGD(learning_rate=0.01)",
        "momentum nesterov": "Write gn.optim.SGD(momentum=0.9)",
        "cosinedecay cosineannealinglr cosineannealing": "Write gn.optim.schedules.Cosine()",
        "steplr exponentiallr exponentialdecay": "Schedules are in gn.optim.schedules",
    },
    "glassnet.optim.schedules": {
        "cosinedecay cosineannealinglr cosineannealing": "Write gn.optim.schedules.Cosine()",
    },
    "glassnet.metrics": {
        "mse meansquarederror": "Write gn.metrics.RootMeanSquaredError, its root",
    },
    "Network": {
        "weights params get_weights set_weights coefs_ state_dict": "Its arrays are in "
        "net.parameters, by name",
        "train train_on_batch fit_transform partial_fit": "Write net.fit(x, y)",
        "forward call predict_proba transform": "Write net.predict(x)",
        "gradients grad grads gradient backward": "net.walkthrough(x, y) shows them, "
        "net.training_program() computes them, gn.checks.check_gradients(net, x, y) checks them",
        "check": "Write gn.checks.check_gradients(net, x, y)",
        "score test": "Write net.evaluate(x, y, metrics=...)",
        "plot plot_history": "history = net.fit(x, y) gives what has curves: history.plot(). "
        "gn.plots.network(net) draws the layers",
        "history history_": "It is what fit gives: history = net.fit(x, y)",
        "freeze frozen trainable": "A layer is frozen by "
        'net.layers["dense"].trainable = False, with the name of yours',
        "compile loss optimizer metrics": "Loss, optimizer and metrics are fit's: "
        "net.fit(x, y, loss=..., optimizer=..., metrics=...)",
        "add append": "The layers are given together: gn.Network([...])",
    },
    "layer": {
        "frozen freeze": "Write trainable = False",
    },
}  # fmt: skip


def elsewhere(owner: str, name: str, known: Iterable[str]) -> str:
    """What to write instead of an attribute that its owner does not have, or nothing.

    >>> elsewhere("glassnet", "Adam", ["Dense"])
    'Write gn.optim.Adam'
    """
    word = name.casefold()
    if name.startswith("_"):
        return ""
    for words, sentence in _WRITE.get(owner, {}).items():
        if word in words.split():
            return sentence
    if owner.startswith("glassnet"):
        for thing, what in _TO_COME.items() if owner == "glassnet" else ():
            if thing in word:
                return f"This version has no {what} yet. Its layers are {LAYERS.replace(' ', ', ')}"
        if found := _home(word, owner):
            return found
    near = nearest(name, known)
    return f"Did you mean {near!r}?" if near else ""


def _home(word: str, owner: str) -> str:
    """Where a class of this name stands, its owner first, or how an activation is asked for."""
    for home in sorted(HOMES, key=lambda home: f"glassnet.{home}" != owner):
        long = SHORT.get(_KINDS.get(home, ""), {}).get(word, word)
        for name in HOMES[home].split():
            if name.casefold() in {word, long.replace("_", "")}:
                return f"Write gn.{home}.{name}"
    for name in ACTIVATIONS.split():
        if name.replace("_", "") == word.replace("_", ""):
            return f"An activation goes by its name: gn.Dense(16, {name!r})"
    return ""

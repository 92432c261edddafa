"""Spread of starting weights against PyTorch's, whose weights lie the other way: (out, in)."""

import numpy as np
import pytest

from glassnet.nn.init import INITS, Draw

torch = pytest.importorskip("torch", reason="torch is not installed")
T = torch.nn.init

SHAPE = (120, 250)  # in, out
TORCH = {
    "glorot_uniform": T.xavier_uniform_,
    "glorot_normal": T.xavier_normal_,
    "he_uniform": lambda w: T.kaiming_uniform_(w, nonlinearity="relu"),
    "he_normal": lambda w: T.kaiming_normal_(w, nonlinearity="relu"),
    "lecun_uniform": lambda w: T.kaiming_uniform_(w, nonlinearity="linear"),
    "lecun_normal": lambda w: T.kaiming_normal_(w, nonlinearity="linear"),
    "truncated_normal": lambda w: T.trunc_normal_(w, std=0.05, a=-0.1, b=0.1),
    "orthogonal": T.orthogonal_,
}


@pytest.mark.parametrize("name", TORCH)
def test_quantiles_equal_pytorchs(name):
    torch.manual_seed(0)
    theirs = TORCH[name](torch.empty(SHAPE[::-1], dtype=torch.float64)).numpy()
    ours = INITS[name](SHAPE, Draw(0, 0))
    shares = np.linspace(0.02, 0.98, 25)
    np.testing.assert_allclose(
        np.quantile(ours, shares), np.quantile(theirs, shares), atol=0.05 * theirs.std()
    )

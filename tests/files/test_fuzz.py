"""Any bytes are loaded, and then predict, or are refused in words; `fuzz_files.py` tries more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cases.model_files import READERS, judge, parsed, samples
from files.mutations import WAYS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassnet.nn import LAYERS

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[1] / "fuzz_files.py"
TAKEN = {
    "loaded",
    "loaded, large",
    "loaded, diverged",
    "loaded, no number",
    "passed over",
    "FileFormatError",
    "UnknownNameError",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", READERS)
def test_file_is_loaded_or_refused_in_words(kind, way, tmp_path):
    path = tmp_path / "fuzzed"

    @settings(max_examples=60 if kind == "model" else 25,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(data=WAYS[way](kind) if kind in samples() else st.nothing())
    def holds(data):
        path.write_bytes(data)
        assert judge(kind, path) in TAKEN

    holds()


@pytest.mark.ci
@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX's")
def test_files_are_loaded_or_refused_for_minutes():
    command = [sys.executable, SCRIPT, "--seconds", "120", "--seed", "1000"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr
    assert json.loads(found.stdout.splitlines()[-1])["inputs"] > 1000


@pytest.mark.parametrize("kind", READERS)
def test_files_as_they_are_written_are_loaded(kind, tmp_path):
    for data in samples()[kind]:
        tmp_path.joinpath("whole").write_bytes(data)
        assert judge(kind, tmp_path / "whole") == "loaded"


def test_every_layer_is_in_the_files_that_are_damaged():
    kept = [parsed(data)[1]["network"]["layers"] for data in samples()["model"]]
    assert {layer["class"] for layers in kept for layer in layers} == set(LAYERS)

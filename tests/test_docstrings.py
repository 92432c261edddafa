"""The examples in docstrings run and give what they say."""

import doctest
import importlib
import pkgutil

import pytest

import glassnet

MODULES = [m.name for m in pkgutil.walk_packages(glassnet.__path__, "glassnet.")]


@pytest.mark.parametrize("name", ["glassnet", *MODULES])
def test_docstring_examples_run(name):
    if name.endswith("__main__"):
        pytest.skip("runs the command line")
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0

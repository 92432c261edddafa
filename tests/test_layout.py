"""The frame of the project: arrows point down, names are exported, importing stays light."""

import ast
import graphlib
import importlib
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"

LAYERS = """
    cli report plots studio estimators distributed glassnet callbacks
    images series
    tables
    network
    train files checks
    engines
    loops
    program data
    nn losses metrics optim
    graph
    lock
    atomic_file calls errors figure memory philox shown_text spec spelling text
"""
LEVEL = {
    part: level
    for level, parts in enumerate(reversed(LAYERS.strip().splitlines()))
    for part in parts.split()
}
HEAVY = {"PIL", "llvmlite", "matplotlib", "pandas", "polars", "rich", "sklearn", "typer"}
LONGEST_FILE = 400


class Import(NamedTuple):
    module: str
    target: str
    at_once: bool  # when the module is imported: not in a function, not for types only


def module_name(path):
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")


FILES = {module_name(path): path for path in sorted(SOURCE.rglob("*.py"))}
PACKAGES = [module for module, path in FILES.items() if path.name == "__init__.py"]


def imports_below(node, at_once=True):
    """Each (dotted name, at once or later) that is imported below a node of the syntax tree."""
    for child in ast.iter_child_nodes(node):
        waits = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or (
            isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        )
        if isinstance(child, ast.Import):
            yield from ((alias.name, at_once) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from ((f"{child.module}.{alias.name}", at_once) for alias in child.names)
        else:
            yield from imports_below(child, at_once and not waits)


def imports_of(module):
    """The imports of a module from Glassnet. Of a name in a module, the target is the module."""
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    for name, at_once in imports_below(tree):
        if name.split(".")[0] == "glassnet":
            target = name if name in FILES else name.rpartition(".")[0]
            yield Import(module, target, at_once)


IMPORTS = [found for module in FILES for found in imports_of(module)]


def level(module):
    """The layer of a module; glassnet itself, the public face, is in the highest."""
    return LEVEL[module.split(".")[1] if "." in module else module]


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


def test_imports_point_down():
    up = [
        f"{module} imports {target}"
        for module, target, _ in IMPORTS
        if module != "glassnet" and level(target) > level(module)
    ]
    assert up == []


def test_modules_import_each_other_in_no_circle():
    needs = {module: set() for module in FILES}
    for module, target, at_once in IMPORTS:
        if at_once:
            needs[module].add(target)
    order = list(graphlib.TopologicalSorter(needs).static_order())
    assert set(order) == set(FILES)


def test_no_circle_closes_when_functions_run_either():
    """Imports inside functions count as well; those for types alone do not."""
    needs = {module: set() for module in FILES if module != "glassnet"}
    for module, found in needs.items():
        text = FILES[module].read_text(encoding="utf-8")
        at_run_time = re.sub(r"^if TYPE_CHECKING:\n(?: +.*\n|\n)+", "", text, flags=re.MULTILINE)
        for name, _ in imports_below(ast.parse(at_run_time)):
            found.add(name if name in FILES else name.rpartition(".")[0])
    order = list(graphlib.TopologicalSorter(needs).static_order())
    assert set(order) >= set(needs)


@pytest.mark.parametrize("name", PACKAGES)
def test_all_is_what_a_package_exports(name):
    package = importlib.import_module(name)
    exported = set(package.__all__)
    ours = {
        key
        for key, value in vars(package).items()
        if not key.startswith("_") and str(getattr(value, "__module__", "")).startswith("glassnet")
    }
    assert ours <= exported
    assert [key for key in package.__all__ if not hasattr(package, key)] == []


def test_importing_glassnet_loads_nothing_heavy():
    loaded = output_of(sys.executable, "-c", "import sys, glassnet; print(*sys.modules)")
    assert HEAVY & set(loaded.split()) == set()


def test_readme_has_two_set_up_commands_and_ci_runs_the_second():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    train, test, *_ = re.findall(r"^```sh\n(.*?)\n```$", readme, flags=re.DOTALL | re.MULTILINE)
    assert "\n" not in train + test
    assert "glassnet train" in train
    assert output_of(ROOT / ".ci" / "run", "--show") == f"{test}\n"


def test_no_file_is_long():
    lines = {module: path.read_text(encoding="utf-8").count("\n") for module, path in FILES.items()}
    assert {module: n for module, n in lines.items() if n > LONGEST_FILE} == {}


def test_documents_name_files_that_exist():
    """A file that moved takes the sentences about it along."""
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "benchmarks" / "README.md"]
    files = [path.as_posix() for part in ("src", "tests", "benchmarks", "docs", "tools", "examples")
             for path in (ROOT / part).rglob("*.py")]  # fmt: skip
    named = set()
    for page in pages:
        text = page.read_text(encoding="utf-8")
        named |= {(page.name, name) for name in re.findall(r"`([\w/]+\.py)`", text)}
    lost = [entry for entry in named if not any(f.endswith("/" + entry[1]) for f in files)]
    assert len(named) > 20
    assert sorted(lost) == []

"""What all tests share: their order, golden files, Hypothesis seeded, no quiet skip in CI."""

import os
import signal
import tempfile
from pathlib import Path

import hypothesis
import pytest

GOLDEN = Path(__file__).parent / "golden"

_SCRATCH = tempfile.TemporaryDirectory(prefix="glassnet-tests-")
os.environ["GLASSNET_CACHE"] = _SCRATCH.name  # compiled code: not in the user's folder
os.environ["MPLBACKEND"] = "Agg"  # pictures are drawn without a screen
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a shell's background: children would too
    signal.signal(signal.SIGINT, signal.default_int_handler)
hypothesis.settings.register_profile("seeded", derandomize=True, deadline=None, database=None)
hypothesis.settings.load_profile("seeded")


def pytest_addoption(parser):
    parser.addoption("--update-golden", action="store_true", help="write the golden files anew")


@pytest.hookimpl(tryfirst=True)  # before markers choose
def pytest_collection_modifyitems(items):
    """tests/test_tiny.py goes through the whole product, and first; what takes minutes is slow."""
    items.sort(key=lambda item: item.path.name != "test_tiny.py")
    for item in items:
        if item.get_closest_marker("ci"):
            item.add_marker("slow")


@pytest.fixture
def golden(request):
    """Compare a text with a file of tests/golden: golden("one_neuron.py", source)."""

    def compare(name, text):
        path = GOLDEN / name
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.exists(), f"{name} is new: write it with pytest --update-golden"
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _without_quiet_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _without_quiet_skip((yield))


def _without_quiet_skip(report):
    """Where CI has installed PyTorch, a comparison that skips for want of it has failed."""
    if report.skipped and os.environ.get("GLASSNET_CI") == "1":
        reason = str(report.longrepr)
        if "torch is not installed" in reason:
            report.outcome, report.longrepr = "failed", f"{reason} (GLASSNET_CI=1)"
    return report

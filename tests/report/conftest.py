"""Tables, fits and their reports, each made once."""

import pytest
from cases.reports import CASES, fitted

from glassnet import report


@pytest.fixture(scope="session")
def reports():
    """name -> (fit, frame, html), made when it is first asked for."""
    made = {}

    def get(name):
        if name not in made:
            fit, frame = fitted(*CASES[name])
            made[name] = fit, frame, report.html(fit, frame)
        return made[name]

    return get

"""The report in a real browser: nothing is asked for, nothing complains, and something is seen.

What may be asked for, the page forbids itself; a browser writes what it has refused to its console.
"""

import functools
import http.server
import shutil
import subprocess
import threading

import pytest

from glassnet.report.page import _POLICY

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
IMAGES = "matplotlib.image"


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


@pytest.fixture
def served(tmp_path):
    """A folder behind an address of this machine, and what was asked of it."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)

    handler = functools.partial(Handler, directory=tmp_path)
    with Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def looked_at(address, picture, *, width, dark):
    """Take a screenshot; what the console said."""
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
        "--disable-background-networking", "--hide-scrollbars", "--enable-logging=stderr",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        f"--user-data-dir={picture.parent / 'profile'}",
        f"--screenshot={picture}", f"--window-size={width},2400", address,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return [line for line in done.stderr.splitlines() if "CONSOLE" in line]


@pytest.mark.parametrize("name", ["penguins", "amounts", "evil"])
@pytest.mark.parametrize(("width", "dark"), [(1200, False), (400, True)])
def test_report_is_seen_in_a_browser(name, width, dark, reports, served, tmp_path):
    address, asked = served
    (tmp_path / "report.html").write_text(reports(name)[2], encoding="utf-8")
    picture = tmp_path / "picture.png"
    assert looked_at(f"{address}/report.html", picture, width=width, dark=dark) == []
    assert asked == ["/report.html"]
    pixels = pytest.importorskip(IMAGES, reason="matplotlib is not installed").imread(picture)
    assert pixels.shape[:2] == (2400, width)
    grey = pixels[..., :3].mean(axis=-1)
    assert (grey.mean() < 0.3) is dark or (grey.mean() > 0.7) is not dark
    for band in range(0, 2400, 400):  # each part of the page shows something
        assert grey[band : band + 400].std() > 0.02


@pytest.mark.parametrize("policy", ["", _POLICY])
def test_what_a_page_asks_for_would_be_noticed(policy, served, tmp_path):
    address, asked = served
    policy = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    page = f'<!doctype html>{policy}<img src="/a.png"><script>console.log(1)</script>'
    (tmp_path / "bad.html").write_text(page, encoding="utf-8")
    said = looked_at(f"{address}/bad.html", tmp_path / "picture.png", width=400, dark=False)
    assert said
    assert ("/a.png" in asked) is not bool(policy)

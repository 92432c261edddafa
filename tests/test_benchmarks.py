"""The benchmark's harness: it runs, it tells different work from the same. No time is asserted."""

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


@pytest.fixture
def rounds(monkeypatch):
    monkeypatch.syspath_prepend(ROOT)
    from benchmarks import rounds

    return rounds


@pytest.fixture
def room(rounds, tmp_path):
    with rounds.Room(1, tmp_path, rounds.QUICK) as room:
        yield room


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_a_quick_run_gives_a_table_json_a_picture_and_the_readme(rounds, tmp_path):
    from benchmarks import readme

    kept, picture = tmp_path / "result.json", tmp_path / "result.png"
    printed = run(
        "--quick", "--threads", "1", "--rows", "3-4-1", "--peers", "NumPy by hand,glassnet",
        "--json", str(kept), "--picture", str(picture),
    )  # fmt: skip
    assert "NumPy by hand" in printed
    assert picture.stat().st_size
    result = json.loads(kept.read_text(encoding="utf-8"))
    (row,) = result["rows"]
    timed = {e["peer"]: len(e["times"]) for e in row["entries"] if e["status"] == "ok"}
    assert timed == dict.fromkeys(["NumPy by hand", "glassnet", "FMA peak"], rounds.QUICK.rounds)
    assert row["fastest_peer"] == "NumPy by hand"
    text = readme.written(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n", result)
    assert text.startswith(f"before\n{readme.BEGIN}\n| work |")
    assert text.endswith(f"{readme.END}\nafter\n")
    assert "| 3-4-1 | 1 |" in text
    assert "old" not in text


def test_a_readme_without_a_place_is_told_which_lines_to_add(rounds):
    from benchmarks import readme

    with pytest.raises(ValueError, match="benchmarks: begin"):
        readme.written("no place", {})


def answers_of(room, task, name):
    return room.ask(name, "open", dataclasses.asdict(task))["answers"]


def test_the_check_lets_the_same_work_pass_and_finds_a_planted_difference(rounds, room):
    from benchmarks.peers import REFERENCE
    from benchmarks.tasks import TABLE

    task = TABLE["10-10-10-1"]
    expected = answers_of(room, task, REFERENCE)
    assert rounds.difference(task, answers_of(room, task, "NumPy by hand"), expected) == ""
    quicker = dataclasses.replace(task, rate=task.rate * 1.01)
    found = rounds.difference(task, answers_of(room, quicker, "NumPy by hand"), expected)
    assert found.startswith("loss after")
    other = dataclasses.replace(task, hidden="sigmoid")
    found = rounds.difference(task, answers_of(room, other, "NumPy by hand"), expected)
    assert found.startswith("loss after 0 steps")


def test_work_that_is_not_the_same_gets_no_time_and_no_ratio(rounds, room, monkeypatch):
    from benchmarks import peers
    from benchmarks.tasks import TABLE

    monkeypatch.setattr(rounds, "TOLERANCE", 0.0)  # float32 is never float64, so this finds it
    monkeypatch.setattr(rounds, "MARGIN", 0.0)
    monkeypatch.setitem(peers.HELPERS, peers.PEAK, peers.Peer("peak_peer", "not_installed"))
    (entry,) = rounds.row(room, TABLE["3-4-1"], ["NumPy by hand"])
    assert entry.status == "not the same work"
    assert entry.times == []
    assert rounds.ratios([entry]) == (None, None)


def test_a_child_that_dies_is_a_failed_entry_not_a_failed_run(rounds, room):
    from benchmarks.tasks import TABLE

    impossible = dataclasses.replace(TABLE["3-4-1"], sizes=(3, 4, 0))
    found = room.ask("NumPy by hand", "open", dataclasses.asdict(impossible))
    assert "failed" in found
    room.pipes["NumPy by hand"].process.kill()
    room.pipes["NumPy by hand"].process.wait()
    assert "died" in room.ask("NumPy by hand", "seconds", 1)["failed"]


def test_the_bend_is_where_the_slope_changes_most(rounds):
    from benchmarks import scaling

    times = {8: 4.0, 16: 2.0, 32: 1.0, 64: 1.0, 128: 1.0}
    points = [{"value": v, "per_sample": {"a": t}} for v, t in times.items()]
    assert scaling.bend(points, "a") == 32


def small(task):
    """The same stages and dense layers on few rows."""
    rows = min(task.rows, 12)
    return dataclasses.replace(task, batch=min(task.batch, 2), rows=rows)


def test_every_issued_network_is_a_row_and_first_steps_and_memory_too(rounds):
    from benchmarks import fresh_rows
    from benchmarks.tasks import TABLE

    images = {"lenet", "conv-norm-32-32-64-64", "resnet-20"}
    assert images | {"lstm", "gru", "transformer", "predict-lenet", "predict-lstm"} <= TABLE.keys()
    assert {"first-step-lenet", "first-step-resnet-20"} <= fresh_rows.STATES.keys()
    assert {f"memory-{name}" for name in images} <= fresh_rows.STATES.keys()


def test_stages_count_their_arithmetic_as_the_programs_do(rounds):
    from benchmarks.peers.glassnet_peer import network
    from benchmarks.tasks import TABLE
    from glassnet.graph.cost import multiply_adds

    for task in (t for t in TABLE.values() if t.stages and t.kind == "predict"):
        program = network(task).prediction_program()
        assert task.flops == 2 * multiply_adds(program.results), task.name


@pytest.mark.parametrize("name", ["lenet", "lstm", "gru", "transformer", "predict-lenet"])
def test_our_two_engines_do_the_same_work_on_images_and_sequences(rounds, room, name):
    from benchmarks.peers import STAGES_REFERENCE
    from benchmarks.tasks import TABLE

    task = small(TABLE[name])
    expected = answers_of(room, task, STAGES_REFERENCE)
    assert rounds.difference(task, answers_of(room, task, "glassnet"), expected) == ""
    if task.kind == "train":
        quicker = dataclasses.replace(task, rate=task.rate * 1.01)
        found = rounds.difference(task, answers_of(room, quicker, "glassnet"), expected)
        assert found.startswith("loss after")


def test_the_profile_names_the_nests_of_a_step():
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.profile", "12-20-3", "--batch-size", "16"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "us a step" in said
    assert "x gathered" in said
    assert "dW1 = total" in said

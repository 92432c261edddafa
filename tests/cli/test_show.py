"""glassnet show: the program that a run predicts by, or was trained with."""

import numpy as np

from glassnet.tables import TableModel
from glassnet.tables.reading import read_csv


def test_the_prediction_is_shown_with_a_legend(cli, run_folder):
    lines = cli("show", run_folder).out.splitlines()
    assert lines[:7] == [
        "# numbers[:, 0]: bill_length_mm",
        "# numbers[:, 1]: bill_depth_mm",
        "# numbers[:, 2]: flipper_length_mm",
        "# numbers[:, 3]: body_mass_g",
        "# categories[:, 0]: island (0 Biscoe, 1 Dream, 2 Torgersen)",
        "# categories[:, 1]: sex (0 female, 1 male, 2 missing)",
        "# result: the probability of Adelie, Chinstrap, Gentoo",
    ]
    assert any(line.startswith("    hot_island = one_hot(categories[:, 0], 3") for line in lines)


def test_what_is_shown_is_what_predicts(cli, run_folder, penguins):
    scope = {}
    exec(cli("show", run_folder).out, scope)
    model = TableModel.load(run_folder / "model.safetensors")
    arrays, _ = model.table.inputs(read_csv(penguins))
    p = scope["predict"](*arrays.values(), *model.net.parameters.values())
    np.testing.assert_allclose(p, model.answers(arrays), rtol=1e-5, atol=1e-7)


def test_the_step_of_training_is_shown_on_demand(cli, run_folder):
    text = cli("show", run_folder, "--training").out
    assert "# update: AdamW" in text
    assert "dropout_mask" in text
    assert text.rstrip().endswith("return loss")


def test_the_loops_that_are_compiled_are_shown_on_demand(cli, run_folder):
    text = cli("show", run_folder, "--as", "kernel").out
    assert text.startswith("for each block of samples n")
    assert "total = sum over r < 64 of (a1[n, r] * W2[64*r + i])" in text


def test_an_unknown_language_names_the_nearest(cli, run_folder):
    ran = cli("show", run_folder, "--as", "nunpy")
    assert ran.code == 2
    assert "Did you mean 'numpy'?" in ran.err


def test_every_stage_of_compiling_can_be_shown(cli, run_folder):
    stages = ("nests", "kernel", "llvm")
    nests, kernel, llvm = (cli("show", run_folder, "--as", stage).out for stage in stages)
    assert len(kernel.splitlines()) < len(nests.splitlines())
    assert nests.startswith("for each block of samples n")
    assert "define i64 @" in llvm


def test_the_legend_names_flags_dates_and_embedded_columns(cli, tmp_path):
    rng = np.random.default_rng(0)
    towns = [f"town{i}" for i in range(40)]
    lines = ["day,member,town,y"]
    for i in range(400):
        town = rng.integers(40)
        lines.append(f"2024-{1 + i % 12:02}-{1 + i % 28:02},{'yes' if i % 3 else 'no'},"
                     f"{towns[town]},{town + i % 12 + rng.normal():.3f}")  # fmt: skip
    (tmp_path / "t.csv").write_text("\n".join(lines))
    out = tmp_path / "run"
    cli("train", tmp_path / "t.csv", "--target", "y", "--epochs", "2", "--out", out)
    legend = [line for line in cli("show", out).out.splitlines() if line.startswith("# ")]
    assert any(line.endswith("]: member (1 yes, 0 no)") for line in legend)
    assert any("]: day: month" in line for line in legend)
    assert any(line.startswith("# codes_1: town (0 town0, 1 town1") for line in legend)

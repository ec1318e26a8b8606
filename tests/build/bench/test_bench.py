# SPDX-License-Identifier: Apache-2.0
"""The benchmark on tiny networks: its files, rows that fail, what an interrupted one leaves, the command."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from json_schema import faults
from PIL import Image
from typer.testing import CliRunner

import fpgan.build.bench
from fpgan.build.bench import bench, row, software
from fpgan.build.bench.designs import BenchDesign
from fpgan.build.bench.picture import draw
from fpgan.build.bench.resume import made_of
from fpgan.build.bench.table import table
from fpgan.build.cli.main import app
from fpgan.build.files import schema_of
from fpgan.build.report.page import report
from fpgan.model.config import PRESETS
from fpgan.model.generator import Generator
from fpgan.model.train import calibrate, train

TINY = BenchDesign("tiny-ultra96", "tiny", "ultra96", max_utilization=0.05, images=4, zero_insertion=True)
TOO_BIG = BenchDesign("tiny-nothing", "tiny", "pynq-z2", max_utilization=0.01)

Json = dict[str, Any]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of a bench of a design that fits and one that does not, without synthesis."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(software, "SECONDS", 0.001)
        bench(folder, designs=[TOO_BIG, TINY], synth=False)
    yield folder


@pytest.fixture
def result(out: Path) -> Json:
    return dict(json.loads((out / "BENCH.json").read_text()))


@pytest.fixture
def no_software(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "measure", lambda run, say: [])


@pytest.mark.verilator
def test_what_a_row_says(out: Path, result: Json) -> None:
    measured = result["designs"][1]
    sim = json.loads((out / measured["build"] / "sim.json").read_text())
    plan = json.loads((out / measured["build"] / "report.json").read_text())
    assert result["complete"] and measured["error"] is None
    assert measured["mismatches"] == 0 and measured["images"] == 4 and measured["pixels"] == 4 * 256
    for key in ("cycles_per_image", "latency_cycles", "efficiency"):
        assert measured[key] == sim[key]
    assert measured["mac_lanes"] == plan["mac_lanes"]
    fps = plan["clock_mhz"] * 1e6 / sim["cycles_per_image"]
    assert measured["frames_per_second"] == pytest.approx(fps, abs=0.1)
    assert measured["gops"] == pytest.approx(2e-9 * plan["useful_macs_per_image"] * fps, abs=0.01)
    assert measured["resources"] == plan["totals"] and measured["resources_from"] == "estimate"
    assert measured["weights"].startswith("untrained") and measured["rival"] is None
    assert measured["estimated_ns"] is None and set(measured["seconds"]) == {
        "build", "sim", "driver", "zero insertion",
    }  # fmt: skip


@pytest.mark.verilator
def test_what_the_driver_gets(result: Json) -> None:
    """The accelerator's rate by both ways, as its lanes bind: no more cycles, no pause of the driver's."""
    measured = result["designs"][1]
    driver, cycles = measured["through_driver"], measured["cycles_per_image"]
    memory, registers = driver["memory"], driver["registers"]
    assert (driver["images"], driver["data_bits"]) == (4, 128)
    assert memory["mismatches"] == registers["mismatches"] == 0
    assert memory["binds"] == registers["binds"] == "accelerator"
    assert memory["cycles_per_image"] == memory["predicted_cycles_per_image"] == cycles
    assert memory["frames_per_second"] == measured["frames_per_second"]
    assert memory["needs"] == {"accelerator": cycles, "latents": 1, "images": 16}  # 16 and 256 bytes
    assert registers["cycles_per_image"] == pytest.approx(cycles, abs=16)  # 4 looks at registers
    pause = 50 * measured["clock_mhz"]  # cycles in the driver's 50 us
    assert memory["call_cycles"] > 0.5 * pause > registers["call_cycles"] > 0


@pytest.mark.verilator
def test_every_field_stands_in_the_schema(
    result: Json, tmp_path: Path, no_software: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is written unsaid, or said and not written."""
    assert not list(faults(result, schema_of("BENCH")))
    monkeypatch.setattr(row, "measure", lambda *_: result["designs"][1] | {"watts": 1.0})
    with pytest.raises(TypeError, match="BenchRow has no field watts"):
        bench(tmp_path, designs=[TINY])


@pytest.mark.verilator
def test_zero_insertion_of_the_same_run(out: Path, result: Json) -> None:
    ours, zeros = result["designs"][1], result["designs"][1]["zero_insertion"]
    assert zeros["mac_lanes"] == ours["mac_lanes"] and zeros["mismatches"] == 0
    assert zeros["ratio"] == pytest.approx(zeros["cycles_per_image"] / ours["cycles_per_image"], abs=0.001)
    assert 3 < zeros["ratio"] < 5
    page = report(out / ours["build"]).read_text()
    assert "by inserting zeros" in page  # found beside the build


@pytest.mark.verilator
def test_a_design_that_fails_is_recorded_and_the_others_go_on(result: Json) -> None:
    broken, measured = result["designs"]
    assert broken["error"].startswith("no folding fits") and "\n" not in broken["error"]
    assert broken["cycles_per_image"] is None and set(broken) == set(measured)
    assert result["failed"] == ["tiny-nothing"] and measured["cycles_per_image"]
    assert "tiny-nothing: failed: no folding fits" in table(result)


@pytest.mark.verilator
def test_software_of_every_runtime_and_batch(result: Json) -> None:
    cpu = [row for row in result["software"] if row["device"] == "cpu"]
    names = ("onnxruntime float32", "PyTorch float32", "PyTorch quantized")
    assert [(r["runtime"], r["batch"]) for r in cpu] == [(name, batch) for name in names for batch in (1, 64)]
    for rate in cpu:
        assert rate["preset"] == "tiny"
        assert 0 < rate["slowest"] <= rate["frames_per_second"] <= rate["fastest"]
    assert result["machine"]["threads"] == torch.get_num_threads() and result["machine"]["cpu"]


@pytest.mark.verilator
def test_picture(out: Path, result: Json, tmp_path: Path) -> None:
    with Image.open(out / "bench.png") as picture:
        assert picture.size[0] > 1000 and len(np.unique(np.asarray(picture.convert("L")))) > 20
    draw({**result, "designs": result["designs"][:1]}, tmp_path / "none.png")  # where all have failed
    assert (tmp_path / "none.png").exists() and not list(tmp_path.glob("*.tmp*"))


@pytest.mark.verilator
def test_table(result: Json) -> None:
    lines = {line.split("  ")[0]: line.split() for line in table(result).splitlines() if line}
    cycles = f"{result['designs'][1]['cycles_per_image']:,}"
    assert lines["tiny-ultra96"][1] == cycles and lines["tiny-ultra96"][-1] == "0"
    rate = result["software"][-1]
    assert lines[f"tiny: {rate['runtime']}, CPU, batch 64"][-1] == f"{rate['frames_per_second']:,.0f}"
    result["machine"] |= {"cores": 4, "load": 0.9}
    assert "too low" not in table(result)
    result["machine"]["load"] = 3.0
    assert "software rates are too low: other programs kept 3.0 cores busy" in table(result)
    why = result["designs"][1]["decision"]
    assert f"tiny-ultra96: bound by {why['binds']}: {why['next_lacks']}" in table(result)
    assert "tiny-ultra96, the driver by memory: bound by accelerator: " in table(result)
    driver = result["designs"][1]["through_driver"]
    by_way = [f"{driver[way]['frames_per_second']:,.0f}" for way in ("memory", "registers")]
    at = lines["tiny-ultra96"].index(by_way[0])  # the accelerator's own, which here is that by memory
    assert lines["tiny-ultra96"][at : at + 3] == [by_way[0], *by_way]
    assert any("3,000?" in line for line in lines["Wang et al. 2019, VC709"])


@pytest.mark.verilator
@pytest.mark.yosys
def test_counted_resources(
    out: Path, result: Json, tmp_path: Path, no_software: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated = json.loads((out / result["designs"][1]["build"] / "sim.json").read_text())
    monkeypatch.setattr(row, "simulate", lambda build, images, progress: simulated)
    driver = result["designs"][1]["through_driver"]
    monkeypatch.setattr(row.through_driver, "measure", lambda *_: driver)
    design = replace(TINY, zero_insertion=False)
    (measured,) = bench(tmp_path, designs=[design])["designs"]
    counted = json.loads((tmp_path / measured["build"] / "synth.json").read_text())
    assert measured["resources_from"] == "yosys" and measured["error"] is None
    assert measured["resources"] == {key: counted["totals"][key] for key in measured["resources"]}
    assert measured["estimated_ns"] == counted["timing"]["estimated_ns"]
    kept = json.loads((tmp_path / "BENCH.json").read_text())
    assert not list(faults(kept, schema_of("BENCH"))) and kept["estimates"]
    over = {**counted, "totals": {**counted["totals"], "LUT": 70561}}
    monkeypatch.setattr(row, "synth", lambda build, progress: over)
    again = bench(tmp_path, designs=[design])
    assert again["designs"][0]["error"] == "does not fit ultra96: LUT 70,561 of 70,560"
    assert again["failed"] == ["tiny-ultra96"] and again["designs"][0]["mismatches"] == 0


@pytest.mark.verilator
def test_mismatches_fail_a_design(
    result: Json, tmp_path: Path, no_software: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = result["designs"][1]
    zeros = {**ours, "zero_insertion": {**ours["zero_insertion"], "mismatches": 1}}
    driver = ours["through_driver"]
    registers = {**ours, "through_driver": {**driver, "registers": driver["registers"] | {"mismatches": 1}}}
    for wrong in ({**ours, "mismatches": 3}, zeros, registers):
        monkeypatch.setattr(row, "measure", lambda *_, made=wrong: made)
        assert bench(tmp_path, designs=[TINY])["failed"] == ["tiny-ultra96"]
    monkeypatch.setattr(row, "measure", lambda *_: ours)
    assert bench(tmp_path, designs=[TINY])["failed"] == []


@pytest.mark.verilator
def test_an_interrupted_bench_leaves_what_was_measured(
    result: Json, tmp_path: Path, no_software: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(design: BenchDesign, *_: Any) -> Json:
        if design == TOO_BIG:
            raise KeyboardInterrupt
        return dict(result["designs"][1])

    monkeypatch.setattr(row, "measure", measure)
    with pytest.raises(KeyboardInterrupt):
        bench(tmp_path, designs=[TINY, TOO_BIG])
    left = json.loads((tmp_path / "BENCH.json").read_text())
    key = made_of(TINY, 4, synth=True)
    assert not left["complete"] and left["designs"] == [result["designs"][1] | {"made_of": key}]


@pytest.mark.parametrize("images", [1, 0, -3])
def test_too_few_images(tmp_path: Path, images: int) -> None:
    with pytest.raises(ValueError, match=f"images={images}: give at least 2"):
        bench(tmp_path / "out", images=images)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("classes", [0, 3])
def test_every_runtime_computes_the_same_generator(classes: int) -> None:
    torch.manual_seed(0)  # other weights may give images with hardly a contrast
    generator = Generator(replace(PRESETS["tiny"].generator, classes=classes)).eval()
    calibrate(generator, 0)
    latent, _ = generator.random_latents(3, torch.Generator().manual_seed(5))
    with torch.inference_mode():
        quantized, plain = generator(latent), generator.float_twin().eval()(latent)
        made = {name: call(latent) for name, call in software.runtimes(generator, "cpu")}
    assert plain.std() > 0.05 and not torch.equal(plain, quantized)
    np.testing.assert_allclose(made["onnxruntime float32"][0], plain.numpy(), atol=1e-5)
    np.testing.assert_allclose(made["PyTorch float32"].numpy(), plain.numpy(), atol=1e-5)
    assert torch.equal(made["PyTorch quantized"], quantized)


def test_software_rates_of_a_generator_with_classes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(software, "REPEATS", 1)
    monkeypatch.setattr(software, "SECONDS", 1e-4)
    tiny = PRESETS["tiny"]
    train(replace(tiny, generator=replace(tiny.generator, classes=3)), tmp_path, steps=0)
    rates = software.measure(tmp_path)
    assert len(rates) >= 6 and all(rate["frames_per_second"] > 0 for rate in rates)


def command(*arguments: object) -> Any:
    environment = {"COLUMNS": "300", "NO_COLOR": "1"}
    return CliRunner().invoke(app, ["bench", *map(str, arguments)], env=environment)


@pytest.mark.verilator
def test_command(out: Path, result: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def canned(out: Path, designs: Any, images: Any, synth: bool, progress: Any, resume: bool) -> Json:
        asked.append((out, designs, images, synth, resume))
        return result

    monkeypatch.setattr(fpgan.build.bench, "bench", canned)
    failing = command(
        "--out", tmp_path, "--designs", "mnist32-zcu104, rgb64-zcu104", "--images", 3, "--no-synth"
    )
    assert failing.exit_code == 1 and "error: tiny-nothing: failed or with mismatches" in failing.stderr
    assert (
        asked == [(tmp_path, ["mnist32-zcu104", "rgb64-zcu104"], 3, False, False)]
        and "tiny-ultra96" in failing.stdout
    )
    result["failed"] = []
    passing = command("--out", tmp_path, "--json", "--resume")
    assert passing.exit_code == 0 and json.loads(passing.stdout) == result
    assert asked[1] == (tmp_path, None, None, True, True)


def test_command_refuses_an_unknown_design_in_one_line(tmp_path: Path) -> None:
    refused = command("--designs", "mnist32-ultra96,mnist33", "--out", tmp_path / "out")
    assert refused.exit_code == 2
    (line,) = refused.stderr.strip().splitlines()
    assert line.startswith(
        "error: --designs mnist32-ultra96,mnist33: 'mnist33' is not one of mnist32-ultra96, "
    )
    assert not (tmp_path / "out").exists()

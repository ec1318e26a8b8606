# SPDX-License-Identifier: Apache-2.0
"""Every file of a BUILD, a RUN, a host interface and a STUDY, damaged: read, or refused in one line.

FPGAN_FUZZ_INPUTS multiplies the number of tries (make fuzz).
"""

from __future__ import annotations

import copy
import importlib.util
import os
import random
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import made_up
import numpy as np
import pytest
from mutations import mutated

import fpgan.hw.driver
from fpgan.build.dataflow.inspect import inspect
from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.folding.like import fold_like
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.implement.bitstream.run import _needed
from fpgan.build.implement.bitstream.vivado import nested_saif
from fpgan.build.implement.host_options import host_options
from fpgan.build.implement.power.coefficients import coefficients
from fpgan.build.implement.power.estimate import estimate
from fpgan.build.implement.power.run import _planned, _resources
from fpgan.build.implement.synthesize import summarize
from fpgan.build.proof.golden_vectors import golden_vectors
from fpgan.build.report.page import report
from fpgan.build.study import run as studying
from fpgan.build.study import study
from fpgan.build.study.spec import Spec
from fpgan.build.study.study_file import MEASURED, RESULT
from fpgan.hw.boards import get_board
from fpgan.hw.design import Design
from fpgan.hw.host.emit import Host, emit_host
from fpgan.hw.system.files import write_json
from fpgan.hw.system.names import golden_path
from fpgan.hw.system.reading import read_text
from fpgan.hw.system.tools import CheckError
from fpgan.model import train as training
from fpgan.model.config import PRESETS
from fpgan.model.evaluate import recorded_baseline
from fpgan.model.run import METRICS, STATE, check_free, load_run, read_metrics
from fpgan.model.state import TrainState, saved_settings
from fpgan.model.train import train
from fpgan.sim.activity import read_saif
from fpgan.sim.vectors import golden_of

MORE = int(os.environ.get("FPGAN_FUZZ_INPUTS", "1"))
TRIES = 12


def check(path, *reads):
    """Damage a file many times and read it each time in every way."""
    content, rng = path.read_bytes(), random.Random(path.name)
    for _ in range(TRIES * MORE):
        path.write_bytes(mutated(content, rng))
        for read in reads:
            try:
                read()
            except ValueError as error:
                text = str(error)
                assert text and "\n" not in text and len(text) < 2000
                text.encode()  # it can be printed
    path.write_bytes(content)


@pytest.fixture
def build(build_preset, tmp_path):
    return shutil.copytree(build_preset("tiny"), tmp_path / "build", ignore=shutil.ignore_patterns(".*"))


def add_results(build):
    """Made-up ones of sim, synth and power."""
    design = Design.load(build)
    kinds = dict.fromkeys(("LUT", "FF", "CARRY", "DSP", "BRAM18", "URAM", "LUTRAM", "SRL"), 9)
    timing = {"estimated_ns": 4.0, "layer": "deconv_0", "levels": 6, "path": "a -> b", "how": "estimate"}
    write_json(build / "synth.json", summarize(
        design, "yosys", [{"name": layer.name, **kinds} for layer in design.layers], timing
    ))  # fmt: skip
    write_json(build / "sim.json", {
        "images": 8, "pixels": 2048, "mismatches": 0, "differences": [], "golden": "pytorch", "seed": 0,
        "stall": 0.0, "how": "rtl", "latency_cycles": 900, "cycles_per_image": 256, "efficiency": 0.9,
        "sim_seconds": 1.0, "kcycles_per_second": 9.0, "build_seconds": 1.0, "fifo_depths": {"fifo_1": 2},
    })  # fmt: skip
    rates = dict.fromkeys((layer.name for layer in design.layers), 0.25)
    known = coefficients(design.part, design.family)
    write_json(build / "power.json", estimate(
        dict.fromkeys(rates, kinds), rates, 100.0, 256, 10_000, known
    ) | {
        "how": "estimate", "board": design.board, "part": design.part, "clock_mhz": 100.0, "images": 8,
        "resources_from": "synth.json", "seed": 0, "stall": 0.0, "cycles_per_image": 256.0,
        "uncertainty_factor": 2.0, "picojoules": {}, "activity": "power.saif", "not_in_it": ["I/O"],
        "sources": ["x"], "seconds": 1.0,
    })  # fmt: skip


@pytest.mark.parametrize(
    "name", ["design.json", "report.json", "golden.npz", "synth.json", "sim.json", "power.json"]
)
def test_a_build(name, build):
    add_results(build)
    report(build)

    def all_of_it():
        design = Design.load(build)
        host_options(design, get_board("pynq-z2"), "axil")
        golden_of(design).select(4, 0)
        _planned(design), _resources(design), _needed(design)
        design.report["cycles_per_image"] + design.report["mac_lanes"]

    check(build / name, all_of_it, lambda: report(build))


def test_what_a_build_is_made_from(build, export_preset, tmp_path):
    model = shutil.copy(export_preset("tiny"), tmp_path / "m.onnx")
    vectors = shutil.copy(golden_path(export_preset("tiny")), golden_path(model))
    network = read_network(load_model(model))
    lowered = lower(integer_graph(network), "subpixel")

    def vectors_of_the_network():
        with suppress(CheckError):  # it is another network's now
            golden_vectors(model, network)

    check(model, lambda: inspect(model))
    check(vectors, vectors_of_the_network)
    check(build / "report.json", lambda: fold_like(copy.deepcopy(lowered), build))


SAIF = """(SAIFILE
(INSTANCE TOP
 (INSTANCE fpgan_top
  (NET
   (clk (T0 5) (T1 5) (TZ 0) (TX 0) (TB 0) (TC 10))
  )
 )
)
)
"""


def test_activity(tmp_path):
    path = tmp_path / "power.saif"
    path.write_text(SAIF)
    check(path, lambda: list(read_saif(path)), lambda: nested_saif(read_text(path), "fpgan_top", ("a", "b")))


def test_a_host_interface(build, tmp_path):
    host = emit_host(Design.load(build), tmp_path / "host")
    check(host.root / "host.json", lambda: Host.load(host.root))


@pytest.mark.parametrize("name", ["facts.json", "golden.npz"])
def test_a_folder_for_a_board(name, build, tmp_path, monkeypatch):
    """There the self-test reads it, which has numpy alone."""
    monkeypatch.setitem(sys.modules, "driver", fpgan.hw.driver)
    path = Path(next(iter(fpgan.hw.__path__))) / "selftest.py"
    spec = importlib.util.spec_from_file_location("selftest", path)
    selftest = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(selftest)
    monkeypatch.setattr(selftest, "_HERE", tmp_path)
    write_json(tmp_path / "facts.json", {
        "name": "tiny", "board": "pynq-z2", "part": "xc7z020clg400-1", "tool": "vivado", "bus": "axi",
        "clock_mhz": 100.0, "ps_clock_mhz": 33.3, "address": 1 << 30, "id": 1, "version": 1, "design": 7,
        "bitstream": "fpgan.bit", "missing": None, "timing": None,
    })  # fmt: skip
    np.savez(tmp_path / "golden.npz", latent=np.ones((4, 3)), image=np.ones((4, 2, 2, 1)))
    assert selftest._inputs(None)[0]["design"] == 7

    def read():
        try:
            facts, latents, _ = selftest._inputs(None)
            selftest.judge_clock(1.0, facts["clock_mhz"]), latents.min()
        except selftest.CannotRunError as error:
            raise ValueError(error) from None

    check(tmp_path / name, read)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A training of two steps."""
    config = replace(PRESETS["tiny"], batch=4, features=2, steps=2, float_steps=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "score", lambda *_: made_up.score(samples=9, set=3))
        folder = tmp_path_factory.mktemp("run")
        train(config, folder)
    return folder


@pytest.mark.parametrize("name", ["config.yaml", "checkpoint.safetensors", METRICS, STATE])
def test_a_run(name, run, tmp_path):
    out = shutil.copytree(run, tmp_path / "run")
    config = load_run(out)[1]
    state = TrainState(config)
    reads = {
        "config.yaml": [lambda: load_run(out)],
        "checkpoint.safetensors": [lambda: load_run(out)],
        METRICS: [lambda: read_metrics(out), lambda: recorded_baseline(out, config), lambda: check_free(out)],
        STATE: [
            lambda: saved_settings(out / STATE),
            lambda: state.load(out / STATE),
            lambda: check_free(out),
        ],
    }
    check(out / name, *reads[name])


SPEC = """
name: small
preset: tiny
steps: 2
images: 2
objectives: [score, LUT]
space:
  generator.weight_bits: [2, 4]
"""


@pytest.mark.parametrize("name", ["spec.yaml", "study.json", RESULT, MEASURED, "optuna.db"])
def test_a_study(name, tmp_path, monkeypatch):
    """One whose only open trial fails at once."""
    (tmp_path / "spec.yaml").write_text(SPEC)
    folder = tmp_path / "study"
    place = folder / "trials" / "0000"
    place.mkdir(parents=True)
    plan = Spec.from_yaml(tmp_path / "spec.yaml")
    write_json(folder / "study.json", plan.record())
    studying.Finder(plan, folder).next()
    kinds = ("LUT", "DSP", "BRAM18")
    write_json(place / RESULT, {
        "score": 1.0, "score_name": "x", "score_spread": None, "real_vs_real": 0.5, "board": "ultra96",
        "clock_mhz": 300.0, **{f"{kind}_model": 9 for kind in kinds}, "cycles_predicted": 256,
        "train_seconds": 1.0, "build_seconds": 1.0, "error": None,
    })  # fmt: skip
    write_json(place / MEASURED, {
        "cycles_simulated": 256, "images_simulated": 2, "mismatches": 0,
        **{f"{kind}_yosys": 9 for kind in kinds}, "error": None,
    })  # fmt: skip

    class Ended(Exception):
        pass

    def pool(*_):
        raise Ended

    monkeypatch.setattr(studying, "pool", pool)
    monkeypatch.setattr(studying, "page", lambda *_: None)
    paths = {"spec.yaml": tmp_path, "study.json": folder, "optuna.db": folder}

    def read():
        with suppress(Ended):
            study(tmp_path / "spec.yaml", folder)

    read()
    check(paths.get(name, place) / name, read)

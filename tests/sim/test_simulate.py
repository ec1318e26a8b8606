# SPDX-License-Identifier: Apache-2.0
"""The compiled simulation on a hand-made build: two modules of ours whose truth is the identity."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from identity_build import IMAGES, TOP, make_build

from fpgan.hw.system.tools import ToolError
from fpgan.sim import simulate as simulating
from fpgan.sim.compiled.stream import StarvedError, stream
from fpgan.sim.pictures import save_comparison
from fpgan.sim.simulate import simulate


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    return make_build(tmp_path_factory.mktemp("identity") / "build")


@pytest.mark.verilator
def test_cycles_and_pixels(build):
    result = simulate(build, images=6)
    assert result["mismatches"] == 0 and result["pixels"] == 6 * 60
    assert result["cycles_per_image"] == 30 and result["efficiency"] == 1.0
    # 30 beats in, the last one at the 30th cycle; 1 cycle in width_convert and 2 in fifo until it is out
    assert result["latency_cycles"] == 33
    assert result["fifo_depths"] == {"fifo_1": 4}
    assert json.loads((build / "sim.json").read_text()) == result
    assert (build / "sim.png").stat().st_size > 1000


@pytest.mark.verilator
@pytest.mark.parametrize("stall", [0.1, 0.8])
def test_stalls_and_reset_change_only_the_time(build, stall):
    result = simulate(build, images=IMAGES, seed=5, stall=stall, reset_first=True)
    assert result["mismatches"] == 0 and result["cycles_per_image"] > 30


@pytest.mark.verilator
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: nothing to run two threads on")
def test_threads_change_nothing_but_the_program(build):
    one, two = (simulate(build, images=6, threads=threads) for threads in (1, 2))
    assert (one["threads"], two["threads"]) == (1, 2)
    for key in ("mismatches", "cycles_per_image", "latency_cycles"):
        assert one[key] == two[key]


@pytest.mark.verilator
@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: nothing to run two threads on")
def test_threads_without_cores_of_their_own_make_room_for_one(build, monkeypatch):
    """Two threads that wait for each other took 534 s where one takes 45, without a word."""

    def starving(design, program, log, latent, how):
        if how.trial:
            raise StarvedError(0.31)
        return stream(design, program, log, latent, how)

    monkeypatch.setattr(simulating, "stream", starving)
    said = []
    result = simulate(build, images=6, threads=2, progress=said.append)
    assert result["threads"] == 1 and result["mismatches"] == 0
    assert result["threads_warning"] == "2 threads ran 31% of the time: the cores are busy, so one ran"
    assert result["threads_warning"] in said
    assert simulate(build, images=6)["threads_warning"] is None


@pytest.mark.verilator
def test_mismatches_are_located(tmp_path):
    """Image 0 of golden.npz is wrong in 3 pixels: where, what is expected, and what came."""
    made = make_build(tmp_path / "build", wrong_pixels=3)
    result = simulate(made, images=IMAGES)
    assert result["mismatches"] == 3
    saved, golden = np.load(made / "sim.npz"), np.load(made / "golden.npz")
    order = [int(np.flatnonzero((golden["latent"] == z).all(axis=(1, 2, 3)))[0]) for z in saved["latent"]]
    wrong = order.index(0)
    assert wrong > 0
    expected = [
        {"image": wrong, "row": 0, "column": column, "channel": 0,
         "expected": int(golden["image"][0, 0, 0, column]), "got": int(golden["latent"][0, 0, 0, column])}
        for column in range(3)
    ]  # fmt: skip
    assert result["differences"] == expected == json.loads((made / "sim.json").read_text())["differences"]
    assert np.array_equal(saved["expected"], golden["image"][order])
    assert np.array_equal(saved["image"], golden["latent"][order])


@pytest.mark.parametrize("labels", [None, np.arange(20)])
def test_images_that_differ_are_the_ones_shown(tmp_path, monkeypatch, labels):
    """They were the first eight, whichever those were."""
    from matplotlib.axes import Axes

    shown, titles = [], []
    monkeypatch.setattr(Axes, "imshow", lambda self, image, **how: shown.append(image))
    monkeypatch.setattr(Axes, "set_title", lambda self, text, **how: titles.append(text))
    golden = np.arange(20 * 12).reshape(20, 2, 3, 2)
    output = golden.copy()
    output[[13, 17], 1, 2, 1] += 1
    save_comparison(tmp_path / "sim.png", golden, output, labels=labels)
    assert [title.partition(",")[0] for title in titles[:3]] == ["image 13", "image 17", "image 0"]
    difference = shown[-len(titles)]
    assert difference[1, 5] == 1 and difference.sum() == 1  # channels side by side
    titles.clear()
    save_comparison(tmp_path / "sim.png", golden, golden)
    assert not any(titles)


@pytest.mark.verilator
def test_hang_is_one_line_with_the_words(tmp_path):
    stuck = TOP.replace(".m_axis_tvalid(m_axis_0_tvalid)", ".m_axis_tvalid()")
    stops = "the pipeline stopped after word 0 of 15 of image 1 of 2; 60 of 60 words went in"
    with pytest.raises(ToolError, match=rf"^simulating: {stops} \(log: .*sim.log\)$") as error:
        simulate(make_build(tmp_path / "build", top=stuck), images=2)
    assert error.value.log and error.value.log.exists()


@pytest.mark.verilator
@pytest.mark.parametrize(("beats", "says"), [(14, "1 at word 14"), (30, "0 at word 15")])
def test_tlast_in_the_wrong_place_is_one_line(tmp_path, beats, says):
    """A DMA behind the accelerator would end amid an image, or never."""
    wrong = TOP.replace(".BEATS(15)", f".BEATS({beats})")
    with pytest.raises(ToolError, match=rf"^simulating: tlast is {says} of 15 of image 1 \(log: .*\)$"):
        simulate(make_build(tmp_path / "build", top=wrong), images=2, stall=0.3)


@pytest.mark.verilator
def test_a_reset_that_is_missing_shows(tmp_path):
    """Registers that started at 0 would hide it: here the count of a word's pieces."""
    made = make_build(tmp_path / "build")
    source = made / "rtl" / "width_convert.sv"
    text = source.read_text()
    assert text.count("        have_q <= '0;\n") == 1
    source.write_text(text.replace("        have_q <= '0;\n", ""))
    try:
        assert simulate(made, images=2, seed=3)["mismatches"]
    except ToolError as error:  # an odd number of pieces never ends
        assert error.log


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"images": IMAGES + 1}, rf"images={IMAGES + 1}.*1 to {IMAGES}"),
        ({"images": 0}, "images=0"),
        ({"stall": 1.0}, r"stall=1.0.*\[0, 1\)"),
        ({"threads": 0}, "threads=0: must be from 1 to"),
        ({"threads": 1000}, "threads=1000: must be from 1 to"),
    ],
)
def test_bad_arguments(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        simulate(build, **arguments)


def test_no_build(tmp_path):
    with pytest.raises(ValueError, match="no build here"):
        simulate(tmp_path)

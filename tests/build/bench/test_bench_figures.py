# SPDX-License-Identifier: Apache-2.0
"""The benchmark's arithmetic against numbers worked out by hand, and its data files against each other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from fpgan.build.bench import figures, through_driver
from fpgan.build.bench.bench_file import Rival, explained
from fpgan.build.bench.designs import BenchDesign, all_designs, select
from fpgan.build.report.rivals import other_networks, same_network
from fpgan.hw.boards import boards
from fpgan.hw.design_file import Stream
from fpgan.hw.system.fields import as_written

MNIST32 = [32 * 128 * 16, 16 * 128 * 64 * 16, 64 * 64 * 32 * 16, 256 * 32 * 1 * 16]
W4A4 = ((4, 4, 4, 4), (4, 4, 4))


def make_row(**given: Any) -> dict[str, Any]:
    return {
        "board": "ultra96", "clock_mhz": 300.0, "cycles_per_image": 4096, "frames_per_second": 73242.2,
        "useful_macs_per_image": 4390912, "macs_per_image_with_zeros": 17367040, **given,
    }  # fmt: skip


def test_zeros_are_stride_squared_but_in_the_dense_layer() -> None:
    assert sum(MNIST32) == 4390912
    said = dict.fromkeys(
        ("part", "clock_mhz", "mac_lanes", "useful_macs_per_image", "cycles_per_image", "decision")
    )
    report = {**said, "layers": [{"useful_macs": macs} for macs in (*MNIST32[:2], 0, *MNIST32[2:])]}
    assert figures.planned(report, [1, 4, 4, 4])["macs_per_image_with_zeros"] == 65536 + 4 * 4325376


def test_rate_latency_and_operations() -> None:
    sim = {
        "images": 8, "pixels": 8192, "mismatches": 0, "golden": "pytorch", "cycles_per_image": 4096,
        "latency_cycles": 6000, "efficiency": 0.98, "kcycles_per_second": 90.0,
    }  # fmt: skip
    got = figures.measured(make_row(), sim)
    assert got["frames_per_second"] == 73242.2  # 300e6 / 4096
    assert got["gops"] == 643.2  # 2 * 4390912 * 300e6 / 4096 / 1e9
    assert got["gops_with_zeros"] == 2544.0  # 2 * 17367040 * 300e6 / 4096 / 1e9 = 2544.0
    assert got["latency_us"] == 20.0


@pytest.mark.parametrize(
    ("ns", "meets", "mhz", "fps"), [(4.0, False, 250.0, 61035.2), (2.0, True, 300.0, 73242.2)]
)
def test_the_slower_of_clock_and_estimate(ns: float, meets: bool, mhz: float, fps: float) -> None:
    got = figures.timing(make_row(), {"timing": {"estimated_ns": ns, "how": "estimate"}})
    assert got["meets_clock"] is meets
    assert got["at_estimated_clock"]["clock_mhz"] == mhz
    assert got["at_estimated_clock"]["frames_per_second"] == fps


def test_operations_per_dsp_leave_out_layers_that_compute_in_luts() -> None:
    report = {
        "layers": [
            {"name": "a", "useful_macs": 1000, "estimates": {"DSP": 5}},
            {"name": "b", "useful_macs": 7000, "estimates": {"DSP": 0}},
        ]
    }
    counted = {"layers": [{"name": "a", "DSP": 10}, {"name": "b", "DSP": 0}]}
    assert figures.per_dsp(report, counted, 1e6) == 0.2  # 2 * 1000 * 1e6 / 1e9 / 10
    assert figures.per_dsp(report, None, 1e6) == 0.4
    assert figures.per_dsp({"layers": report["layers"][1:]}, counted, 1e6) is None


def test_limits_and_what_exceeds_them() -> None:
    report = {
        "totals": {"LUT": 950, "FF": 10, "DSP": 0, "BRAM18": 20, "URAM": 0},
        "budget": {"LUT": 1000, "FF": 2000, "DSP": 9, "BRAM18": 50, "URAM": 0},
    }
    allowed = figures.limits(report, 0.9, {"BRAM18": 19})
    assert allowed == {"LUT": 900, "FF": 1800, "DSP": 8, "BRAM18": 19, "URAM": 0}
    got = figures.resources(report, None, allowed)
    assert got["resources_from"] == "estimate" and got["over_board"] == []
    assert got["over_limit"] == ["LUT 950 of 900", "BRAM18 20 of 19"]
    assert got["utilization"] == {"LUT": 0.95, "FF": 0.005, "DSP": 0.0, "BRAM18": 0.4}
    synth = {"tool": "yosys", "totals": {**report["totals"], "LUT": 1001}}
    assert figures.resources(report, synth, allowed)["over_board"] == ["LUT 1,001 of 1,000"]


STREAM = Stream(shape=(1, 8, 8, 2), datatype="INT8", elements_per_beat=2, tdata_bits=16, beats=64)
LATENT = Stream(shape=(1, 1, 1, 32), datatype="INT8", elements_per_beat=4, tdata_bits=32, beats=8)


def design_of(latent: Stream, image: Stream) -> Any:
    return SimpleNamespace(input=latent, output=image)


def test_cycles_of_an_image_on_the_bus() -> None:
    """32 bytes of latent and 128 of image: in words of 64 bits, and by 4 cycles for 32 bits."""
    design = design_of(LATENT, STREAM)
    memory = through_driver.by_memory(design, 100, 64)
    assert memory == {"accelerator": 100, "latents": 4.0, "images": 16.0}
    registers = through_driver.by_registers(design, 100)
    assert registers == {"accelerator": 100, "latents": 32.0, "images": 128.5}  # 16 cycles of looks in 4096 B


@pytest.mark.parametrize(
    ("way", "accelerator", "cycles", "binds"),
    [
        ("memory", 100, 100, "accelerator"),
        ("memory", 16, 16, "accelerator"),
        ("memory", 10, 16, "images"),
        ("registers", 161, 161, "accelerator"),
        ("registers", 100, 160.5, "images"),
    ],
)
def test_what_binds(way: str, accelerator: int, cycles: float, binds: str) -> None:
    """By registers one bus carries both: their cycles add up."""
    design = design_of(LATENT, STREAM)
    needs = {
        "memory": through_driver.by_memory(design, accelerator, 64),
        "registers": through_driver.by_registers(design, accelerator),
    }
    assert through_driver.predicted(way, needs[way]) == (cycles, binds)
    swapped = {"memory": through_driver.by_memory(design_of(STREAM, LATENT), 10, 64)}
    assert through_driver.predicted("memory", swapped["memory"]) == (16, "latents")


def test_zero_insertion_beside_ours() -> None:
    sim = {"images": 4, "mismatches": 0, "cycles_per_image": 16384, "latency_cycles": 9, "efficiency": 0.25}
    got = figures.zero_insertion(make_row(), sim, 1072)
    assert got["ratio"] == 4.0 and got["frames_per_second"] == 18310.5 and got["mac_lanes"] == 1072


def test_the_nearest_rival_has_the_same_network_and_bits() -> None:
    rival = figures.nearest_rival(make_row(), (1, 32, 32, 1), W4A4)
    assert rival is not None and rival["cycles_per_image"] == 65536
    assert rival["cycles_ratio"] == 16.0 and rival["fps_ratio"] == 38.407  # 73242.2 / 1907
    assert rival["gops_with_zeros"] == 66.1  # 16.7 * 17367040 / 4390912
    assert as_written(Rival, rival) == rival
    assert figures.nearest_rival(make_row(), (1, 32, 32, 1), ((2,) * 4, (2,) * 3)) is None
    assert figures.nearest_rival(make_row(), (1, 28, 28, 1), W4A4) is None


@pytest.mark.parametrize(("board", "fps"), [("zcu104", 477), ("ultra96", 381), ("pynq-z2", 381)])
def test_the_nearest_rival_is_on_the_same_board_where_there_is_one(board: str, fps: float) -> None:
    row = make_row(board=board, useful_macs_per_image=27000832)
    rival = figures.nearest_rival(row, (1, 64, 64, 3), ((4,) * 5, (4,) * 4))
    assert rival is not None and (rival["fps"], rival["cycles_per_image"]) == (fps, 262144)


def test_the_designs_of_the_command() -> None:
    designs = {design.name: design for design in all_designs() if design.module is None}
    wanted = {f"{preset}-{b}" for preset in ("mnist32", "rgb64") for b in ("ultra96", "zcu104", "pynq-z2")}
    others = {f"mnist32-ultra96-{kind}" for kind in ("lean", "rival-size", "w2a2")}
    assert set(designs) == wanted | others
    assert {design.board for design in designs.values()} <= set(boards())
    assert all(0.8 <= d.max_utilization <= 0.9 for d in designs.values())
    rival, budget = same_network((1, 32, 32, 1), 4390912)[0], designs["mnist32-ultra96-rival-size"].budget
    assert budget["BRAM18"] == rival["BRAM18"] and 0.95 * rival["LUT"] < budget["LUT"] < rival["LUT"]
    assert designs["mnist32-ultra96-w2a2"].bits == ((2,) * 4, (2,) * 3)
    assert designs["mnist32-ultra96"].bits == W4A4
    assert [d.preset for d in designs.values() if d.zero_insertion] == ["mnist32", "rgb64"]


def test_units_are_those_of_the_fields() -> None:
    units = explained()
    assert units["latency_cycles"].endswith("[cycles]") and units["estimated_ns"].endswith("[ns]")
    assert units["BRAM18"].endswith("[18 Kb]") and "inserted zeros" in units["gops"]


def test_names_of_networks_tell_them_apart() -> None:
    assert BenchDesign("a", "mnist32", "ultra96", checkpoint="mnist32").network == "mnist32-w4a4"
    assert BenchDesign("a", "mnist32", "ultra96", weight_bits=2).network == "mnist32-w2a4-untrained"


def test_selection() -> None:
    own = BenchDesign("own", "tiny", "ultra96")
    assert [d.name for d in select(["rgb64-zcu104", own])] == ["rgb64-zcu104", "own"]
    assert len(select(None)) == len(all_designs())
    assert [d.board for d in select([BenchDesign("own", "tiny", "KV260_SOM")])] == ["kv260"]
    with pytest.raises(ValueError, match="board 'kv261' is not known; the nearest is kv260"):
        select([BenchDesign("own", "tiny", "kv261")])
    for wrong, says in (
        (["x", "rgb64-zcu104"], "x: unknown; known are"),
        ([], "none"),
        ([own, own], "twice"),
    ):
        with pytest.raises(ValueError, match=f"designs: .*{says}"):
            select(wrong)


def test_published_figures_say_whether_they_count_zeros() -> None:
    for work in other_networks():
        assert work["counts_zeros"] in (True, False, None) and work["source"] and work["device"]
        assert work["gops"] or work["gops_per_dsp"]

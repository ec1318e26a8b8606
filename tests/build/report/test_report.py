# SPDX-License-Identifier: Apache-2.0
"""The report page: its figures, its gaps, and how a browser takes it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from reported_build import MORE, add_power, make_build, text, write

from fpgan.build.report.page import report


def test_power_where_it_was_estimated(tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    said = text(report(build))
    assert "Not estimated yet: fpgan power b counts the toggles of a simulation" in said
    figures = add_power(build)
    synth = json.loads((build / "synth.json").read_text(encoding="utf-8"))
    watts = {"total_W": 2.25, "dynamic_W": 2.0, "static_W": 0.25, "how": "Vivado 2022.2, report_power"}
    write(build / "synth.json", synth | {"power": watts})
    said = text(report(build))
    milliwatts = 1000 * figures["layers"][0]["W"]["total"]
    assert (
        f"deconv_0 0.25 {1000 * figures['W']['clock']:.3g} " in said
        and f" {milliwatts:.3g} all, and 239 mW" in said
    )
    assert f"{figures['energy_per_image_uJ']['total']:.3g} µJ per image" in said and "Not in it: I/O." in said
    assert "Vivado 2022.2, report_power: 2.25 W of the whole device" in said


def test_what_was_routed(tmp_path: Path) -> None:
    """Images/s at the clock that was reached, every seed, LUT6 sites, the slowest path."""
    build = make_build(tmp_path / "b")
    synth = json.loads((build / "synth.json").read_text(encoding="utf-8"))
    synth["timing"] |= {"routed_mhz": 91.7, "how": "routed"}
    routed = {
        "seed": 2, "cells": {}, "lut_sites": {"used": 3617, "needed": 3785, "available": 53200},
        "path": {"ns": 10.9, "wire_ns": 7.0, "levels": 3, "nets": ["host.a_q[1]"], "end": "host.b_q[2]"},
        "seeds": [{"seed": 1, "failed": "stuck", "seconds": 60.0}, {"seed": 2, "mhz": 91.7, "seconds": 9.0}],
    }  # fmt: skip
    write(build / "synth.json", synth | {"routed": routed})
    said = text(report(build))
    assert "21,051 at the 91.7 MHz that were routed" in said and "Routed clock: 91.7 MHz; below" in said
    assert "3,617 of 53,200 LUT6 sites; seeds 1: not routed, 2: 91.7 MHz; slowest path 10.9 ns" in said
    assert "7.0 of them wires, to host.b_q[2] ." in said


def test_figures(tmp_path: Path) -> None:
    said = text(report(make_build(tmp_path / "b")))
    assert "68,871 images per second at 300 MHz; 57,392 at the 250 MHz that yosys sees" in said  # MHz / 4356
    assert "97 % efficiency" in said  # 4390912 / (4356 * 1040)
    assert "605 GOPS useful" in said  # 2 * 4390912 * 68871 / 1e9
    assert "0 of 65,536 values differ" in said
    assert "1,800 of 70,560" in said and "(2.6 %)" in said
    assert "250 MHz" in said and "below the build's 300 MHz" in said  # 4 ns
    assert "deconv_0 Deconv_rtl dsp 8 130 1,040 4,356 100 4,390,912 97 %" in said
    assert "LUT FF DSP BRAM18 layer" in said and "deconv_0 1,000 900 1,500 1,000 12 12 4 4" in said


def test_rival_of_the_same_shape(tmp_path: Path) -> None:
    said = text(report(make_build(tmp_path / "b")))
    assert "QDCGAN, MNIST, Ultra96 125 65,536 1,907 16.7 32,792 36,746 96 1" in said
    assert "at its own 125 MHz 15 times the images per second (28,696), at 300 MHz 36.1 times" in said


def test_no_rival_of_another_shape(tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    design = json.loads((build / "design.json").read_text(encoding="utf-8"))
    design["output"] |= {"shape": [1, 28, 28, 1], "beats": 784}
    write(build / "design.json", design)
    said = text(report(build))
    assert "QDCGAN" not in said and "No published accelerator with this output shape" in said


def test_baseline_is_found_beside_the_build(tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    assert "by inserting zeros" not in text(report(build))
    make_build(tmp_path / "b_zero_insert", "zero_insert", cycles=17424, synth=False)
    said = text(report(build))
    assert "zero_insert 17,424 17,218 1,040 24 % 151 0 of 65,536 2,000 est." in said
    assert "4 times the cycles at the same number of MAC lanes" in said


def test_what_has_not_run_says_how_to_make_it(tmp_path: Path) -> None:
    said = text(report(make_build(tmp_path / "b", sim=False, synth=False)))
    assert "fpgan sim b --images 64" in said and "fpgan synth b" in said
    assert "cycles per image, predicted" in said and "LUTs, estimated" in said


def test_mismatches_are_shown(tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    sim = json.loads((build / "sim.json").read_text(encoding="utf-8"))
    write(build / "sim.json", {**sim, "mismatches": 7})
    assert '<b class="bad">7</b>' in report(build).read_text(encoding="utf-8")


def test_labels_are_mentioned_where_there_are_any(tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    sim = json.loads((build / "sim.json").read_text(encoding="utf-8"))
    assert "label asked for" not in text(report(build))
    write(build / "sim.json", {**sim, "labels": [0, 1], "label_agreement": None})
    assert "label asked for" not in text(report(build))
    write(build / "sim.json", {**sim, "labels": [0, 1], "label_agreement": 0.985})
    assert "label asked for in 98.5 %" in text(report(build))


def test_the_proof_of_thresholds_is_shown(tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    plan = json.loads((build / "report.json").read_text(encoding="utf-8"))
    layer = {"name": "threshold_0", "channels": 128, "values": 5124608, "whole_range": True, "mismatches": 3}
    plan["threshold_proof"] = {"layers": [layer], "values": 5124608, "mismatches": 3, "seconds": 1.0}
    plan["float32"] = {"values": 65536, "differ": 41, "rate": 41 / 65536}
    write(build / "report.json", plan)
    page = " ".join(report(build).read_text(encoding="utf-8").split())
    assert "5,124,608" in page and '<td class="bad">3</td>' in page and "all that inputs can reach" in page
    assert "differs from the golden model in 41 of 65,536 output values" in page


def test_streamed_weights_are_said_with_what_they_read(tmp_path: Path) -> None:
    build = make_build(tmp_path / "build")
    plan = json.loads((build / "report.json").read_text(encoding="utf-8"))
    assert "Weights that are streamed" not in text(report(build))
    layer = next(layer for layer in plan["layers"] if layer["lanes"])
    layer |= {"weight_memory": "block", "weight_storage": "streamed"}
    layer["stream"] = {"tiles": 8, "batch": 4, "bytes": 65536, "mb_per_s": 1125.0}
    write(build / "report.json", plan)
    said = text(report(build))
    assert "block, streamed" in said and f"{layer['name']} 8 4 65,536 1,125" in said


def test_requantizers_are_named_with_their_size(tmp_path: Path) -> None:
    build = make_build(tmp_path / "build")
    plan = json.loads((build / "report.json").read_text(encoding="utf-8"))
    assert "Requantizers" not in text(report(build))
    line = {"multiplier_bits": 11, "offset_bits": 23, "shift": 16, "levels": 255, "mark_bits": 1,
            "memory_bits": 116000, "threshold_bits": 1836000}  # fmt: skip
    about = {"name": "requantize_1", "op": "Requantize_rtl", "core": "dsp", "pe": 4, "channels": [400, 400]}
    plan["layers"].append({**plan["layers"][1], **about, "requantizer": line})
    write(build / "report.json", plan)
    said = text(report(build))
    assert "requantize_1 400 4 dsp 11 23 16 255 1 116,000 1,836,000" in said


def test_what_to_know_of_the_model_is_said(tmp_path: Path) -> None:
    """Where another library rounds otherwise stood in report.json and on the terminal alone."""
    build = make_build(tmp_path / "build")
    plan = json.loads((build / "report.json").read_text(encoding="utf-8"))
    assert "What to know" not in text(report(build))
    write(build / "report.json", plan | {"notes": ["3 of 4,556,039 sums hang on <rounding>"]})
    assert "3 of 4,556,039 sums hang on <rounding>" in text(report(build))


def test_numbers_have_separators_everywhere(tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    plan = json.loads((build / "report.json").read_text(encoding="utf-8"))
    write(build / "report.json", plan | MORE)
    said = text(report(build))
    assert "1,792 cycles would need LUT=60,166." in said
    assert not re.search(r"(?<![\w.,])[1-9]\d{3,}(?![\w-])", said.partition("nearest published")[0])
    assert "Built 2031-12-24 18:00 UTC by fpgan 1.2.3: fpgan build m.onnx" in said


def test_names_are_escaped(tmp_path: Path) -> None:
    build = make_build(tmp_path / "b")
    design = json.loads((build / "design.json").read_text(encoding="utf-8"))
    write(build / "design.json", {**design, "name": "<script>x</script>"})
    assert "<script>" not in report(build).read_text(encoding="utf-8")


@pytest.mark.parametrize("broken", ["design.json", "report.json"])
def test_no_build_is_one_line(tmp_path: Path, broken: str) -> None:
    build = make_build(tmp_path / "b")
    for spoil in (lambda path: path.write_text("{"), Path.unlink):
        spoil(build / broken)
        with pytest.raises(ValueError, match=rf"{broken}.*run fpgan build") as error:
            report(build)
        assert "\n" not in str(error.value) and not (build / "report.html").exists()


def test_page_needs_no_network_and_no_script(tmp_path: Path) -> None:
    page = report(make_build(tmp_path / "b")).read_text(encoding="utf-8")
    assert not re.search(r"https?://|<script|@import|url\(", page)
    assert len(re.findall(r"<img ", page)) == len(re.findall(r'<img src="data:image/png;base64,', page)) == 1


PROBE = """<script>
addEventListener("load", () => {
  const images = [...document.images].map(i => i.naturalWidth);
  const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
  const cut = [...document.querySelectorAll(".scroll")].some(e => e.scrollWidth > e.clientWidth);
  const [red] = getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number);
  document.title = "probe " + JSON.stringify({images, wide, cut, dark: red < 128});
});
</script>"""


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (500, True)])
def test_in_a_browser(tmp_path: Path, width: int, dark: bool) -> None:
    """The page is never wider than its window; on a wide one no table has to be scrolled either."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        if os.environ.get("FPGAN_REQUIRE_TOOLS"):
            pytest.fail("chromium is not installed, and FPGAN_REQUIRE_TOOLS asks for it")
        pytest.skip("chromium is not installed (apt-get install chromium)")
    build = make_build(tmp_path / "b")
    make_build(tmp_path / "b_zero_insert", "zero_insert", cycles=17424)
    plan = json.loads((build / "report.json").read_text(encoding="utf-8"))
    write(build / "report.json", plan | MORE)
    result, errors = browse(chromium, report(build), tmp_path, width, dark)
    assert result == {"images": [64], "wide": False, "cut": width < 1000, "dark": dark}
    assert errors == []


def browse(chromium: str, page: Path, work: Path, width: int, dark: bool) -> tuple[dict[str, Any], list[str]]:
    """Load a page in headless Chromium: (what PROBE found, lines of the console)."""
    probed = work / "probed.html"
    probed.write_text(
        page.read_text(encoding="utf-8").replace("</head>", PROBE + "</head>"), encoding="utf-8"
    )
    done = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={work / 'profile'}",
         f"--window-size={width},2000", f"--blink-settings=preferredColorScheme={0 if dark else 1}",
         "--enable-logging=stderr", "--v=0", "--dump-dom", probed.as_uri()],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    title = re.search(r"<title>probe (.*?)</title>", done.stdout)
    assert title, done.stdout[:500]
    return json.loads(title.group(1)), [line for line in done.stderr.splitlines() if "CONSOLE" in line]

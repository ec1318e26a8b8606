# SPDX-License-Identifier: Apache-2.0
"""Power estimates: energies from reports, arithmetic by hand, toggles of the design as it runs."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from own_files import check_own_build
from typer.testing import CliRunner

from fpgan.build.cli.main import app
from fpgan.build.implement.power import power
from fpgan.build.implement.power.coefficients import Coefficients, coefficients
from fpgan.build.implement.power.estimate import CLASSES, Toggles, estimate, layer_watts, toggles_of_layers
from fpgan.hw.design import Design
from fpgan.sim.activity import Bit, escaped, read_saif, trace_activity

ENERGIES = {"clock": 0.5, "lut": 2.0, "net": 3.0, "bram18": 7.0, "dsp": 11.0}
USED = {"LUT": 10, "FF": 20, "LUTRAM": 1, "SRL": 3, "BRAM18": 2, "DSP": 4}


def test_watts_by_hand():
    """100 MHz and pJ: 1e-4 W for each pJ in a cycle."""
    watts = layer_watts(USED, 0.25, 100, ENERGIES)
    by_hand = [0.5 * 24, 2 * 0.25 * 10, 3 * 0.25 * 30, 7 * 2, 11 * 0.25 * 4]
    assert [watts[name] for name in CLASSES] == pytest.approx([1e-4 * pj for pj in by_hand])


def test_energy_of_an_image_is_the_same_at_two_clocks():
    known = Coefficients(ENERGIES, 2.0, 0.5, ())
    slow, fast = (estimate({"a": USED, "b": USED}, {"a": 0.1, "b": 0.3}, mhz, 1000, 50_000, known)
                  for mhz in (50, 200))  # fmt: skip
    assert fast["images_per_second"] == 200_000 == 4 * slow["images_per_second"]
    for key, same in (("dynamic", True), ("total", False)):
        one, other = (figures["energy_per_image_uJ"][key] for figures in (slow, fast))
        assert (one == pytest.approx(other)) == same
    assert fast["W"]["total"] == pytest.approx(0.5 + sum(layer["W"]["total"] for layer in fast["layers"]))
    assert fast["gops"] == pytest.approx(20) and fast["gops_per_W"] == pytest.approx(20 / fast["W"]["total"])


def test_energies_are_those_of_the_reports():
    xcup, xc7 = coefficients("xczu3eg-sbva484-1-e", "xcup"), coefficients("xc7z020clg400-1", "xc7")
    # the geometric mean of three designs' clock power over registers and MHz, one of them at 0.72 V
    each = [0.087 / 13273 / 250, 0.022 / 7079 / 100, 0.018 / 12301 / 100 * (0.85 / 0.72) ** 2]
    assert xcup.picojoules["clock"] == pytest.approx(1e6 * np.prod(each) ** (1 / 3))
    assert xcup.picojoules["dsp"] == pytest.approx(1e6 * 0.057 / 376 / 147 / 0.125)
    assert xc7.picojoules["dsp"] == pytest.approx(xcup.picojoules["dsp"] / 0.85**2 * 1.75)
    low = coefficients("xck26-sfvc784-2LV-c", "xcup")
    assert low.picojoules["lut"] == pytest.approx(xcup.picojoules["lut"] * (0.72 / 0.85) ** 2)
    assert xc7.static_watts == pytest.approx((0.147 + 0.140) / 2) and 2 <= xc7.factor <= xcup.factor < 3
    with pytest.raises(ValueError, match="xczu9eg-x: no power report of this device is known; known are xc"):
        coefficients("xczu9eg-x", "xcup")


def test_toggles_belong_to_layers_and_a_sampled_pe_counts_for_all():
    bits = [
        Bit("TOP.fpgan_top", "data_1", 9), Bit("TOP.fpgan_top.one_i", "ap_clk", 200),
        Bit("TOP.fpgan_top.one_i.impl", "x", 4), Bit("TOP.fpgan_top.one_i.impl.gen_pe[0].pe", "p", 5),
        Bit("TOP.fpgan_top.two_i", "y", 7), Bit("TOP.fpgan_top.three_i.one_i", "z", 1),
    ]  # fmt: skip
    found = toggles_of_layers(bits, {"one": "one_i", "two": "two_i"}, {"one": 3, "two": 8})
    assert found == {"one": Toggles(4, 4 + 3 * 5), "two": Toggles(1, 7)}
    assert found["one"].rate(10) == 19 / 4 / 10 and Toggles().rate(10) == 0


def test_saif_is_read_with_its_scopes(tmp_path):
    bit = "(x\\[0\\] (T0 1) (T1 1) (TZ 0) (TX 0) (TB 0) (TC {}))"
    text = ["(SAIFILE", " (INSTANCE top", "  (NET", f"   {bit.format(3)}", "  )", "  (INSTANCE gen_pe[0]",
            "   (INSTANCE pe", "    (NET", f"     {bit.format(5)}", "    )", "   )", "  )", "  (INSTANCE b",
            "   (NET", f"    {bit.format(7)}", "   )", "  )", " )", ")", ""]  # fmt: skip
    path = tmp_path / "a.saif"
    path.write_text(escaped("\n".join(text)))
    assert "(INSTANCE gen_pe\\[0\\]\n" in path.read_text()
    scopes = [("top", 3), ("top.gen_pe[0].pe", 5), ("top.b", 7)]
    assert list(read_saif(path)) == [Bit(scope, "x\\[0\\]", toggles) for scope, toggles in scopes]


@pytest.fixture(scope="module")
def tiny(build_preset, tmp_path_factory):
    """A build of `tiny` with two levels that may be altered."""
    build = tmp_path_factory.mktemp("power") / "build"
    shutil.copytree(
        build_preset("tiny", generator={"channels": (8, 1)}, board="pynq-z2", target_fps=20_000), build
    )
    return build


@pytest.mark.verilator
def test_toggles_of_the_real_design(tiny):
    """Busy draws more than idle, for images' part; the input's toggles are those of the latents, by hand."""
    busy, idle = power(tiny, images=4), power(tiny, images=2, stall=0.99)
    assert busy["W"]["clock"] == idle["W"]["clock"] and busy["W"]["BRAM"] == idle["W"]["BRAM"]
    for name in ("logic", "signals"):
        assert 0 < idle["W"][name] < 0.5 * busy["W"][name]
    assert json.loads((tiny / "power.json").read_text())["W"] == idle["W"]
    assert [layer["name"] for layer in busy["layers"]] == [layer.name for layer in Design.load(tiny).layers]
    assert all(layer["toggle_rate"] > 0 for layer in busy["layers"])
    assert busy["how"].startswith("estimate") and busy["resources_from"] == "report.json"

    design = Design.load(tiny)
    said = CliRunner().invoke(app, ["power", str(tiny), "--images", "4"])
    check_own_build(tiny)
    assert said.exit_code == 0 and "not in it: the processor system" in said.output
    with np.load(tiny / "golden.npz") as data:
        latent = data["latent"][np.random.default_rng(0).permutation(8)[:4]]
    beats = latent.transpose(0, 2, 3, 1).reshape(-1, design.input.elements_per_beat) & 0xFF
    levels = np.unpackbits(np.insert(beats.astype(np.uint8), 0, 0, axis=0), axis=1).astype(int)
    found = [bit for bit in read_saif(tiny / "power.saif") if bit.scope == "TOP"]
    counted = sum(bit.toggles for bit in found if bit.name.startswith("s_axis_0_tdata"))
    assert counted == np.abs(np.diff(levels, axis=0)).sum() > 0


@pytest.mark.verilator
def test_latents_of_zero_toggle_less(tiny, tmp_path):
    design = Design.load(tiny)
    instances, pes = (
        {"deconv_0": "deconv_0_i"},
        {layer["name"]: layer["pe"] for layer in design.report["layers"]},
    )
    rates = []
    for scale in (1, 0):
        with np.load(tiny / "golden.npz") as data:
            arrays = dict(data)
        np.savez(tiny / "golden.npz", **arrays | {"latent": scale * arrays["latent"]})
        traced = trace_activity(design, 8)
        found = toggles_of_layers(read_saif(traced.saif), instances, pes)
        rates.append(found["deconv_0"].rate(8 * traced.cycles_per_image))
    assert 0 < rates[1] < 0.8 * rates[0]
    with pytest.raises(ValueError, match=r"pixels are not PyTorch's; see fpgan sim --images 2"):
        power(tiny, images=2)


def test_bad_input_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="no build here"):
        power(tmp_path)

# SPDX-License-Identifier: Apache-2.0
"""The stored bitstream back to a netlist, and what must be refused on the way.

Would catch: a multiplexer, memory mode or pin read as another, a wire that ends too early, two drivers that
pass, a LUT that is narrowed wrongly.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace

import numpy as np
import pytest
from json_schema import faults
from merged_netlists import WHICH, merge

from fpgan.build.cli.main import app
from fpgan.build.files import schema_of
from fpgan.build.implement import verify as verify_module
from fpgan.build.implement.verify import images_of
from fpgan.build.implement.xc7.cells import ONE, ZERO, reduced
from fpgan.build.implement.xc7.decode import decode
from fpgan.build.implement.xc7.netlist import nets_of, rebuild
from fpgan.hw.host.emit import Host

_ADDRESS = 0x43C0_0000
# what is changed of the stored bitstream, where its images show it; another one has others
_PIPS = [
    [("INT_R_X5Y34", "IMUX8.WR1END0"), ("INT_R_X5Y34", "IMUX8.SR1END_N3_3")],
    [("INT_L_X8Y41", "IMUX_L22.LOGIC_OUTS_L17"), ("INT_L_X8Y41", "IMUX_L22.NR1END3")],
]
MUTATIONS = [
    [("CLBLM_R_X3Y96", "SLICEM_X0.DLUT.INIT[63]")],
    [("CLBLM_R_X3Y95", "SLICEM_X0.BLUT.INIT[61]")],
    [("CLBLM_L_X14Y91", "SLICEM_X0.CARRY4.BCY0")],
    [("BRAM_L_X4Y50", "RAMB18_Y0.INIT_27[198]")],
    [("BRAM_L_X4Y50", "RAMB18_Y0.INIT_02[051]")],
    [("CLBLL_R_X11Y52", "SLICEL_X1.AFF.ZRST")],
    *_PIPS,
]


@pytest.fixture(scope="module")
def rebuilt(stored):
    return rebuild(stored.decoded, stored.database, nets_of(stored.decoded, stored.database))


def test_every_bit_has_a_meaning_and_every_node_a_driver(stored, rebuilt):
    assert stored.decoded.unknown == [] and stored.decoded.bits > 200_000
    assert rebuilt.nets.pips == rebuilt.nets.nodes > 50_000
    kinds = {
        "BUFG",
        "CARRY4",
        "FDRE",
        "FDSE",
        "LUT6",
        "MUXF7",
        "MUXF8",
        "PS7",
        "RAMB18E1",
        "SRL16E",
        "SRLC32E",
    }
    assert kinds <= set(rebuilt.cells) and rebuilt.cells["PS7"] == 1


@pytest.mark.slow
@pytest.mark.verilator
def test_it_makes_the_images_of_pytorch_and_each_mutation_shows(stored, rebuilt, tmp_path):
    """Changed bits of LUTs, RAM, flip-flops and routing, in a simulation that is compiled once for all."""
    texts = [rebuilt.verilog]
    for features in MUTATIONS:
        changed = stored.changed(*features)
        nets = nets_of(changed, stored.database) if features in _PIPS else rebuilt.nets
        texts.append(rebuild(changed, stored.database, nets).verilog)
    merged = merge(texts)
    deploy = stored.bit.parent
    host = Host.load(deploy / "project" / "host")
    with np.load(deploy / "golden.npz") as golden:
        latents, images = golden["latent"].astype(np.int64), golden["image"].astype(np.int64)
    (tmp_path / "board").mkdir()

    def wrong(which: int, stall: float = 0.0) -> int:
        (tmp_path / "board" / WHICH).write_text(f"{which:x}\n")
        made = images_of(merged, host, _ADDRESS, latents, stall, tmp_path)
        return int((made["registers"] != images).sum())

    assert wrong(0) == 0 and wrong(0, stall=0.3) == 0
    unseen = [features for which, features in enumerate(MUTATIONS, 1) if not wrong(which)]
    assert unseen == []


def test_a_flipped_bit_of_a_pip_is_seen_without_simulation(stored):
    """By a bit without a meaning, by a pin that floats, or as another pip."""
    sites = [(tile, name) for tile, found in stored.decoded.features.items() if tile.startswith("INT_")
             for name in found if name.startswith("IMUX")]  # fmt: skip
    rows = {address: row for row, address in enumerate(stored.database.part.frames)}
    for tile, name in random.Random(1).sample(sorted(sites), 4):
        about = stored.database.tiles[tile]
        where = about.bits["CLB_IO_CLK"]
        bits = stored.database.segbits(about.type)["CLB_IO_CLK"].bits[name]
        frame, bit, _ = next(place for place in bits if place[2])
        flipped = stored.frames.copy()
        flipped[rows[where.base + frame], where.offset + bit // 32] ^= np.uint32(1 << bit % 32)
        found = decode(flipped, stored.database)
        assert found.unknown or found.features[tile] != stored.decoded.features[tile]


def test_two_drivers_are_refused(stored):
    tile, one = next(
        (tile, name) for tile, found in sorted(stored.decoded.features.items()) if tile.startswith("INT_L")
        for name in sorted(found) if name.startswith("IMUX_L") and name.endswith("LOGIC_OUTS_L0")
    )  # fmt: skip
    first = f"{one.partition('.')[0]}."
    names = stored.database.segbits("INT_L")["CLB_IO_CLK"].bits
    other = next(name for name in names if name.startswith(first) and name != one)
    with pytest.raises(ValueError, match=r"^1 nodes have more than one driver: \w+\.\w+$"):
        nets_of(stored.changed((tile, other)), stored.database)


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        ("LATCH", "LATCH is not modelled"),
        ("WA7USED", "WA7USED is not modelled"),
    ],
)
def test_what_is_not_modelled_is_named(stored, rebuilt, feature, message):
    tile = next(
        tile for tile, found in sorted(stored.decoded.features.items())
        if tile.startswith("CLBLM") and "SLICEM_X0.ALUT.RAM" in found
    )  # fmt: skip
    with pytest.raises(ValueError, match=rf"SLICE_X\d+Y\d+ in {tile}: {message}"):
        rebuild(stored.changed((tile, f"SLICEM_X0.{feature}")), stored.database, rebuilt.nets)


def test_a_narrowed_table_is_the_same_function():
    draw = random.Random(2)
    for _ in range(300):
        size = draw.randint(1, 6)
        inputs = [draw.choice([ZERO, ONE, *"abcdef"]) for _ in range(size)]
        table = draw.getrandbits(1 << size) & draw.getrandbits(1 << size)
        narrow, kept = reduced(table, inputs)
        assert not {ZERO, ONE} & set(kept)
        for _ in range(16):
            values = {name: draw.randint(0, 1) for name in "abcdef"} | {ZERO: 0, ONE: 1}
            index, small = (
                sum(values[name] << i for i, name in enumerate(names)) for names in (inputs, kept)
            )
            assert table >> index & 1 == narrow >> small & 1


@pytest.fixture
def command(stored, rebuilt, monkeypatch, capsys):
    """command(added, unknown, words): exit code and output of `fpgan verify`, of a bitstream whose pixels are
    wrong by `added` and which has these unknown bits."""
    with np.load(stored.bit.parent / "golden.npz") as golden:
        images = golden["image"].astype(np.int64)

    def run(added, unknown, *words):
        found = replace(stored.decoded, unknown=unknown)
        monkeypatch.setattr(verify_module, "decode", lambda *given: found)
        monkeypatch.setattr(verify_module, "nets_of", lambda *given: rebuilt.nets)
        monkeypatch.setattr(verify_module, "rebuild", lambda *given: rebuilt)
        monkeypatch.setattr(verify_module, "images_of", lambda *_: {"registers": images[:2] + added})
        with pytest.raises(SystemExit) as ended:
            app(["verify", str(stored.bit), "--images", "2", "--database", str(stored.database.root), *words])
        return int(ended.value.code or 0), capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("added", "unknown", "code", "line"),
    [
        (0, [], 0, "2 images through registers, 0 of 512 pixels differ from PyTorch's"),
        (1, [], 1, "fpgan.bit: 512 of 512 pixels differ"),
        (0, [(0x400, 7, 31)], 1, "1 bits without a meaning: frame 0x00000400, word 7, bit 31"),
    ],
)
def test_the_command(command, tmp_path, added, unknown, code, line):
    """What it prints and its exit code, for a good bitstream, wrong pixels and a bit that is not known."""
    found, said = command(added, unknown, "--netlist", str(tmp_path / "netlist.v"))
    assert found == code and line in said.out + said.err and "each by one" in said.out
    assert (tmp_path / "netlist.v").read_text().startswith("module zynq7_top;")


@pytest.mark.parametrize(("added", "unknown"), [(0, []), (1, [(0x400, 7, 31)])])
def test_what_json_prints_is_as_its_schema_says(command, added, unknown):
    _, said = command(added, unknown, "--json")
    result = json.loads(said.out)
    result.pop("error", None)
    assert not list(faults(result, schema_of("verify"))) and len(result["differences"]) == 10 * added


def test_more_images_than_there_are(stored):
    with pytest.raises(ValueError, match=r"images=99: .*golden.npz has 4"):
        verify_module.verify(stored.bit, images=99)

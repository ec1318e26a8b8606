# SPDX-License-Identifier: Apache-2.0
"""The host interface on bus models: registers, windows, memory, generator; misuse, errors, aborts."""

from __future__ import annotations

import pytest

from fpgan.hw.design import Design
from fpgan.hw.driver.latents import latent_table
from fpgan.hw.host.emit import Host, HostOptions, emit_host
from fpgan.sim.benches.host_bench import identity_build, identity_host, run_host_bench

# bytes per beat in and out, beats of an image, options
CASES = [
    (3, 2, 15, HostOptions(bus="axil", window_words=16, generator=False)),
    (3, 5, 9, HostOptions(bus="axi", window_words=8, data_bits=128, max_burst=256, address_bits=40)),
    (24, 1, 48, HostOptions(bus="axi", window_words=32, data_bits=32, max_burst=4, buffer_words=8)),
]


@pytest.mark.verilator
@pytest.mark.parametrize(("given", "taken", "beats", "options"), CASES)
def test_host(given, taken, beats, options, tmp_path):
    host = identity_host(tmp_path, given, taken, beats, options)
    assert run_host_bench(host, tmp_path / "bench", seed=beats) == (11 if options.bus == "axi" else 7)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"bus": "pcie"}, "bus='pcie': choose axil or axi"),
        ({"window_words": 1}, "window_words=1: must be 2 to 32768"),
        ({"bus": "axi", "data_bits": 48}, "data_bits=48: must be a power of two"),
        ({"bus": "axi", "max_burst": 24}, "max_burst=24: must be a power of two up to 256"),
        (
            {"bus": "axi", "max_burst": 128, "data_bits": 512},
            "max_burst=128: must be a power of two up to 64",
        ),
        ({"bus": "axi", "buffer_words": 31}, "buffer_words=31: must be at least 2"),
        ({"bus": "axi", "address_bits": 12}, "address_bits=12: must be 13 to 64"),
    ],
)
def test_bad_options_are_one_line(values, message):
    with pytest.raises(ValueError, match=message):
        HostOptions(**values)


def test_emit_replaces_its_own_folder_only(tmp_path):
    build = Design.load(identity_build(tmp_path / "build", 4, 4, 2))
    with pytest.raises(ValueError, match="classes=8: a latent has 8 elements"):
        emit_host(build, tmp_path / "host", HostOptions(classes=8))
    first = emit_host(build, tmp_path / "host", HostOptions())
    assert first == Host.load(tmp_path / "host") == emit_host(build, tmp_path / "host", HostOptions())
    assert emit_host(build, tmp_path / "host", HostOptions(classes=2)).identity != first.identity
    other = tmp_path / "other"
    other.mkdir()
    (other / "notes").write_text("mine")
    with pytest.raises(ValueError, match=r"is not empty and has no host\.json"):
        emit_host(build, other)
    with pytest.raises(ValueError, match=r"host\.json: does not exist"):
        Host.load(other)


def test_tables_hold_what_each_stage_looks_at(tmp_path):
    """Halving through the files ends where a search of the whole table ends."""
    host = identity_host(tmp_path, 4, 4, 2, HostOptions())
    stages = [
        [int(line, 16) for line in (host.root / f"latent_table_{s}.dat").read_text().split()]
        for s in range(8)
    ]
    table = latent_table(8, -128, 2.0**-5)
    for word in (0, 1, 2**31, 2**32 - 1, *map(int, table[::17]), *(int(t) - 1 for t in table[1::31])):
        found = 0
        for stage in stages:
            found = 2 * found + (word >= stage[found])
        assert found == (table <= word).sum()

# SPDX-License-Identifier: Apache-2.0
"""The host interface on bus models: registers, windows, memory, generator; misuse, errors, aborts."""

from __future__ import annotations

import pytest

from fpgan.hw.host import HostOptions
from fpgan.sim.host_bench import identity_host, run_host_bench

# bytes per beat in and out, beats of an image, options
CASES = [
    (3, 2, 15, HostOptions(bus="axil", window_words=16)),
    (3, 5, 9, HostOptions(bus="axi", window_words=8, data_bits=128, max_burst=256, address_bits=40)),
    (24, 1, 48, HostOptions(bus="axi", window_words=32, data_bits=32, max_burst=4, buffer_words=8)),
]


@pytest.mark.verilator
@pytest.mark.parametrize(("given", "taken", "beats", "options"), CASES)
def test_host(given, taken, beats, options, tmp_path):
    host = identity_host(tmp_path, given, taken, beats, options)
    assert run_host_bench(host, tmp_path / "bench") == (10 if options.bus == "axi" else 7)

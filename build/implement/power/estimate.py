# SPDX-License-Identifier: Apache-2.0
"""Power of layers from their resources and toggles: arithmetic alone.

With f the clock, a a layer's toggle rate (toggles per bit and cycle, mean over its signals), N its resources
and E the energies of `coefficients`, in watts:

    clock    f * E_clock * (N_FF + N_LUTRAM + N_SRL)    what is clocked, with the clock tree
    logic    f * E_lut * a * N_LUT                      each LUT's output toggles as the layer's signals do
    signals  f * E_net * a * (N_LUT + N_FF)             a net per LUT and register
    BRAM     f * E_bram18 * N_BRAM18                    read in each cycle: weight memories have no enable
    DSP      f * E_dsp * a * N_DSP                      in proportion to its inputs' toggles

Toggles are counted per image, so that what fills and drains the pipeline counts for the images that it is of;
a is that by the cycles between images. What is clocked without an enable costs the same without images.
Registers of a second, faster clock count as if they had the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fpgan.build.implement.power.coefficients import Coefficients
from fpgan.sim.activity import Bit

CLASSES = ("clock", "logic", "signals", "BRAM", "DSP")
_CLOCKS = ("ap_clk", "ap_clk2x", "clk", "clk2x")
_SAMPLE = ".gen_pe[0]"  # the PE that stands for all of a layer


@dataclass
class Toggles:
    """Of a layer: bits, and toggles of all of them; a sampled PE's count for all PEs."""

    bits: int = 0
    toggles: int = 0

    def rate(self, cycles: float) -> float:
        """Toggles per bit and cycle, of so many cycles."""
        return self.toggles / (self.bits * cycles) if self.bits else 0.0


def toggles_of_layers(
    bits: Iterable[Bit], instances: Mapping[str, str], pes: Mapping[str, int]
) -> dict[str, Toggles]:
    """Toggles by layer. instances: layer -> its instance in the top module. pes: layer -> its PEs."""
    layers = {instance: layer for layer, instance in instances.items()}
    found = {layer: Toggles() for layer in instances}
    for bit in bits:
        layer = next((layers[scope] for scope in bit.scope.split(".")[:3] if scope in layers), None)
        if layer is None or bit.name in _CLOCKS:
            continue
        weight = pes[layer] if _SAMPLE in bit.scope else 1
        found[layer].bits += weight
        found[layer].toggles += weight * bit.toggles
    return found


def layer_watts(
    used: Mapping[str, int], rate: float, clock_mhz: float, energies: Mapping[str, float]
) -> dict[str, float]:
    """Watts by class of a layer with resources `used` (columns of synth.json) at a toggle rate."""
    clocked = used["FF"] + used.get("LUTRAM", 0) + used.get("SRL", 0)
    picojoules = {
        "clock": energies["clock"] * clocked,
        "logic": energies["lut"] * rate * used["LUT"],
        "signals": energies["net"] * rate * (used["LUT"] + used["FF"]),
        "BRAM": energies["bram18"] * used["BRAM18"],
        "DSP": energies["dsp"] * rate * used["DSP"],
    }
    return {name: 1e-6 * clock_mhz * energy for name, energy in picojoules.items()}


def estimate(
    layers: Mapping[str, Mapping[str, int]],
    rates: Mapping[str, float],
    clock_mhz: float,
    cycles_per_image: float,
    macs: int,
    known: Coefficients,
) -> dict[str, Any]:
    """power.json's figures. layers, rates: resources and toggle rate by layer; macs: useful, of an image."""
    watts = {
        name: layer_watts(used, rates[name], clock_mhz, known.picojoules) for name, used in layers.items()
    }
    classes = {key: sum(layer[key] for layer in watts.values()) for key in CLASSES}
    dynamic, rate = sum(classes.values()), clock_mhz * 1e6 / cycles_per_image
    total = dynamic + known.static_watts
    return {
        "layers": [
            {"name": name, "toggle_rate": rates[name], "W": {**layer, "total": sum(layer.values())}}
            for name, layer in watts.items()
        ],
        "W": {**classes, "dynamic": dynamic, "static": known.static_watts, "total": total},
        "images_per_second": rate,
        "energy_per_image_uJ": {"dynamic": 1e6 * dynamic / rate, "total": 1e6 * total / rate},
        "gops": 2e-9 * macs * rate,
        "gops_per_W": 2e-9 * macs * rate / total,
    }

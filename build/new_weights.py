# SPDX-License-Identifier: Apache-2.0
"""The weights of another training for hardware that is there: `fpgan weights`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
from qonnx.core.modelwrapper import ModelWrapper

from fpgan.build.arguments import check_model
from fpgan.build.dataflow.integer_graph import integer_graph
from fpgan.build.dataflow.lower import lower
from fpgan.build.dataflow.ops import register
from fpgan.build.dataflow.reloaded import reloaded
from fpgan.build.folding.like import columns_like, fold_like
from fpgan.build.frontend.ends import Ends
from fpgan.build.frontend.read import read_network
from fpgan.build.frontend.safe_load import load_model
from fpgan.build.proof.golden_vectors import REPORT_IT, Golden, check_dataflow, golden_vectors
from fpgan.build.proof.thresholds import prove_thresholds
from fpgan.build.writers.loading import identity, weights_content
from fpgan.hw.build_files import AGAIN
from fpgan.hw.design import Design
from fpgan.hw.system.files import write_bytes, writing
from fpgan.hw.system.reading import DamagedError
from fpgan.hw.system.tools import CheckError
from fpgan.sim.vectors import Vectors, golden_of
from fpgan.sim.weights import golden_beside

Progress = Callable[[str], None]


def weights(
    model: str | os.PathLike[str],
    like: str | os.PathLike[str],
    out: str | os.PathLike[str] = "weights.bin",
    progress: Progress | None = None,
    input: str | None = None,
    output: str | None = None,
) -> dict[str, Any]:
    """Write the weights and thresholds of `model` for the hardware of an earlier build.

        from fpgan.build.new_weights import weights
        weights("retrained.onnx", like="build_out", out="retrained.bin")

    model: ONNX file of a network of the same shape and bits; input, output: as `build` takes them.
    like: a BUILD with weight_storage=loaded or auto. out: file to write, and its golden vectors,
        NAME.golden.npz, beside it.

    Thresholds are proved as in a build. Returns {"bytes", "memories", "threshold_proof", "golden"}. Raises
    ValueError, one line, for another network and where a width of the hardware does not hold it, by the name
    of the layer with value and limit; CheckError where golden vectors are another network's.
    """
    say = progress or (lambda _: None)
    path, target, design = Path(model), Path(out), Design.load(Path(like))
    check_model(path)
    if design.streams:
        raise ValueError(
            f"{like}: its weights are streamed, and their thresholds in the bitstream; run fpgan build again"
        )
    if not design.weights:
        raise ValueError(f"{like}: has its weights in the bitstream; build it with weight_storage=loaded")
    say("reading")
    register()
    network = read_network(load_model(path), Ends.parse(input, output))
    hardware = _hardware(design)
    say("golden vectors")
    golden = golden_vectors(path, network)
    _check_scales(path, golden, golden_of(design))
    say("weights")
    lowered = lower(integer_graph(network), design.report["deconv"])
    try:
        lowered = columns_like(lowered, design.root)
        fold_like(lowered, design.root, design.part)
        dataflow = reloaded(hardware, lowered)
    except ValueError as error:
        raise ValueError(f"{path}: is no network for {like}: {error}") from None
    say("proving thresholds")
    proof = prove_thresholds(network, dataflow)
    if proof["mismatches"]:
        wrong = f"{proof['mismatches']:,} accumulator values"
        raise CheckError(f"thresholds differ from the float function at {wrong}; {REPORT_IT}")
    check_dataflow(dataflow, golden.vectors)
    content = weights_content(dataflow, design.weights.identity)
    with writing(target):
        golden.vectors.save(golden_beside(target))
        write_bytes(target, content)
    return {
        "bytes": len(content), "memories": list(design.weights.sizes), "threshold_proof": proof,
        "golden": golden.source,
    }  # fmt: skip


def _hardware(design: Design) -> ModelWrapper:
    """The graph that the BUILD is made of. DamagedError where it is another one."""
    path = design.root / "dataflow.onnx"
    try:
        found = ModelWrapper(onnx.load(str(path), load_external_data=False))
        same = identity(found) == design.weights.identity
    except Exception as error:
        what = (str(error) or type(error).__name__).splitlines()[0]
        raise DamagedError(path, f"is damaged: {what}", AGAIN) from None
    if not same:
        raise DamagedError(path, "is the graph of another design", AGAIN)
    return found


def _check_scales(path: Path, golden: Golden, built: Vectors) -> None:
    """ValueError where a step of an input or output is worth something else: the host knows the BUILD's."""
    for what in ("latent", "image"):
        new, old = (float(getattr(v, f"{what}_scale")) for v in (golden.vectors, built))
        if new != old:
            raise ValueError(
                f"{path}: a step of its {what}s is worth {new:.9g}, the build's {old:.9g}; train it with that"
            )

# SPDX-License-Identifier: Apache-2.0
"""FINN's build steps without Vivado: run as far as they come."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.transformation.general import GiveReadableTensorNames, GiveUniqueNodeNames

from fpgan.build.dataflow.ops import register
from fpgan.build.finn.flow import finn_flow

register()
from finn.util.settings import get_settings  # noqa: E402  after FINN has settings


@contextmanager
def importable_builder(folder: Path) -> Iterator[None]:
    """finn.builder's steps can be imported, and generate into `folder`.

    When they are imported they ask for a class of Vivado's simulator, which none of the steps here uses.
    """
    import finn.xsi

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(vars(finn.xsi), "SimEngine", object)
        patch.setenv("FINN_TOOL_DIR_OVERRIDE", "/no/vivado")  # FINN's own name for where to look
        settings = get_settings()
        before, settings.finn_build_dir = settings.finn_build_dir, folder
        yield
        settings.finn_build_dir = before


def tcl_before_vivado(stitch: Callable[[], object]) -> str:
    """The script that FINN writes before it finds that there is no Vivado."""
    folder = Path(get_settings().finn_build_dir)
    before = set(folder.glob("vivado_stitch_proj_*"))
    with pytest.raises(FileNotFoundError, match="/no/vivado/vivado not found"):
        stitch()
    (made,) = set(folder.glob("vivado_stitch_proj_*")) - before
    return (made / "make_project.tcl").read_text()


class Flow:
    """FINN's steps of finn.yaml up to the first that calls Vivado, run in this process.

    models: after each step, by its name. script: the block design that Vivado would be given next.
    """

    def __init__(self, build: Path, folder: Path) -> None:
        from finn.builder.build_dataflow import resolve_build_steps
        from finn.builder.build_dataflow_config import DataflowBuildConfig

        self.build, self.models = build, dict[str, ModelWrapper]()
        self.cfg = DataflowBuildConfig.construct_from(finn_flow(build, folder))
        self.output = Path(self.cfg.output_dir)
        model = ModelWrapper(str(self.cfg.model_path))
        steps = resolve_build_steps(self.cfg)
        while steps[0].__name__ != "step_create_stitched_ip":
            step = steps.pop(0)
            model = self.models[step.__name__] = step(model, self.cfg)
        self.script = tcl_before_vivado(lambda: steps[0](model, self.cfg))

    def report(self, name: str) -> Any:
        return json.loads((self.output / "report" / f"{name}.json").read_text())

    @property
    def generated(self) -> ModelWrapper:
        return self.models["step_hw_ipgen"]

    @property
    def own_report(self) -> Any:
        """The build's own."""
        return json.loads((self.build / "report.json").read_text())


def between_dmas(flow: Flow, folder: Path) -> ModelWrapper:
    """The graph between DMAs in partitions, by the transformations with which FINN's shell build begins."""
    from finn.transformation.fpgadataflow.create_dataflow_partition import CreateDataflowPartition
    from finn.transformation.fpgadataflow.floorplan import Floorplan
    from finn.transformation.fpgadataflow.insert_dwc import InsertDWC
    from finn.transformation.fpgadataflow.insert_iodma import InsertIODMA
    from finn.transformation.fpgadataflow.specialize_layers import SpecializeLayers

    model = copy.deepcopy(flow.generated)
    passes = (InsertIODMA(128), InsertDWC(), SpecializeLayers(flow.cfg._resolve_fpga_part()), Floorplan(),
              CreateDataflowPartition(str(folder)))  # fmt: skip
    for step in passes:
        model = model.transform(step).transform(GiveUniqueNodeNames()).transform(GiveReadableTensorNames())
    return model


def altered(build: Path, folder: Path, **fields: object) -> Path:
    """A BUILD whose design.json says something else."""
    for name in ("golden.npz", "report.json"):
        shutil.copyfile(build / name, folder / name)
    shutil.copytree(build / "rtl", folder / "rtl")
    design = json.loads((build / "design.json").read_text()) | fields
    (folder / "design.json").write_text(json.dumps(design))
    return folder


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """FINN generates into it."""
    settings = get_settings()
    before, settings.finn_build_dir = settings.finn_build_dir, folder
    yield
    settings.finn_build_dir = before

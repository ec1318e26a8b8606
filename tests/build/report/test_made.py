# SPDX-License-Identifier: Apache-2.0
"""The command line that a result keeps: what was asked for, and nothing that is the default anyway."""

from __future__ import annotations

import re
from pathlib import Path

from fpgan.build.flow import build
from fpgan.build.report.made import arguments_of, made
from fpgan.build.study import study


def test_the_command_says_what_differs_from_the_defaults() -> None:
    given = {
        "model": Path("my models/m.onnx"), "out": Path("b"), "board": "ultra96", "target_fps": 50000.0,
        "max_utilization": 0.85, "budget": {"LUT": 9, "DSP": 0}, "cores": ["lut", "dsp"], "clock_mhz": None,
        "progress": print, "backend": "hls",
    }  # fmt: skip
    assert made(build, given)["command"] == (
        "fpgan build 'my models/m.onnx' --out b --target-fps 50000 --max-utilization 0.85 "
        "--budget LUT=9 --budget DSP=0 --backend hls"
    )
    back = arguments_of(build, made(build, given)["command"])
    assert back == {
        "model": "my models/m.onnx", "out": "b", "target_fps": 50000.0, "max_utilization": 0.85,
        "budget": {"LUT": 9, "DSP": 0}, "backend": "hls",
    }  # fmt: skip
    assert arguments_of(build, "fpgan build m.onnx --cores lut,dsp2x")["cores"] == ["lut", "dsp2x"]
    assert made(study, {"spec": "s.yaml", "workers": 4})["command"] == "fpgan study s.yaml --workers 4"


def test_version_and_date() -> None:
    found = made(study, {"spec": "s.yaml"})
    assert re.fullmatch(r"\d+\.\d+.*", found["version"])
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d UTC", found["date"])

# SPDX-License-Identifier: Apache-2.0
"""Images per second of a generator in software, on this machine's CPU and, where there is one, its GPU."""

from __future__ import annotations

import logging
import os
import platform
import re
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnxruntime
import torch
from brevitas.export.inference import quant_inference_mode

from fpgan.model.generator import Generator
from fpgan.model.run import load_run

BATCHES = {"cpu": (1, 64), "cuda": (1, 64, 1024)}
DEVICES = {"cpu": "CPU", "cuda": "GPU"}
REPEATS = 7
SECONDS = 0.3  # of each repeat, and of the warm-up
_OPSET = 17

Progress = Callable[[str], None]


def measure(run: Path, progress: Progress | None = None) -> list[dict[str, Any]]:
    """Images per second of a RUN folder's generator, by runtime, device and batch size.

    PyTorch without quantizers (float32), PyTorch with them (Brevitas, weights quantized once beforehand) and
    onnxruntime without them; the median of 7 repeats after a warm-up, with the slowest and the fastest.
    """
    say = progress or (lambda _: None)
    rows = []
    with torch.inference_mode():
        for device in ["cpu"] + ["cuda"] * torch.cuda.is_available():
            generator = load_run(run)[0].to(device)  # anew, without what another device has left in it
            for runtime, call in runtimes(generator, device):
                for batch in BATCHES[device]:
                    say(f"{runtime} on {device}, batch {batch}")
                    latent, _ = generator.random_latents(batch, torch.Generator().manual_seed(0))
                    rate = _rate(call, latent.to(device))
                    rows.append({"runtime": runtime, "device": device, "batch": batch, **rate})
    return rows


def machine() -> dict[str, Any]:
    """What the rates were measured on and with."""
    return {
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "load": round(os.getloadavg()[0], 2),  # busy cores in the last minute, before anything is measured
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
        "how": f"median, slowest and fastest of {REPEATS} repeats of at least {SECONDS} s after a warm-up",
    }


def cpu_name() -> str:
    """Model of the processor, as far as the system says."""
    try:
        about = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
        found = re.search(r"^model name\s*: (.+)$", about, re.M)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def to_onnx(generator: Generator, path: Path) -> None:
    """Write a generator without quantizers as ONNX, for any batch.

    latent (N,Z,1,1), the label's channels among Z; image (N,C,H,W).
    """
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                generator, (torch.zeros(1, generator.config.inputs, 1, 1),), str(path), dynamo=False,
                opset_version=_OPSET, input_names=["latent"], output_names=["image"],
                dynamic_axes={"latent": {0: "batch"}, "image": {0: "batch"}},
            )  # fmt: skip
    finally:
        logging.disable(level)


def onnx_session(generator: Generator) -> onnxruntime.InferenceSession:
    """A session for a generator without quantizers, with as many threads as PyTorch uses."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float.onnx"
        to_onnx(generator, path)
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


Call = Callable[[torch.Tensor], object]


def runtimes(generator: Generator, device: str) -> Iterator[tuple[str, Call]]:
    """A generator in eval mode in each runtime: name, and what makes images (N,C,H,W) of latents (N,Z,1,1).

    PyTorch has its weights channels last, the faster layout on CPU and GPU; that changes generator too.
    """
    twin: Any = generator.float_twin().eval()
    if device == "cpu":
        session = onnx_session(twin)
        yield "onnxruntime float32", lambda latent: session.run(None, {"latent": latent.numpy()})
    yield "PyTorch float32", _synchronized(twin.to(memory_format=torch.channels_last), device)
    with quant_inference_mode(generator, cache_quant_weight=True):
        generator(torch.zeros(1, generator.config.inputs, 1, 1, device=device))  # quantizes the weights
        yield "PyTorch quantized", _synchronized(generator, device)


def _synchronized(module: torch.nn.Module, device: str) -> Call:
    if device == "cpu":
        return module

    def call(latent: torch.Tensor) -> object:
        image = module(latent)
        torch.cuda.synchronize()
        return image

    return call


def _rate(call: Call, latent: torch.Tensor) -> dict[str, float]:
    """Images per second of a call: median, slowest and fastest repeat. The first one only warms up."""
    rates = []
    for _ in range(1 + REPEATS):
        calls, start = 0, time.perf_counter()
        while (seconds := time.perf_counter() - start) < SECONDS:
            call(latent)
            calls += 1
        rates.append(calls * len(latent) / seconds)
    rates = rates[1:]
    return {
        "frames_per_second": round(statistics.median(rates), 1),
        "slowest": round(min(rates), 1),
        "fastest": round(max(rates), 1),
    }

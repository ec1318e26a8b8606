# SPDX-License-Identifier: Apache-2.0
"""The `fpgan` program: one command per step, each a thin wrapper over a public function."""

from __future__ import annotations

import logging
import warnings
from typing import Annotated

import typer

from fpgan.build.cli import (
    bench,
    bitstream,
    build,
    demo,
    doctor,
    evaluate,
    export,
    inspect,
    power,
    prune,
    quantize,
    report,
    sim,
    study,
    synth,
    train,
    verify,
    weights,
)
from fpgan.build.cli.program import Program
from fpgan.hw.system.children import ended_by_signals
from fpgan.hw.system.environment import default_environment

_COMMANDS = (
    train,
    evaluate,
    prune,
    quantize,
    export,
    inspect,
    build,
    weights,
    sim,
    synth,
    power,
    bitstream,
    verify,
    report,
    study,
    demo,
    bench,
    doctor,
)

app = typer.Typer(
    name="fpgan",
    cls=Program,
    help="From a quantized DCGAN in PyTorch to bit-exact streaming FPGA hardware.",
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in _COMMANDS:
    app.command(name=module.__name__.rpartition(".")[2])(module.command)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"fpgan {version('fpgan')}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Log what the libraries say.")] = False,
) -> None:
    logging.basicConfig(level=logging.INFO if verbose else logging.ERROR)
    if not verbose:
        warnings.simplefilter("ignore")


def main() -> None:
    """Run a command and exit, with 128 + N where signal N ended it; its children end with it."""
    default_environment(OMP_WAIT_POLICY="passive")  # idle threads leave the cores to others
    with ended_by_signals():
        app()

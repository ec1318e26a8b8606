# SPDX-License-Identifier: Apache-2.0
"""One attack at a time, and what must hold after it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import stored_bitstream
import torch
from mutations import mutated

from attack.processes import Command, begin
from attack.targets import NET, SMALL, TARGETS, Digests, Target, digests, result_files

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class Broken(Exception):
    """What should hold and does not."""


@dataclass
class Workshop:
    """A run, a model and old results in `shop`; what each target's old and new results are."""

    root: Path
    shop: Path
    cache: Path
    old: dict[str, Digests] = field(default_factory=dict)
    new: dict[str, Digests] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path, targets: tuple[Target, ...] = TARGETS) -> Workshop:
        """Make all of it, undisturbed."""
        shop = cls(root, root / "shop", root / "cache")
        shop.shop.mkdir(parents=True)
        (shop.shop / "net.py").write_text(NET, encoding="utf-8")
        stored_bitstream.unpack(shop.shop / "stored")
        torch.manual_seed(0)
        weights = {"0.weight": torch.randn(4, 3, 4, 4), "0.bias": torch.zeros(3)}
        weights |= {"2.weight": torch.randn(3, 1, 4, 4), "2.bias": torch.zeros(1)}
        torch.save(weights, shop.shop / "w.pth")
        shop.must(("train", *SMALL, "--steps", "0", "--out", "run"), shop.shop)
        shop.must(("export", "run", "--out", "m.onnx", "--vectors", "16"), shop.shop)
        for target in TARGETS:
            if target in targets or target.name == "build":  # others start from what that leaves
                shop.must(target.old, shop.shop)
        for target in targets:
            shop.old[target.name] = digests(shop.shop, target)
            folder = root / f"new-{target.name}"
            shutil.copytree(shop.shop, folder)
            started = time.monotonic()
            shop.must(target.command, folder)
            shop.seconds[target.name] = time.monotonic() - started
            shop.new[target.name] = digests(folder, target)
            shutil.rmtree(folder)
        return shop

    def must(self, arguments: tuple[str, ...], folder: Path) -> None:
        """Run a command that nothing disturbs. Broken where it fails."""
        command = begin(arguments, folder, self.cache, "undisturbed")
        code = command.wait(600)
        if code != 0:
            raise Broken(f"{' '.join(arguments)}: {code}: {command.text()[-500:]}")
        os.close(command.output)


def attack(shop: Workshop, target: Target, seed: int) -> str:
    """Attack a command; says how it went, and leaves nothing. Broken, with the folder, where it must not."""
    rng = random.Random(f"{target.name} {seed}")
    ways: list[Callable[[Workshop, Target, Path, random.Random], str]] = [_killed, _killed, _filled, _twice]
    way = rng.choice([*ways, _damaged] if target.inputs else ways)
    folder = shop.root / f"{target.name}-{seed}"
    shutil.copytree(shop.shop, folder)
    said = way(shop, target, folder, rng)
    shutil.rmtree(folder)
    return said


def _killed(shop: Workshop, target: Target, folder: Path, rng: random.Random) -> str:
    """A signal at any time; then the command again. One time in three nothing is in the cache."""
    cache = shop.cache if rng.random() < 0.7 else folder.with_name(f"{folder.name}.cache")
    number, delay = rng.choice(SIGNALS), rng.random() * 1.2 * shop.seconds[target.name]
    command = begin(target.command, folder, cache, "killed")
    time.sleep(delay)
    command.signal(number)
    _check_end(command, command.wait(), (0, 128 + number, -number))
    state = _state(shop, target, folder, killed=number == signal.SIGKILL)
    if number != signal.SIGKILL:
        _check_no_parts(folder)
    if state != "new" or not target.again:
        _again(shop, target, folder)
    if cache != shop.cache:
        shutil.rmtree(cache, ignore_errors=True)
    return f"signal {number} after {delay:.2f} s: {state}"


def _again(shop: Workshop, target: Target, folder: Path) -> None:
    """It can be gone on with, or begun anew."""
    for arguments in (target.again, target.command):
        command = begin(arguments, folder, shop.cache, "again") if arguments else None
        code = command.wait() if command else 2
        if command:
            _check_end(command, code, (0, 2) if arguments == target.again else (0,))
        if code == 0 and _state(shop, target, folder) == "new":
            return
    raise Broken("the command again does not give the new result")


def _filled(shop: Workshop, target: Target, folder: Path, rng: random.Random) -> str:
    """No file may grow beyond some size."""
    most = int(10 ** rng.uniform(0, 6))
    command = begin(target.command, folder, shop.cache, "filled", most)
    code = command.wait()
    _check_end(command, code, (0, 1, 2))
    state = _state(shop, target, folder)
    if (code == 0) != (state == "new") and shop.old[target.name] != shop.new[target.name]:
        raise Broken(f"files up to {most} bytes: exit code {code}, and the result is the {state} one")
    _check_no_parts(folder)
    return f"files up to {most} bytes: {state}"


def _damaged(shop: Workshop, target: Target, folder: Path, rng: random.Random) -> str:
    """An input file is not as it was."""
    path = rng.choice(sorted(path for glob in target.inputs for path in folder.glob(glob)))
    path.write_bytes(mutated(path.read_bytes(), rng))
    files = [file for file in (*result_files(folder, target), path) if file.is_file()]
    before = {file: file.read_bytes() for file in files}
    command = begin(target.command, folder, shop.cache, "damaged")
    code = command.wait()
    _check_end(command, code, (0, 1, 2))
    now = {file: file.read_bytes() for file in (*result_files(folder, target), path)}
    if code and now != before:
        raise Broken(f"{path.name} damaged: exit code {code}, and files are not as they were")
    return f"{path.name} damaged: {code}"


def _twice(shop: Workshop, target: Target, folder: Path, rng: random.Random) -> str:
    """The same command twice at once: both do, or the second says that it waits for the first."""
    first = begin(target.command, folder, shop.cache, "first")
    time.sleep(rng.random() * shop.seconds[target.name])
    second = begin(target.command, folder, shop.cache, "second")
    codes = first.wait(), second.wait()
    for command, code in zip((first, second), codes, strict=True):
        _check_end(command, code, (0, 2))
    if 0 not in codes or _state(shop, target, folder) != "new":
        raise Broken(f"twice at once: exit codes {codes}, the result is not the new one")
    _check_no_parts(folder)
    return f"twice at once: {codes[0]} and {codes[1]}"


def _check_end(command: Command, code: int | None, allowed: tuple[int, ...]) -> None:
    """The exit code is one of these, what was said is one line, and nothing goes on."""
    text = command.text()
    os.close(command.output)
    if code is None:
        raise Broken(f"hangs: {text[-500:]}")
    if left := command.left():
        raise Broken(f"still running: {left[0]}")
    if code not in allowed or "Traceback" in text or "Aborted" in text:
        raise Broken(f"exit code {code}: {text[-1500:]}")
    errors = [line for line in text.splitlines() if line.startswith("error: ")]
    if code in (1, 2) and len(errors) != 1:
        raise Broken(f"exit code {code}, and {len(errors)} lines of error: {text[-500:]}")


def _state(shop: Workshop, target: Target, folder: Path, killed: bool = False) -> str:
    """`old`, `new`, or, where a kill may have come between two renames, `none`: the last file is missing."""
    try:
        found = digests(folder, target)
    except ValueError as error:
        raise Broken(f"a result file is cut: {error}") from None
    old, new = shop.old[target.name], shop.new[target.name]
    if found in (new, old):
        return "new" if found == new else "old"
    if killed and not found.keys() >= old.keys():
        return "none"
    odd = [name for name in {*found, *old} if found.get(name) not in (old.get(name), new.get(name))]
    raise Broken(f"a mix: new are {[n for n in found if found[n] == new.get(n)][:4]}, neither are {odd[:4]}")


def _check_no_parts(folder: Path) -> None:
    left = [str(path) for path in folder.rglob(".*") if "fpgan-" in path.name]
    left += [str(path) for path in folder.parent.glob(f".{folder.name}*")]
    if left:
        raise Broken(f"left behind: {left[:3]}")

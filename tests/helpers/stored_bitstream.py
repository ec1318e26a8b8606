# SPDX-License-Identifier: Apache-2.0
"""A bitstream of `tiny` with what `fpgan verify` needs, packed in tests/build/implement/xc7/tiny.tar.xz.

The archive has a DEPLOY without RTL and an excerpt of Project X-Ray's database. To make it anew, where
nextpnr-xilinx, Project X-Ray's tools and its database are ($CHIPDB, $PRJXRAY_DB_DIR):

    fpgan train --preset tiny --steps 0 --out run
    fpgan export run --out tiny.onnx
    fpgan build tiny.onnx --board zybo-z7-10 --clock-mhz 60 --target-fps 10000 --out build
    fpgan bitstream build --tool openxc7 --out deploy
    python tests/helpers/stored_bitstream.py deploy
"""

from __future__ import annotations

import io
import json
import sys
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fpgan.build.implement.xc7 import netlist
from fpgan.build.implement.xc7.bit_file import read_bit
from fpgan.build.implement.xc7.database import Database, find_database
from fpgan.build.implement.xc7.decode import decode
from fpgan.build.implement.xc7.fabric import Fabric, Ints
from fpgan.hw.host.emit import HostFile, HostOptions
from fpgan.hw.system.fields import plain

STORED = Path(__file__).parents[1] / "build/implement/xc7/tiny.tar.xz"
_IMAGES = 4


def unpack(folder: Path) -> tuple[Path, Path]:
    """The bitstream in its DEPLOY, and the database."""
    with tarfile.open(STORED) as archive:
        archive.extractall(folder, filter="data")
    host = folder / "deploy" / "project" / "host" / "host.json"
    known = json.loads(host.read_text())
    content = HostFile(
        top="fpgan_axil", sources=(), options=HostOptions(**known["options"]), identity=known["identity"],
        pumped=False,
    )  # fmt: skip
    host.write_text(json.dumps(plain(content)))  # as today's fpgan writes it
    return folder / "deploy" / "fpgan.bit", folder / "database"


def main(deploy: Path) -> None:
    """Pack DEPLOY and the part of the database that it needs."""
    facts = json.loads((deploy / "facts.json").read_text())
    database = find_database(facts["part"])
    host = json.loads((deploy / "project" / "host" / "host.json").read_text())
    files: dict[str, bytes] = {
        "deploy/fpgan.bit": (deploy / "fpgan.bit").read_bytes(),
        "deploy/facts.json": _json(facts),
        "deploy/golden.npz": _golden(deploy / "golden.npz"),
        "deploy/project/host/host.json": _json({key: host[key] for key in ("options", "identity")}),
    }
    files |= {f"database/{name}": content for name, content in _excerpt(database, files["deploy/fpgan.bit"])}
    with tarfile.open(STORED, "w:xz", preset=9) as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    print(f"{STORED}: {STORED.stat().st_size} bytes")


def _json(content: Any) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()


def _golden(path: Path) -> bytes:
    with np.load(path) as data:
        packed = io.BytesIO()
        np.savez(packed, **{name: data[name][:_IMAGES] for name in data})
    return packed.getvalue()


class _Noted(Fabric):
    """Notes which wires were found to meet."""

    pairs: set[tuple[tuple[str, str], tuple[str, str]]] = set()  # noqa: RUF012

    def met(self, wires: Ints) -> tuple[Ints, Ints]:
        one, other = super().met(wires)
        self.pairs.update(zip(self.texts(one), self.texts(other), strict=True))
        return one, other


def _excerpt(database: Database, bit: bytes) -> Iterator[tuple[str, bytes]]:
    """Files of the database, without the tiles and connections that the design does not touch."""
    decoded = decode(read_bit(bit, database.part).frames, database)
    netlist.Fabric = _Noted  # type: ignore[misc]
    netlist.nets_of(decoded, database)
    tiles = database.tiles
    used = {*decoded.features, *(tile for pair in _Noted.pairs for tile, _ in pair)}
    used |= {name for name, tile in tiles.items() if "PS7" in tile.sites.values()}
    device = database.fabric.name
    part = database.root / database.name
    yield f"{part.name}/part.json", _json(json.loads((part / "part.json").read_text()))
    yield f"{part.name}/required_features.fasm", (part / "required_features.fasm").read_bytes()
    yield "mapping/parts.yaml", f"{part.name}: {{device: {device}}}\n".encode()
    yield "mapping/devices.yaml", f"{device}: {{fabric: {device}}}\n".encode()
    grid = json.loads((database.fabric / "tilegrid.json").read_text())
    kept = ("bits", "grid_x", "grid_y", "sites", "type")
    tilegrid = {name: {key: grid[name][key] for key in kept} for name in grid if name in used}
    yield f"{device}/tilegrid.json", _json(tilegrid)
    yield f"{device}/tileconn.json", _json(_connections(database))
    for kind in sorted({tiles[name].type for name in used}):
        yield from _of_kind(database, kind)


def _connections(database: Database) -> list[dict[str, Any]]:
    """Each rule that was used, in one of its two directions."""
    rules = defaultdict(set)
    for (tile, wire), (other, its) in _Noted.pairs:
        one, two = database.tiles[tile], database.tiles[other]
        x, y = two.x - one.x, two.y - one.y
        if (x, y, one.type) > (0, 0, ""):
            rules[one.type, two.type, x, y].add((wire, its))
    return [
        {"tile_types": key[:2], "grid_deltas": key[2:], "wire_pairs": sorted(pairs)}
        for key, pairs in sorted(rules.items())
    ]


def _of_kind(database: Database, kind: str) -> Iterator[tuple[str, bytes]]:
    root = database.root
    lower = kind.lower()
    for name in (f"segbits_{lower}.db", f"segbits_{lower}.block_ram.db", f"ppips_{lower}.db"):
        if (root / name).exists():
            yield name, (root / name).read_bytes()
    about = json.loads((root / f"tile_type_{kind}.json").read_text())
    keys = ("dst_wire", "src_wire", "is_directional")
    by_bits = about["pips"] if database.segbits(kind) else {}  # others are never looked for
    pips = {name: {key: pip[key] for key in keys} for name, pip in by_bits.items()}
    yield f"tile_type_{kind}.json", _json({"sites": about["sites"], "pips": pips})
    for site in sorted({site["type"] for site in about["sites"]}):
        pins = json.loads((root / f"site_type_{site}.json").read_text())["site_pins"]
        yield f"site_type_{site}.json", _json({"site_pins": pins})


if __name__ == "__main__":
    main(Path(sys.argv[1]))

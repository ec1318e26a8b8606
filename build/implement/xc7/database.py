# SPDX-License-Identifier: Apache-2.0
"""Project X-Ray's database of a part, read as far as it is asked for.

root/PART/part.json (frames), root/FABRIC/tilegrid.json (tiles), root/FABRIC/tileconn.json (which wires meet),
root/tile_type_T.json (pips and sites of a type of tile), root/segbits_t*.db (which bits mean what),
root/ppips_t.db (pips without bits). docs: prjxray's "Database" chapter, which this follows.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cached_property
from pathlib import Path

from fpgan.build.implement.xc7.records import (
    BUSES,
    Connection,
    Part,
    Segbits,
    Tile,
    TileType,
    connection_of,
    frames_of,
    pip_ways,
    read_segbits,
    site_of,
    tile_of,
)
from fpgan.hw.system.environment import variable
from fpgan.hw.system.reading import DamagedError, read_json, read_text, read_yaml
from fpgan.hw.system.shapes import Whole, check_shape
from fpgan.hw.system.tools import ToolError

FAMILY = "zynq7"  # folder of the database
VARIABLE = "PRJXRAY_DB_DIR"
_THEN = f"give the database of Project X-Ray that {VARIABLE} names"
_TWO_HALVES = "RAMBFIFO36E1"  # a type of site


class Database:
    """The database of a family for one part. DamagedError where a file is missing or not as it should be."""

    def __init__(self, root: Path, part: str) -> None:
        self.root = Path(root)
        self.name = part
        self._types: dict[str, TileType] = {}
        self._segbits: dict[str, dict[str, Segbits]] = {}
        self._ppips: dict[str, dict[tuple[str, str], str]] = {}
        self._zeros: dict[str, frozenset[tuple[str, str]]] = {}
        self._outputs: dict[str, list[tuple[str, str, str]]] = {}
        self._ways: dict[str, dict[str, bool]] = {}

    @cached_property
    def part(self) -> Part:
        """Frames and IDCODE."""
        folder = self.root / self.name
        about = read_json(folder / "part.json", _THEN)
        check_shape(about, {"idcode": Whole(0, 2**32 - 1)}, folder / "part.json", _THEN)
        try:
            addresses = sorted(frames_of(about["global_clock_regions"]))
        except (AttributeError, TypeError, ValueError):
            raise DamagedError(folder / "part.json", "is damaged: no table of frames", _THEN) from None
        required = folder / "required_features.fasm"
        return Part(
            self.name,
            int(about["idcode"]),
            tuple(addresses),
            read_text(required, _THEN) if required.exists() else "",
        )

    @cached_property
    def fabric(self) -> Path:
        """Folder of the device's tiles."""
        parts, devices = (
            read_yaml(self.root / "mapping" / f"{name}.yaml", _THEN) for name in ("parts", "devices")
        )
        try:
            return self.root / str(devices[parts[self.name]["device"]]["fabric"])
        except (KeyError, TypeError):
            path = self.root / "mapping" / "parts.yaml"
            raise DamagedError(path, f"knows no part {self.name}", _THEN) from None

    @cached_property
    def tiles(self) -> dict[str, Tile]:
        """Every tile by name."""
        path = self.fabric / "tilegrid.json"
        try:
            return {name: tile_of(name, about) for name, about in read_json(path, _THEN).items()}
        except (AttributeError, TypeError, ValueError):
            raise DamagedError(path, "is damaged: no table of tiles", _THEN) from None

    @cached_property
    def connections(self) -> list[Connection]:
        """Every rule by which wires of two tiles meet."""
        path = self.fabric / "tileconn.json"
        try:
            return [connection_of(rule) for rule in json.loads(read_text(path, _THEN))]
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
            raise DamagedError(path, "is damaged: no table of connections", _THEN) from None

    def tile_type(self, kind: str) -> TileType:
        """Sites and pips of a type of tile."""
        if kind not in self._types:
            path = self.root / f"tile_type_{kind}.json"
            about = read_json(path, _THEN)
            try:
                self._types[kind] = TileType(
                    tuple(site_of(site) for site in about["sites"]),
                    frozenset(way for pip in about["pips"].values() for way in pip_ways(pip)),
                )
            except (AttributeError, TypeError):
                raise DamagedError(path, "is damaged: no sites and pips", _THEN) from None
        return self._types[kind]

    def segbits(self, kind: str) -> dict[str, Segbits]:
        """Features of a type of tile by bus; none where the database knows no bits of it."""
        if kind not in self._segbits:
            paths = {bus: self.root / f"segbits_{kind.lower()}{end}" for bus, end in
                     zip(BUSES, (".db", ".block_ram.db"), strict=True)}  # fmt: skip
            self._segbits[kind] = {
                bus: read_segbits(path, _THEN) for bus, path in paths.items() if path.exists()
            }
        return self._segbits[kind]

    def ppips(self, kind: str) -> dict[tuple[str, str], str]:
        """Pips of a type of tile that have no bits: (destination, source) -> always, default or hint."""
        if kind not in self._ppips:
            path = self.root / f"ppips_{kind.lower()}.db"
            lines = read_text(path, _THEN).split("\n") if path.exists() else []
            try:
                rows = [line.replace(".", " ").split() for line in lines if line]
                self._ppips[kind] = {(dst, src): how for _, dst, src, how in rows}
            except ValueError:
                raise DamagedError(path, "is damaged: no table of pips", _THEN) from None
        return self._ppips[kind]

    def pips_of_zeros(self, kind: str) -> frozenset[tuple[str, str]]:
        """Pips of a type of tile that are set where none of the others to the same wire are.

        Their bits are all 0, or they have none and are the only one of these beside several with bits, as
        a wire is that can be tied to 0 and to 1.
        """
        if kind not in self._zeros:
            bits = {(dst, src): needs for segbits in self.segbits(kind).values()
                    for name, needs in segbits.bits.items() if name.count(".") == 1
                    for dst, _, src in [name.partition(".")]}  # fmt: skip
            pips = self.tile_type(kind).pips if bits else frozenset()
            zeros = {pip for pip, needs in bits.items() if not any(is_set for _, _, is_set in needs)} & pips
            others = Counter(dst for dst, _ in bits.keys() & pips)
            bare = [pip for pip in pips - bits.keys() - self.ppips(kind).keys() if others[pip[0]] > 1]
            alone = Counter(dst for dst, _ in bare)
            self._zeros[kind] = frozenset(zeros | {pip for pip in bare if alone[pip[0]] == 1})
        return self._zeros[kind]

    def outputs(self, kind: str) -> list[tuple[str, str, str]]:
        """Site, pin and wire of every output of a type of tile; a RAMB36's are those of its two RAMB18."""
        if kind not in self._outputs:
            self._outputs[kind] = [
                (site.name, pin, wire)
                for site in self.tile_type(kind).sites
                if site.type != _TWO_HALVES
                for pin, wire in site.pins.items()
                if self.is_output(site.type, pin)
            ]
        return self._outputs[kind]

    def is_output(self, site: str, pin: str) -> bool:
        """Whether a pin of a type of site is an output."""
        if site not in self._ways:
            path = self.root / f"site_type_{site}.json"
            try:
                pins = read_json(path, _THEN)["site_pins"]
                self._ways[site] = {name: how["direction"] == "OUT" for name, how in pins.items()}
            except (AttributeError, TypeError):
                raise DamagedError(path, "is damaged: no table of pins", _THEN) from None
        return self._ways[site].get(pin, False)


def find_database(part: str, root: Path | None = None) -> Database:
    """The database in `root`, else in $PRJXRAY_DB_DIR. ToolError, one line, where it lacks the part."""
    given = root or (Path(found) if (found := variable(VARIABLE)) else None)
    if given is None:
        raise ToolError(f"{VARIABLE} is not set; it names Project X-Ray's database")
    folder = given if (given / part).is_dir() else given / FAMILY
    if not (folder / part / "part.json").is_file():
        raise ToolError(f"{VARIABLE}={given} has no {FAMILY}/{part}/part.json")
    return Database(folder.absolute(), part)

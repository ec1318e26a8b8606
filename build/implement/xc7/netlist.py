# SPDX-License-Identifier: Apache-2.0
"""Features and pips of a bitstream -> the Verilog netlist of what reaches the processor system.

The netlist grows from the inputs of the PS7: what drives each, what drives that, and so on. Logic that
reaches nothing is not in it. Cells are called by their sites, wires by tile, site and pin.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fpgan.build.implement.xc7.block_rams import BlockRam
from fpgan.build.implement.xc7.cells import ONE, ZERO, Netlist, SiteCells, wire_name
from fpgan.build.implement.xc7.clocks import GlobalBuffer, RowBuffer
from fpgan.build.implement.xc7.database import Database
from fpgan.build.implement.xc7.decode import Decoded
from fpgan.build.implement.xc7.dsps import Dsp
from fpgan.build.implement.xc7.fabric import Fabric
from fpgan.build.implement.xc7.nets import Nets, Pin, Place, pips_of, trace
from fpgan.build.implement.xc7.processor import Processor
from fpgan.build.implement.xc7.records import Site, Tile
from fpgan.build.implement.xc7.slices import Slice

TOP = "zynq7_top"
_CELLS: Mapping[str, type[SiteCells]] = {
    "SLICEL": Slice,
    "SLICEM": Slice,
    "RAMB18E1": BlockRam,
    "DSP48E1": Dsp,
    "BUFGCTRL": GlobalBuffer,
    "BUFHCE": RowBuffer,
    "PS7": Processor,
}
_TIED = {"HARD0": ZERO, "HARD1": ONE}  # outputs of a TIEOFF


@dataclass(frozen=True)
class Rebuilt:
    """A netlist: its Verilog, cells by kind, pips that are set and nodes that they drive."""

    verilog: str
    cells: dict[str, int]
    nets: Nets


def nets_of(decoded: Decoded, database: Database) -> Nets:
    """What drives every input of a site. ValueError in one line for routing that is not a netlist's."""
    pips = pips_of(decoded, database)
    return trace(pips, _inputs(decoded, database), Fabric(database))


def rebuild(decoded: Decoded, database: Database, nets: Nets) -> Rebuilt:
    """The netlist of a decoded bitstream and its nets: module zynq7_top, with its PS7 called ps7.

    ValueError in one line for what is not modelled.
    """
    tile = _processor(database)
    sites: dict[tuple[str, str], SiteCells] = {}

    def cells_of(tile: Tile, name: str) -> SiteCells:
        if (tile.name, name) not in sites:
            sites[tile.name, name] = _configured(netlist, nets, tile, name, decoded, database)
        return sites[tile.name, name]

    def constant(pin: Pin) -> str:
        return _TIED.get(pin.name) or cells_of(database.tiles[pin.tile], pin.site).constant(pin.name)

    netlist = Netlist(constant)
    processor = cells_of(tile, next(s.name for s in database.tile_type(tile.type).sites if s.type == "PS7"))
    assert isinstance(processor, Processor)
    processor.place()
    while netlist.wanted:
        pin = netlist.wanted.pop()
        expression = cells_of(database.tiles[pin.tile], pin.site).output(pin.name)
        netlist.assign(wire_name(pin), expression)
    body = "\n".join(f"  {line}" for line in (*netlist.wires, *netlist.lines))
    return Rebuilt(f"module {TOP};\n{body}\nendmodule\n", dict(sorted(netlist.cells.items())), nets)


def _processor(database: Database) -> Tile:
    for tile in database.tiles.values():
        if "PS7" in tile.sites.values():
            return tile
    raise ValueError(f"{database.name} has no processor system")


def _inputs(decoded: Decoded, database: Database) -> Iterable[Place]:
    """Wires at the inputs of all sites in tiles that are configured, and of the processor system."""
    for name in dict.fromkeys([*decoded.features, _processor(database).name]):
        for site in database.tile_type(database.tiles[name].type).sites:
            if site.type in _CELLS:
                for pin, wire in site.pins.items():
                    if not database.is_output(site.type, pin):
                        yield name, wire


def _configured(
    netlist: Netlist, nets: Nets, tile: Tile, name: str, decoded: Decoded, database: Database
) -> SiteCells:
    site = next(site for site in database.tile_type(tile.type).sites if site.name == name)
    if site.type not in _CELLS:
        raise ValueError(f"{tile.name}: the design uses its {site.type}, which is not modelled")
    cells = _CELLS[site.type]
    features = cells.own(site, decoded.features.get(tile.name, set()))
    return cells(netlist, nets, (tile.name, site), _called(tile, site), features)


def _called(tile: Tile, site: Site) -> str:
    """A site's name on the part: its place in the tile counts from the tile's first site of its prefix."""
    prefix, x, y = _parts(site.name)
    places = [(i, j) for other, i, j in map(_parts, tile.sites) if other == prefix]
    return f"{prefix}_X{min(i for i, _ in places) + x}Y{min(j for _, j in places) + y}"


def _parts(name: str) -> tuple[str, int, int]:
    """Prefix, x and y of a site's name."""
    prefix, _, place = name.rpartition("_X")
    x, _, y = place.partition("Y")
    return prefix, int(x), int(y)

# SPDX-License-Identifier: Apache-2.0
"""What few bits cost: the same network trained in float and at several widths, over several seeds.

python scripts/accuracy.py --preset mnist32 --seeds 3 --out out/accuracy
python scripts/accuracy.py --preset mnist32 --set generator.classes=10
python scripts/accuracy.py --preset mnist32 --ablate W4A4      # the recipe, each part left out in turn

A quantized network that is tuned by distillation starts from the float one of its seed that was trained as it
would be, after all of its steps. What is tuned otherwise is trained whole.

Writes OUT/accuracy.md, accuracy.json and accuracy.png after every run. Started again, it goes on where it was
killed. The score is that of fpgan evaluate; spreads are standard deviations over seeds.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress

from fpgan.hw.system.files import make_folder, write_beside, write_json, write_text
from fpgan.model.config import PRESETS, TUNINGS, TrainConfig
from fpgan.model.run import CONFIG, METRICS, STATE, read_metrics
from fpgan.model.train import train

_BITS = ("float", "W8A8", "W4A4", "W3A3", "W2A2")
_DISTILLS = ("distill", "distill_features")
_console = Console(highlight=False)


@dataclass(frozen=True)
class Row:
    """The runs of one line of the table: their scores, one per seed, and beside them the float ones."""

    name: str
    scores: tuple[float, ...]
    floats: tuple[float, ...]
    real: float

    @property
    def against_float(self) -> float | None:
        """Mean score over that of the float runs of the same seeds."""
        return float(np.mean(self.scores) / np.mean(self.floats)) if self.floats else None


def variants(config: TrainConfig) -> dict[str, TrainConfig]:
    """The recipe, and the recipe without each part that it has. Only adversarial tuning learns scales."""
    off: dict[str, dict[str, Any]] = {
        "float pre-training": {"float_steps": 0, "tuning": TUNINGS[0], **dict.fromkeys(_DISTILLS, 0.0)},
        "tuning by distillation": {"tuning": TUNINGS[0]},
        "distillation": dict.fromkeys(_DISTILLS, 0.0),
        "averaged weights": {"ema": 0.0},
        "falling learning rate": {"decay": 0.0},
        "augmentation": {"augment": ()},
        "hinge loss": {"loss": "bce"},
        "spectral normalization": {"discriminator_norm": "batch"},
        "the discriminator's own rate": {"discriminator_rate": 1.0},
        "gradient penalty": {"r1": 0.0},
    }
    made = {"recipe": config} | {f"without {part}": replace(config, **fields) for part, fields in off.items()}
    for part, fields in {
        "learned scales": {"scales": "constant"}, "scales of channels": {"weight_scales": "tensor"}
    }.items():  # fmt: skip
        generator = replace(config.generator, **fields)  # type: ignore[arg-type]
        made[f"without {part}"] = replace(config, generator=generator)
    if config.labels == "clusters":
        generator = replace(config.generator, classes=0)
        made["without labels of clusters"] = replace(config, labels="own", generator=generator)
    if config.tuning != TUNINGS[0]:
        made.pop("without learned scales")
    return {name: c for name, c in made.items() if name == "recipe" or c != config}


def float_of(config: TrainConfig, base: TrainConfig) -> TrainConfig:
    """What config is tuned from: the float network `base`, with config's settings where they matter to it."""
    generator = replace(
        config.generator, weight_bits=base.generator.weight_bits, act_bits=base.generator.act_bits,
        weight_scales=base.generator.weight_scales, scales=base.generator.scales,
    )  # fmt: skip
    return replace(config, generator=generator, tuning=base.tuning, float_steps=base.float_steps)


def run(config: TrainConfig, out: Path, float_run: Path | None) -> float:
    """Score of a run: as it is on disk if it is finished, else after going on with it.

    float_run: what a quantized run is tuned from if it is tuned by distillation, else only compared with.
    """
    tuned = float_run is not None and config.tunes(config.float_steps)
    if tuned:
        config = replace(config, steps=config.steps - config.float_steps, float_steps=0)
    if not _finished(config, out):
        with Progress(console=_console, transient=True) as bar:
            task = bar.add_task(out.name, total=config.steps)
            resume = (out / STATE).exists()
            train(
                config, out, init=float_run if tuned and not resume else None, resume=resume,
                baseline=None if tuned else float_run,
                progress=lambda step, *_: bar.update(task, completed=step),
            )  # fmt: skip
    found = read_metrics(out)["score"]
    _console.print(f"{out.name}: {found['value']}")
    return float(found["value"])


def _finished(config: TrainConfig, out: Path) -> bool:
    """metrics.json is what a run writes last."""
    return (out / METRICS).exists() and TrainConfig.from_yaml(out / CONFIG) == config


def table(rows: list[Row], config: TrainConfig) -> str:
    """The rows as Markdown."""
    metric = f"{config.preset}, {config.steps} steps, {len(rows[0].scores)} seeds"
    lines = [f"| {metric} | score | spread | of float's |", "|---|---|---|---|"]
    for row in rows:
        spread = f"{np.std(row.scores, ddof=1):.4f}" if len(row.scores) > 1 else ""
        share = "" if row.against_float is None else f"{row.against_float:.1%}"
        lines.append(f"| {row.name} | {np.mean(row.scores):.4f} | {spread} | {share} |")
    return "\n".join([*lines, f"| real images | {rows[0].real:.4f} | | |", ""])


def picture(rows: list[Row], path: Path) -> None:
    """Mean and spread of each row, the real images' own distance as a line."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.5 + 1.1 * len(rows), 4), layout="constrained")
    axes = figure.add_subplot()
    means = [float(np.mean(row.scores)) for row in rows]
    spreads = [float(np.std(row.scores, ddof=1)) if len(row.scores) > 1 else 0.0 for row in rows]
    axes.errorbar([row.name for row in rows], means, spreads, fmt="o", capsize=4)
    axes.axhline(rows[0].real, linestyle="--", color="grey", label="real images")
    axes.set_ylim(bottom=0)
    axes.set_ylabel("distance to real images")
    axes.tick_params(axis="x", labelrotation=20 if len(rows) > 5 else 0)
    axes.legend()
    figure.savefig(path, dpi=120)


def report(rows: list[Row], config: TrainConfig, out: Path, name: str) -> None:
    """Write the table, the figures and the picture."""
    figures = [asdict(row) | {"against_float": row.against_float} for row in rows]
    write_text(out / f"{name}.md", table(rows, config))
    write_json(out / f"{name}.json", {"config": config.to_text(), "rows": figures})
    write_beside(out / f"{name}.png", lambda p: picture(rows, p))


def measure(configs: dict[str, TrainConfig], seeds: int, out: Path, name: str) -> list[Row]:
    """Train all of configs, those in float first, and report after each; a run's folder is NAME-SEED.

    A float network that only one of them is tuned from goes to NAME-float-SEED.
    """
    make_folder(out)
    rows: list[Row] = []
    floats: tuple[float, ...] = ()
    base = next((n for n, c in configs.items() if not c.generator.quantized), None)
    for title, config in sorted(configs.items(), key=lambda item: item[1].generator.quantized):
        scores: list[float] = []
        for seed in range(seeds):
            seeded, parent = replace(config, seed=seed), None
            if base is not None and title != base:
                shared = replace(configs[base], seed=seed)
                needed = float_of(seeded, shared) if config.tunes(config.float_steps) else shared
                parent = _folder(out, base if needed == shared else f"{title} float", seed)
                if needed != shared:
                    run(needed, parent, None)
            scores.append(run(seeded, _folder(out, title, seed), parent))
        floats = tuple(scores) if title == base else floats
        real = read_metrics(_folder(out, title, 0))["score"]["real_vs_real"]
        rows.append(Row(title, tuple(scores), floats, real))
        report(rows, config, out, name)
    return rows


def _folder(out: Path, title: str, seed: int) -> Path:
    return out / f"{title.replace(' ', '-')}-{seed}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PRESETS, default="mnist32")
    parser.add_argument("--config", type=Path, help="YAML file instead of a preset")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="as of fpgan train")
    parser.add_argument("--bits", nargs="+", default=_BITS)
    parser.add_argument("--ablate", metavar="BITS", help="at these bits, leave out each part of the recipe")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, help="instead of the configuration's")
    parser.add_argument("--out", type=Path, default=Path("out/accuracy"))
    given = parser.parse_args()
    try:
        config = TrainConfig.from_yaml(given.config) if given.config else PRESETS[given.preset]
        config = config.with_settings(given.set).located(Path.cwd())
        if given.steps is not None:
            config = config.with_steps(given.steps)
        if given.ablate:
            configs = {"float": config.with_bits("float")} | variants(config.with_bits(given.ablate))
        else:
            configs = {bits: config.with_bits(bits) for bits in given.bits}
        rows = measure(configs, given.seeds, given.out, "ablation" if given.ablate else "accuracy")
    except ValueError as error:
        parser.error(str(error))
    _console.print(table(rows, config), markup=False)


if __name__ == "__main__":
    main()

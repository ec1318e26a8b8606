# SPDX-License-Identifier: Apache-2.0
"""Training: it calibrates, reports, and refuses damaged files in one line."""

import ast
import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import made_up
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from tiny_training import CHECKPOINT, RECIPE, TINY, same_weights

from fpgan.model.evaluate import evaluate
from fpgan.model.run import read_metrics, write_metrics
from fpgan.model.train import load_run, train

pytestmark = pytest.mark.usefixtures("no_classifier")


def test_training_changes_the_weights_and_reports_each_step(run, tmp_path):
    seen = []
    metrics = train(TINY, tmp_path, steps=4, progress=lambda *a: seen.append(a))
    assert [s[:2] for s in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert set(seen[0][2]) == {"discriminator", "generator"}
    assert not same_weights(run, tmp_path)
    assert metrics == json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["bits"]["weights"] == [4, 4, 4]


def test_the_run_folder_is_whole_and_holds_no_other_file(run):
    names = sorted(p.name for p in run.iterdir())
    assert names == [CHECKPOINT, "config.yaml", "metrics.json", "samples.png"]


def test_a_field_that_is_not_said_is_not_written(tmp_path):
    """Nor is a file written that lacks one: who reads it relies on what the page says."""
    whole = made_up.metrics(score=made_up.score())
    write_metrics(tmp_path, whole)
    wrong = (
        whole | {"more": 1},
        whole | {"score": made_up.score(more=1)},
        whole | {"score": {}},
        {"steps": 1},
    )
    for metrics in wrong:
        with pytest.raises(TypeError, match=r"has no field more|missing"):
            write_metrics(tmp_path, metrics)
    assert read_metrics(tmp_path) == whole


def test_calibrated_activations_are_not_degenerate(run):
    generator, config = load_run(run)
    assert config.preset == "tiny"
    seen = []
    for layer in list(generator.layers)[:-1]:
        layer.register_forward_hook(lambda m, i, o: seen.append(o))
    image = generator.integers(generator.quantize_latent(torch.randn(64, 16, 1, 1)))
    for act in seen:
        steps = act.value / act.scale
        assert torch.equal(steps, steps.round())  # exact integers
        assert (steps.min(), steps.max()) == (0, 15)
        assert 0.2 < (steps > 0).float().mean() < 0.8
    assert image.float().std() > 16


def test_starts_from_given_weights(run, tmp_path):
    train(replace(TINY, seed=5), tmp_path, steps=0, init=run / CHECKPOINT)
    a, b = load_file(run / CHECKPOINT), load_file(tmp_path / CHECKPOINT)
    assert torch.equal(a["layers.0.0.weight"], b["layers.0.0.weight"])


@pytest.mark.parametrize("keep", [0, 5, 100, -1])
def test_a_truncated_checkpoint_is_one_line(keep, run, tmp_path):
    (tmp_path / "config.yaml").write_bytes((run / "config.yaml").read_bytes())
    (tmp_path / CHECKPOINT).write_bytes((run / CHECKPOINT).read_bytes()[:keep])
    with pytest.raises(ValueError, match="truncated or no safetensors") as error:
        load_run(tmp_path)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.pop("layers.2.0.weight"), "has no layers.2.0.weight"),
        (lambda t: t.update(extra=torch.zeros(1)), "extra belongs to no layer"),
        (lambda t: t.update({"layers.2.0.weight": torch.zeros(3)}), "layers.2.0.weight has shape (3,)"),
        (lambda t: t["layers.2.0.weight"].fill_(float("nan")), "layers.2.0.weight holds values"),
    ],
)
def test_another_networks_checkpoint_is_one_line(change, message, run, tmp_path):
    tensors = load_file(run / CHECKPOINT)
    change(tensors)
    (tmp_path / "config.yaml").write_bytes((run / "config.yaml").read_bytes())
    save_file(tensors, tmp_path / CHECKPOINT)
    with pytest.raises(ValueError, match=re.escape(message)):
        load_run(tmp_path)


def test_no_run_folder_is_one_line(tmp_path):
    with pytest.raises(ValueError, match="no RUN folder"):
        load_run(tmp_path / "none")


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot be written"):
        train(TINY, tmp_path / "file" / "run", steps=0)


def test_a_run_on_data_from_python_does_not_pass_for_one_on_digits(tmp_path):
    images = [torch.rand(2, 16, 16) * 2 - 1 for _ in range(16)]
    config = replace(TINY, generator=replace(TINY.generator, image_channels=2))
    train(config, tmp_path, steps=2, data=images)
    with pytest.raises(ValueError, match="handed over in Python"):
        evaluate(tmp_path, samples=10)
    train(config, tmp_path, steps=3, data=images, resume=True)


def test_labels_out_of_range_are_one_line(tmp_path):
    config = replace(TINY, generator=replace(TINY.generator, classes=2))
    with pytest.raises(ValueError, match="labels 0 to 5: must be 0 to 1"):
        train(config, tmp_path, steps=1, data=[(torch.zeros(1, 16, 16), i % 6) for i in range(8)])


def test_broken_files_are_counted_in_the_metrics_also_after_a_resume(tmp_path):
    (tmp_path / "data").mkdir()
    for i in range(20):
        Image.new("L", (16, 16), i * 10).save(tmp_path / "data" / f"{i}.png")
    for i in (3, 8):
        (tmp_path / "data" / f"{i}.png").write_text("broken")
    config = replace(TINY, dataset=str(tmp_path / "data"), workers=1)
    train(config, tmp_path / "run", steps=2)  # one epoch of 16 images
    metrics = train(config, tmp_path / "run", steps=2, resume=True)
    assert set(metrics["broken"]) <= {"3.png", "8.png"}
    metrics = train(config, tmp_path / "run", steps=12, resume=True)
    assert metrics["broken"] == ["3.png", "8.png"]
    assert metrics["images"] == 18


_SHARED = """
import sys
from pathlib import Path
import torch
from fpgan.model import train
from fpgan.model.config import TrainConfig
from fpgan.model.device import Device
train.score = lambda *_: SCORE
seen, states, step = [], [], train.train_step
train.train_step = lambda state, batch: (states.append(state), step(state, batch))[1]
metrics = train.train(TrainConfig.from_yaml(sys.argv[1]), sys.argv[2], progress=lambda *a: seen.append(a[2]))
assert metrics["steps"] == 5
device, weight = Device(), torch.nn.Parameter(torch.zeros(()))
assert device.share(torch.arange(4)).tolist() == [device.rank, device.rank + 2]
weight.grad = torch.tensor(float(device.rank))
device.update(torch.optim.SGD([weight], 1.0))  # gradients 0 and 1
assert weight.item() == -0.5, weight
networks = (states[0].generator, states[0].discriminator)
weights = [p.double().sum().item() for network in networks for p in network.parameters()]
Path(f"{sys.argv[2]}.rank{device.rank}of{device.world}").write_text(repr([seen, weights]))
"""


@pytest.mark.slow
def test_two_processes_share_each_batch_and_stay_alike(tmp_path):
    """Both have the same weights and losses, nearly those of one process, which normalises whole batches."""
    config = replace(RECIPE, steps=5, batch=16, generator=replace(RECIPE.generator, scales="constant"))
    config.to_yaml(tmp_path / "c.yaml")
    (tmp_path / "script.py").write_text(f"SCORE = {made_up.score()!r}\n{_SHARED}")
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [sys.executable, *launch, tmp_path / "script.py", tmp_path / "c.yaml", tmp_path / "two"],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said = [(tmp_path / f"two.rank{rank}of2").read_text() for rank in range(2)]  # they share one stdout
    assert said[0] == said[1]
    alone = []
    train(config, tmp_path / "one", progress=lambda *a: alone.append(a[2]))
    together, _ = ast.literal_eval(said[0])
    for a, b in zip(alone, together, strict=True):
        assert a != b
        assert a == pytest.approx(b, rel=0.2)
    assert not same_weights(tmp_path / "one", tmp_path / "two")


def test_bf16_trains_and_leaves_parameters_and_scales_in_float32(tmp_path):
    config = replace(RECIPE, precision="bf16")
    seen = []
    train(config, tmp_path / "bf16", progress=lambda *a: seen.append(a[2]["generator"]))
    train(RECIPE, tmp_path / "float32", progress=lambda *a: seen.append(a[2]["generator"]))
    assert seen[:7] != seen[7:]
    assert seen[:7] == pytest.approx(seen[7:], rel=0.05)
    tensors = load_file(tmp_path / "bf16" / CHECKPOINT)
    assert {t.dtype for t in tensors.values()} == {torch.float32, torch.int64}
    with pytest.raises(ValueError, match="precision=fp16: needs a GPU"):
        train(replace(RECIPE, precision="fp16"), tmp_path / "fp16")


def test_tensorboard_gets_losses_samples_and_score(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = replace(TINY, steps=20)
    train(config, tmp_path, tensorboard=True)
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert [e.step for e in events.Scalars("loss/generator")] == [10, 20]
    assert [e.step for e in events.Scalars("score/value")] == [20]
    assert events.Tags()["images"]


def test_without_tensorboard_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ValueError, match="pip install 'fpgan\\[tensorboard\\]'"):
        train(TINY, tmp_path, steps=1, tensorboard=True)

# SPDX-License-Identifier: Apache-2.0
"""Training: resumes as if it had not stopped, calibrates, and refuses damaged files in one line."""

import ast
import itertools
import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from fpgan.hw.system import files
from fpgan.hw.system.folders import only_writer
from fpgan.hw.system.signals import Terminated
from fpgan.model import step as stepping
from fpgan.model import train as training
from fpgan.model.config import PRESETS
from fpgan.model.drawing import generate
from fpgan.model.evaluate import evaluate
from fpgan.model.train import load_run, train

PLAIN = {"distill": 0.0, "distill_features": 0.0, "decay": 0.0, "tuning": "adversarial"}
TINY = replace(PRESETS["tiny"], batch=8, features=4, **PLAIN, float_steps=3)
LONG = replace(TINY, steps=7)
CHECKPOINT = "checkpoint.safetensors"


def _mean(generator, images):
    made, _ = generate(generator, 16, torch.Generator().manual_seed(0))
    return {"name": "mean", "value": made.mean().item()}


@pytest.fixture(autouse=True)
def _no_classifier(monkeypatch):
    """The score takes seconds and has its own tests."""
    monkeypatch.setattr(training, "score", _mean)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    train(TINY, folder, steps=0)
    return folder


def _same(a, b):
    left, right = load_file(a / CHECKPOINT), load_file(b / CHECKPOINT)
    return left.keys() == right.keys() and all(torch.equal(left[k], right[k]) for k in left)


@pytest.mark.parametrize("stop", [2, 3, 5])
def test_resumed_is_uninterrupted(stop, tmp_path):
    whole = train(TINY, tmp_path / "whole", steps=7)
    train(TINY, tmp_path / "parts", steps=stop)
    parts = train(TINY, tmp_path / "parts", steps=7, resume=True)
    assert _same(tmp_path / "whole", tmp_path / "parts")
    assert parts["score"] == whole["score"]
    assert parts["steps"] == 7


def test_training_changes_the_weights_and_reports_each_step(run, tmp_path):
    seen = []
    metrics = train(TINY, tmp_path, steps=4, progress=lambda *a: seen.append(a))
    assert [s[:2] for s in seen] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert set(seen[0][2]) == {"discriminator", "generator"}
    assert not _same(run, tmp_path)
    assert metrics == json.loads((tmp_path / "metrics.json").read_text())
    assert metrics["bits"]["weights"] == [4, 4, 4]


def test_the_run_folder_is_whole_and_holds_no_other_file(run):
    names = sorted(p.name for p in run.iterdir())
    assert names == [CHECKPOINT, "config.yaml", "metrics.json", "samples.png"]


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


def test_resume_needs_the_same_settings_and_something_to_resume(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        train(TINY, tmp_path, steps=2, resume=True)
    train(TINY, tmp_path, steps=2)
    with pytest.raises(ValueError, match=r"lr=0\.001"):
        train(replace(TINY, lr=2e-3), tmp_path, steps=3, resume=True)
    with pytest.raises(ValueError, match="2 steps already"):
        train(TINY, tmp_path, steps=1, resume=True)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot be written"):
        train(TINY, tmp_path / "file" / "run", steps=0)


def test_a_training_is_not_thrown_away(tmp_path):
    """The same command again overwrote what an interrupted one had done, without a word."""
    with pytest.raises(KeyboardInterrupt):
        train(LONG, tmp_path, progress=lambda step, *_: step == 2 and _interrupt())
    refused = r"holds a training that has not ended \(3 steps\); go on with it by --resume, .* --overwrite"
    for again in (LONG, replace(LONG, steps=0)):
        with pytest.raises(ValueError, match=refused):
            train(again, tmp_path)
    train(LONG, tmp_path, resume=True)
    with pytest.raises(
        ValueError, match=r"holds a training of 7 steps; choose .* replace it with --overwrite"
    ):
        train(LONG, tmp_path)
    (tmp_path / "metrics.json").write_text("{")
    with pytest.raises(ValueError, match=r"metrics\.json: is damaged: .*; choose .* --overwrite"):
        train(LONG, tmp_path)
    train(replace(LONG, steps=0), tmp_path, overwrite=True)
    assert not (tmp_path / "training.safetensors").exists()
    train(LONG, tmp_path, steps=1)  # a calibration may go


def test_one_training_at_a_time(tmp_path):
    """Two into one folder both said that they had succeeded."""
    with only_writer(tmp_path), pytest.raises(ValueError, match="another process is writing it"):
        train(TINY, tmp_path, steps=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("at", range(5))
def test_killed_while_it_takes_another_one_s_place(at, run, tmp_path, monkeypatch):
    """The files of two trainings side by side are not taken for one."""
    train(replace(TINY, steps=0).with_bits("W8A8"), tmp_path)
    replaced, count = os.replace, itertools.count()

    def killed(*arguments):
        if next(count) == at:
            raise SystemExit
        replaced(*arguments)

    monkeypatch.setattr(files.os, "replace", killed)
    if at < 4:
        with pytest.raises(SystemExit):
            train(TINY, tmp_path, steps=0)
    else:
        train(TINY, tmp_path, steps=0)
    monkeypatch.undo()
    if at == 1:  # the new checkpoint with the old settings
        with pytest.raises(ValueError, match=r"is not of the generator in config\.yaml"):
            load_run(tmp_path)
    else:
        old = load_run(tmp_path)[1].generator.weight_bits == 8
        assert old == (at == 0) and (old or _same(tmp_path, run))
    monkeypatch.setattr(training, "score", _mean)
    train(TINY, tmp_path, steps=0)
    assert _same(tmp_path, run) and not list(tmp_path.glob(".*"))


_KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
import torch
torch.set_num_threads(1)
from fpgan.hw.system import files
from fpgan.model import train
from fpgan.model.config import TrainConfig
out, at, while_saving = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "saving"
train._SAVE_EVERY = 4
train.score = lambda *_: {}
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
def progress(step, *_):
    if step == at:
        die()
    if step == at - 1 and while_saving:
        files.os.replace = die
train.train(TrainConfig.from_yaml(sys.argv[4]), out, progress=progress)
"""


@pytest.mark.parametrize(("at", "when"), [(1, "step"), (4, "step"), (6, "step"), (4, "saving")])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(at, when, whole_run, tmp_path):
    """Killed before the first checkpoint, right after one, between two, and while one is written."""
    LONG.to_yaml(tmp_path / "c.yaml")
    out = tmp_path / "run"
    arguments = [str(out), str(at), when, str(tmp_path / "c.yaml")]
    killed = subprocess.run([sys.executable, "-c", _KILLED, *arguments], check=False, timeout=100)
    assert killed.returncode == -signal.SIGKILL
    torch.set_num_threads(2)  # the state brings its own number along
    train(LONG, out, resume=True)
    assert torch.get_num_threads() == 1
    assert _same(whole_run, out)
    assert not list(out.glob(".*"))


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "score", _mean)
        train(LONG, folder)
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_between_two_steps(number, whole_run, tmp_path, monkeypatch):
    """It comes inside step 3, whose discriminator is updated already: the step is finished, then saved."""
    update, seen = stepping._update, []

    def interrupted(state, name, loss):
        value = update(state, name, loss)
        if state.step == 2 and name == "discriminator":
            os.kill(os.getpid(), number)
        return value

    monkeypatch.setattr(stepping, "_update", interrupted)
    with pytest.raises((KeyboardInterrupt, Terminated)) as ended:
        train(LONG, tmp_path, progress=lambda step, *_: seen.append(step))
    assert number == signal.SIGINT or ended.value.code == 128 + number
    assert seen == [1, 2, 3]
    monkeypatch.setattr(stepping, "_update", update)
    train(LONG, tmp_path, resume=True, progress=lambda step, *_: seen.append(step))
    assert seen == list(range(1, LONG.steps + 1))
    assert _same(whole_run, tmp_path)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_stops_with_one_line(value, tmp_path, monkeypatch):
    bce = stepping._bce
    calls = []

    def spoilt(logits, label):
        calls.append(label)
        return bce(logits, label) * (value if len(calls) == 6 else 1)  # the second step's generator

    monkeypatch.setattr(stepping, "_bce", spoilt)
    with pytest.raises(training.Diverged) as error:
        train(LONG, tmp_path)
    assert str(error.value).startswith(f"step 2: the generator's loss is {value}; try a smaller lr")
    assert "\n" not in str(error.value)


def test_spoilt_weights_are_never_saved(tmp_path, monkeypatch):
    update = stepping._update

    def spoilt(state, name, loss):
        value = update(state, name, loss)
        if state.step == 2 and name == "generator":
            state.generator.layers[0][0].weight.data[0, 0] = float("inf")
        return value

    monkeypatch.setattr(stepping, "_update", spoilt)
    with pytest.raises(training.Diverged, match="no longer finite"):
        train(LONG, tmp_path, steps=3)
    monkeypatch.setattr(stepping, "_update", update)
    train(LONG, tmp_path, steps=3, resume=True)


def _interrupt():
    """Comes between two steps, so one more is made."""
    os.kill(os.getpid(), signal.SIGINT)


RECIPE = replace(
    LONG, decay=0.5, distill=1.0, distill_features=0.1, augment=("translation", "cutout"),
    generator=replace(TINY.generator, classes=10, scales="learned", weight_bits=2, act_bits=2),
)  # fmt: skip


@pytest.mark.parametrize("recipe", [RECIPE, replace(RECIPE, tuning="distillation", decay=0.0)])
@pytest.mark.parametrize("stop", [2, 3, 5])  # float_steps is 3: before, at and after the teacher is taken
def test_every_part_of_the_recipe_resumes_exactly(stop, recipe, tmp_path):
    losses = {}
    train(recipe, tmp_path / "whole", progress=lambda step, _, seen: losses.setdefault(step, seen))
    with pytest.raises(KeyboardInterrupt):
        train(
            recipe, tmp_path / "parts", progress=lambda step, *_: _interrupt() if step == stop - 1 else None
        )
    with pytest.raises(ValueError, match="steps=7, which is now 9"):  # the learning rate depends on it
        train(recipe, tmp_path / "parts", steps=9, resume=True)
    train(recipe, tmp_path / "parts", resume=True)
    assert _same(tmp_path / "whole", tmp_path / "parts")
    assert ["distillation" in losses[step] for step in range(1, 8)] == [False] * 3 + [True] * 4
    assert all(seen.get("distillation", 1) > 0 for seen in losses.values())


def test_each_part_of_the_recipe_changes_the_result(tmp_path):
    made = [train(RECIPE, tmp_path / "all", steps=6)["score"]["value"]]
    for off in (
        {"distill": 0.0},
        {"distill_features": 0.0},
        {"augment": ("cutout",)},
        {"ema": 0.0},
        {"decay": 0.0},
    ):
        made.append(
            train(replace(RECIPE, **off), tmp_path / "off", steps=6, overwrite=True)["score"]["value"]
        )
    assert len(set(made)) == len(made)


def test_distillation_keeps_the_pupil_with_its_teacher(tmp_path):
    """Without it the generator leaves the teacher that it starts as."""
    last = {}
    for weight in (1000.0, 1e-6):
        seen = []
        config = replace(TINY, steps=60, batch=16, float_steps=4, distill=weight, lr=2e-3).with_bits("W8A8")
        out = tmp_path / f"{weight:g}"
        train(config, out, progress=lambda *a, seen=seen: seen.append(a[2].get("distillation")))
        assert seen[:4] == [None] * 4
        last[weight] = sum(seen[-5:]) / weight
    assert last[1000.0] < 0.1 * last[1e-6]


def test_tuning_learns_the_float_generators_images_and_nothing_else(tmp_path):
    """Up to then it is a float training; then no discriminator takes part, and the distance falls."""
    config = replace(
        TINY, steps=200, batch=32, float_steps=60, tuning="distillation", tuning_lr=3e-3, decay=0.5
    )
    seen = []
    train(config, tmp_path / "tuned", progress=lambda *a: seen.append(a[2]))
    assert [set(s) for s in seen] == [{"discriminator", "generator"}] * 60 + [{"distillation"}] * 140
    distances = [s["distillation"] for s in seen[60:]]
    assert sum(distances[-10:]) < 0.85 * sum(distances[:10])
    assert [config.step_lr(s) for s in (0, 29, 45, 60, 130)] == pytest.approx(
        [1e-3, 1e-3, 5e-4, 3e-3, 1.5e-3]
    )
    plain = []
    train(config.with_bits("float"), tmp_path / "float", steps=60, progress=lambda *a: plain.append(a[2]))
    assert plain == seen[:60]


def test_learned_scales_move_by_whole_powers_of_two(tmp_path):
    """A scale that is four times too large is made smaller by the teacher's pull."""
    config = replace(TINY, steps=200, float_steps=2, batch=16, distill=100.0, distill_features=10.0, lr=1e-3)
    config = replace(config, generator=replace(config.generator, scales="learned"))
    train(config, tmp_path / "start", steps=0)
    tensors = load_file(tmp_path / "start" / CHECKPOINT)
    scales = [name for name in tensors if name.endswith("scaling_impl.value")]
    for name in scales:
        tensors[name] += 2
    save_file(tensors, tmp_path / "w.safetensors")
    train(config, tmp_path / "run", init=tmp_path / "w.safetensors")
    after = load_file(tmp_path / "run" / CHECKPOINT)
    assert all(after[name] < tensors[name] - 0.5 for name in scales)


def test_distillation_needs_a_teacher(run, tmp_path):
    config = replace(RECIPE, float_steps=0, generator=TINY.generator)
    with pytest.raises(ValueError, match="needs a float generator: float_steps above 0, or init"):
        train(config, tmp_path)
    seen = []
    train(config, tmp_path, steps=2, init=run / CHECKPOINT, progress=lambda *a: seen.append(a[2]))
    assert all("distillation" in s for s in seen)


def test_float_bits_train_the_same_network_without_quantizers(tmp_path):
    config = replace(TINY, float_steps=0).with_bits("float")
    metrics = train(config, tmp_path / "float", steps=5)
    assert metrics["bits"]["weights"] == [32, 32, 32]
    generator, again = load_run(tmp_path / "float")
    assert again == replace(config, steps=5)
    assert not generator.quantized
    image = generator(torch.randn(1, 16, 1, 1))
    assert not torch.equal(image * 128, (image * 128).round())
    # what the first steps of a quantized run without its quantizers give, to the bit
    train(replace(TINY, float_steps=5), tmp_path / "twin", steps=5)
    float_weights, twin_weights = (load_file(tmp_path / n / CHECKPOINT) for n in ("float", "twin"))
    assert all(
        torch.equal(float_weights[name], twin_weights[name])
        for name in float_weights
        if "running" not in name
    )


def test_a_conditional_generator_is_taught_its_labels(tmp_path):
    """Images whose brightness is their label: after a few steps what is asked for is as bright."""
    images = [(torch.full((1, 16, 16), float(i % 2) * 1.6 - 0.8), i % 2) for i in range(64)]
    config = replace(TINY, generator=replace(TINY.generator, classes=2), batch=16, lr=2e-3, float_steps=30)
    train(config, tmp_path, steps=120, data=images)
    generator, _ = load_run(tmp_path)
    made, labels = generate(generator, 64, torch.Generator().manual_seed(0))
    assert made[labels == 1].mean() > made[labels == 0].mean() + 0.5


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
train.score = lambda *_: {}
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
    (tmp_path / "script.py").write_text(_SHARED)
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
    assert not _same(tmp_path / "one", tmp_path / "two")


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

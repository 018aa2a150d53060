"""The training loop of all stages: fixed seeds, a schedule by steps, checkpoints that resume."""
import json
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Dict, List, Optional

import torch

from batches import Sample, pools, tensors
from model import LanguageModel, Shape, weighted_loss
from muon import Optimiser
from tokenizer import Tokenizer


@dataclass(frozen=True)
class Stage:
    """steps: batches of at most `batch_tokens` tokens. The rate warms up, stays, and falls over `decay` of the steps."""

    name: str
    steps: int
    batch_tokens: int = 6144
    muon_rate: float = 0.02
    adam_rate: float = 4e-3
    weight_decay: float = 0.1
    warmup: int = 60
    decay: float = 0.35
    final_rate: float = 0.02
    dropout: float = 0.0
    blank: float = 0.0
    # Of the running mean of the weights, from the middle of the stage on; 0 keeps none.
    average: float = 0.0
    seed: int = 1

    def rate(self, step: int) -> float:
        falling = max(1.0, self.decay * self.steps)
        left = (self.steps - step) / falling
        return min(1.0, (step + 1) / self.warmup) * min(1.0, max(self.final_rate, left))


def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def save(path: Path, content: Dict[str, object]) -> None:
    """Beside and renamed: a run that is killed while saving leaves the last checkpoint whole."""
    beside = path.with_suffix(".writing")
    torch.save(content, beside)
    beside.replace(path)


def load_model(path: Path) -> LanguageModel:
    saved = torch.load(path, map_location=device())
    model = LanguageModel(Shape(**saved["shape"])).to(device())
    model.load_state_dict(saved["model"])
    return model.eval()


@torch.no_grad()
def averaged(
    mean: Optional[Dict[str, torch.Tensor]], model: LanguageModel, keep: float
) -> Dict[str, torch.Tensor]:
    """The running mean of the weights, one step on."""
    if mean is None:
        return {name: weight.detach().clone() for name, weight in model.state_dict().items()}
    for name, weight in model.state_dict().items():
        mean[name].lerp_(weight, 1 - keep)
    return mean


def train(
    stage: Stage,
    shape: Shape,
    draw: Callable[[random.Random, float], Sample],
    work: Path,
    start_from: Optional[Path],
    evaluate: Optional[Callable[[LanguageModel, int], Dict[str, object]]] = None,
    evaluate_every: int = 0,
    pool_size: int = 384,
    save_seconds: float = 120,
) -> Path:
    """Trains a stage, or goes on with it; returns the finished model's path (`work/NAME.pt`).

    With `stage.average` the mean of the weights is written beside it (`work/NAME-average.pt`).
    """
    finished, checkpoint = work / f"{stage.name}.pt", work / f"{stage.name}.checkpoint"
    if finished.exists():
        return finished
    torch.manual_seed(stage.seed)
    model = LanguageModel(shape).to(device())
    optimiser = Optimiser(model, stage.muon_rate, stage.adam_rate, stage.weight_decay)
    step, pool, seconds, tokens = 0, 0, 0.0, 0
    mean: Optional[Dict[str, torch.Tensor]] = None
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device())
        model.load_state_dict(saved["model"])
        optimiser.load(saved["optimiser"])
        torch.set_rng_state(saved["rng"].cpu())
        if saved.get("cuda_rng") is not None:
            torch.cuda.set_rng_state(saved["cuda_rng"].cpu())
        step, pool, seconds, tokens = saved["step"], saved["pool"], saved["seconds"], saved["tokens"]
        mean = saved["mean"]
    elif start_from is not None:
        # A stage may add the heads for tags, which the one before had not.
        missing, unknown = model.load_state_dict(
            torch.load(start_from, map_location=device())["model"], strict=False
        )
        assert not unknown and all("_tags" in name for name in missing), (missing, unknown)
    model.dropout = stage.dropout
    model.train()

    log = (work / f"{stage.name}.log.jsonl").open("a")

    def report(**values: object) -> None:
        print(json.dumps(values, ensure_ascii=False), file=log, flush=True)
        print(stage.name, json.dumps(values, ensure_ascii=False), flush=True)

    def content() -> Dict[str, object]:
        return {
            "shape": asdict(shape), "stage": asdict(stage), "model": model.state_dict(),
            "optimiser": optimiser.state(), "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state() if torch.cuda.is_available() else None,
            "mean": mean, "step": step, "pool": pool, "seconds": seconds, "tokens": tokens,
        }

    report(event="start", step=step, parameters=sum(p.numel() for p in model.parameters()))
    last_save = last_report = time.monotonic()
    losses: List[float] = []
    source = pools(
        lambda rng: draw(rng, step / stage.steps), f"{stage.name}/{stage.seed}", pool, pool_size, stage.batch_tokens
    )
    while step < stage.steps:
        number, batches = next(source)
        noise = random.Random(f"noise/{stage.seed}/{number}")
        for batch in batches:
            begun = time.monotonic()
            inputs, targets, weights, tags = tensors(batch, stage.blank, noise, device())
            with torch.autocast(device().type, torch.bfloat16):
                loss, single, chosen = weighted_loss(model, inputs, targets, weights, tags)
            loss.backward()
            optimiser.step(stage.rate(step))
            whole = chosen >= 1
            if whole.any():
                losses.append(float(single[whole].mean()))
            if stage.average and step >= stage.steps // 2:
                mean = averaged(mean, model, stage.average)
            step += 1
            tokens += inputs.numel()
            seconds += time.monotonic() - begun
            if time.monotonic() - last_report > 20:
                last_report = time.monotonic()
                report(
                    step=step, minutes=round(seconds / 60, 2), tokens=tokens,
                    per_second=round(tokens / seconds), loss=round(sum(losses) / max(1, len(losses)), 4),
                    rate=round(stage.rate(step), 3),
                )
                losses = []
            if evaluate and evaluate_every and step % evaluate_every == 0:
                model.eval()
                report(step=step, minutes=round(seconds / 60, 2), **evaluate(model, step))
                model.train()
            if step >= stage.steps:
                break
        pool = number + 1
        if time.monotonic() - last_save > save_seconds:
            last_save = time.monotonic()
            save(checkpoint, content())
    save(finished, content())
    if mean is not None:
        save(work / f"{stage.name}-average.pt", {**content(), "model": mean})
    report(event="finished", step=step, minutes=round(seconds / 60, 2), tokens=tokens)
    checkpoint.unlink(missing_ok=True)
    return finished

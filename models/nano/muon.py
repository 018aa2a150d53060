"""Muon for matrices (Jordan et al. 2024: momentum, orthogonalised by Newton-Schulz), AdamW for the rest."""
from typing import Dict, Iterable, List, Tuple

import torch
from torch import Tensor

from model import LanguageModel


def orthogonalised(gradient: Tensor, steps: int = 5) -> Tensor:
    a, b, c = 3.4445, -4.7750, 2.0315
    x = (gradient / (gradient.norm() + 1e-7)).bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(steps):
        square = x @ x.T
        x = a * x + (b * square + c * (square @ square)) @ x
    return (x.T if tall else x).float()


class Muon:
    """Fused matrices (q, k, v; gate, up) are orthogonalised part by part."""

    def __init__(self, matrices: Iterable[Tuple[Tensor, int]], momentum: float, decay: float):
        self.matrices = list(matrices)
        self.momentum, self.decay = momentum, decay
        self.buffers = [torch.zeros_like(matrix) for matrix, _ in self.matrices]

    @torch.no_grad()
    def step(self, rate: float) -> None:
        for (matrix, parts), buffer in zip(self.matrices, self.buffers):
            buffer.lerp_(matrix.grad, 1 - self.momentum)
            update = matrix.grad.lerp(buffer, self.momentum)
            for part, change in zip(matrix.chunk(parts, 0), update.chunk(parts, 0)):
                part.mul_(1 - rate * self.decay)
                scale = max(1.0, part.shape[0] / part.shape[1]) ** 0.5
                part.add_(orthogonalised(change), alpha=-rate * scale)


class Optimiser:
    """rate: 0 to 1, the schedule's factor on both base rates."""

    def __init__(self, model: LanguageModel, muon_rate: float, adam_rate: float, decay: float):
        matrices: List[Tuple[Tensor, int]] = []
        self.others: List[Tensor] = []
        for name, weight in model.named_parameters():
            if weight.ndim == 2 and name.startswith("blocks."):
                parts = 3 if ".qkv." in name else 2 if ".gate_up." in name else 1
                matrices.append((weight, parts))
            else:
                self.others.append(weight)
        self.model = model
        self.muon_rate, self.adam_rate = muon_rate, adam_rate
        self.muon = Muon(matrices, momentum=0.95, decay=decay)
        self.adam = torch.optim.AdamW(self.others, lr=adam_rate, betas=(0.9, 0.98), weight_decay=0.01)

    def step(self, rate: float) -> None:
        torch.nn.utils.clip_grad_norm_(self.others, 1.0)
        for group in self.adam.param_groups:
            group["lr"] = self.adam_rate * rate
        self.adam.step()
        self.muon.step(self.muon_rate * rate)
        for weight in self.model.parameters():
            weight.grad = None

    def state(self) -> Dict[str, object]:
        return {"muon": self.muon.buffers, "adam": self.adam.state_dict()}

    def load(self, state: Dict[str, object]) -> None:
        for buffer, saved in zip(self.muon.buffers, state["muon"]):
            buffer.copy_(saved)
        self.adam.load_state_dict(state["adam"])

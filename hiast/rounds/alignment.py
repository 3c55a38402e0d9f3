"""Aligning the target's outputs with the source's during warm-up: AdaptSegNet, AdvEnt, MinEnt."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from hiast.contracts.training_spec import WarmUpSpec
from hiast.losses import (
    adversarial_loss,
    discriminator_loss,
    min_entropy_loss,
    weighted_self_information,
)
from hiast.models import Discriminator
from hiast.rounds.schedules import learning_rates, set_learning_rates

DISCRIMINATOR_BETAS: Final = (0.9, 0.99)
"""Of Adam, as in the code of AdaptSegNet and AdvEnt."""


class Alignment:
    """The discriminator of a warm-up and its optimizer, when the spec asks for one."""

    def __init__(self, spec: WarmUpSpec, num_classes: int, seed: int, device: torch.device) -> None:
        """`seed` decides the discriminator's first weights."""
        self.spec = spec
        self.discriminator: Discriminator | None = None
        if spec.alignment != "none":
            torch.manual_seed(seed)
            self.discriminator = Discriminator(num_classes).to(device)
            self.optimizer = torch.optim.Adam(
                self.discriminator.parameters(),
                lr=spec.discriminator_learning_rate,
                betas=DISCRIMINATOR_BETAS,
            )

    @property
    def wanted(self) -> bool:
        """Whether target images take part in the losses."""
        return self.discriminator is not None or self.spec.min_entropy_weight > 0

    def parts(self) -> dict[str, Any]:
        """What a training state must hold besides the network."""
        if self.discriminator is None:
            return {}
        return {"discriminator": self.discriminator, "discriminator_optimizer": self.optimizer}

    def step(
        self, source_logits: Tensor, target_logits: Tensor, scaler: torch.amp.GradScaler, iteration: int
    ) -> dict[str, Tensor]:
        """Add the network's alignment gradients, train the discriminator one step; the losses by name.

        source_logits: (B, C, H, W) float32 without gradient; target_logits: the same with.
        """
        target = target_logits.softmax(1)
        terms: dict[str, Tensor] = {}
        total = target_logits.new_zeros(())
        if self.spec.min_entropy_weight > 0:
            terms["min_entropy"] = min_entropy_loss(target)
            total = total + self.spec.min_entropy_weight * terms["min_entropy"]
        if self.discriminator is not None:
            self.discriminator.requires_grad_(False)
            terms["adversarial"] = adversarial_loss(
                self.discriminator(self._seen(target)), self.spec.gan_loss
            )
            total = total + self.spec.adversarial_weight * terms["adversarial"]
        torch.autograd.backward(scaler.scale(total))
        if self.discriminator is not None:
            terms["discriminator"] = self._train(source_logits.softmax(1), target.detach(), iteration)
        return terms

    def _seen(self, probabilities: Tensor) -> Tensor:
        return (
            weighted_self_information(probabilities) if self.spec.alignment == "advent" else probabilities
        )

    def _train(self, source: Tensor, target: Tensor, iteration: int) -> Tensor:
        assert self.discriminator is not None
        rates = learning_rates(
            "poly", [self.spec.discriminator_learning_rate], iteration, self.spec.iterations
        )
        set_learning_rates(self.optimizer, rates)
        self.discriminator.requires_grad_(True)
        self.optimizer.zero_grad(set_to_none=True)
        kind = self.spec.gan_loss
        loss: Tensor = 0.5 * (
            discriminator_loss(self.discriminator(self._seen(source)), True, kind)
            + discriminator_loss(self.discriminator(self._seen(target)), False, kind)
        )
        torch.autograd.backward(loss)
        self.optimizer.step()
        return loss

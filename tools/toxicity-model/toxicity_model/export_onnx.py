"""Exports the classifier to plain float32 ONNX, the reference that the int8 graph is measured against.

Inputs `input_ids` and `attention_mask`, int64 [batch, length]; output `logits`, float32 [batch, 2].
"""

import warnings
from pathlib import Path

import torch
from transformers import CamembertForSequenceClassification

from .batches import pad

OPSET = 17


class _Positional(torch.nn.Module):
    """Positional inputs and a bare tensor out, as the exporter wants them."""

    def __init__(self, model: CamembertForSequenceClassification) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).logits


def export(checkpoint: Path, target: Path) -> None:
    """Writes the ONNX graph of the checkpoint in the folder `checkpoint`."""
    export_model(CamembertForSequenceClassification.from_pretrained(checkpoint, attn_implementation="eager").eval(), target)


def export_model(model: CamembertForSequenceClassification, target: Path) -> None:
    """Writes the ONNX graph of a model in evaluation mode."""
    ids, mask = pad([[5, 121, 11, 660, 16, 730, 25543, 110, 83, 6], [5, 121, 11, 660, 6]])
    axes = {0: "batch", 1: "length"}
    target.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter warns of every shape that it sees
        torch.onnx.export(
            _Positional(model),
            (torch.from_numpy(ids), torch.from_numpy(mask)),
            str(target),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )

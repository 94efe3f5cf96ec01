"""Makes one graph of embedding, decoder and greedy choice: a Loop whose iterations are decode steps."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from .folder import TokenIds
from .graph import BOOL, FLOAT, INT64, Dimensions, Graph, tensor
from .greedy import choose, is_any_unfinished
from .inline import inline
from .last_position import keep_last_position
from .share_constants import share_constants
from .source import EMBEDS, LOGITS, MASK, POSITIONS, Declared, Source, present_name, read_decoder, read_embedding
from .weights import Weight, write_model
from .zero_points import name_zero_points

# The outputs that every iteration adds a column to.
SCANNED = ("token_ids", "log_probabilities")


@dataclass(frozen=True)
class Fused:
    """What was written."""

    file: Path
    weight_bytes: int
    # False: the language model's head was not found, so that it runs for every position of the prompt.
    is_head_cut: bool


def fuse(embedding_file: Path, decoder_file: Path, ids: TokenIds, file: Path) -> Fused:
    """Writes the fused graph; README.md has its contract.

    Raises ValueError when the graphs have other inputs and outputs than the public ones, or an opset that is too old.
    """
    fusion = _Fusion(read_embedding(embedding_file), read_decoder(decoder_file), ids)
    model = helper.make_model(
        fusion.graph(file.stem),
        producer_name="export_voxtral",
        ir_version=max(source.model.ir_version for source in fusion.sources),
        opset_imports=fusion.opsets(),
        functions=fusion.functions(),
    )
    size = write_model(model, fusion.weights(), file)
    return Fused(file, size, fusion.is_head_cut)


class _Fusion:
    """One graph in the making."""

    def __init__(self, embedding: Source, decoder: Source, ids: TokenIds) -> None:
        self.embedding, self.decoder, self.ids = embedding, decoder, ids
        self.sources = (decoder, embedding)
        self.embeds_kind, self.logits_kind = decoder.inputs[EMBEDS].kind, decoder.outputs[LOGITS].kind
        self.hidden_size = decoder.inputs[EMBEDS].dimensions[-1]
        self.logits, self.is_head_cut = keep_last_position(decoder.graph)
        share_constants(decoder.graph)
        name_zero_points(embedding.graph)
        self.embedding_names = embedding.weight_names("embed_tokens/")
        self.decoder_names = decoder.weight_names("decoder/")
        self.outer = Graph("prompt/", decoder.opset)
        self.body = Graph("step/", decoder.opset, self.outer)

    def weights(self) -> list[Weight]:
        return self.embedding.weights(self.embedding_names) + self.decoder.weights(self.decoder_names)

    def opsets(self) -> list[onnx.OperatorSetIdProto]:
        versions: dict[str, int] = {}
        for source in self.sources:
            for entry in source.model.opset_import:
                versions.setdefault(entry.domain, entry.version)
        return [helper.make_opsetid(domain, version) for domain, version in versions.items()]

    def functions(self) -> list[onnx.FunctionProto]:
        by_name = {(entry.domain, entry.name): entry for source in self.sources for entry in source.model.functions}
        return list(by_name.values())

    def graph(self, name: str) -> onnx.GraphProto:
        outer, past = self.outer, self.decoder.past
        loop = self._loop(self._prompt_embeds())
        turned = [helper.make_node("Transpose", [f"loop/{rows}"], [rows], name=rows, perm=[1, 0]) for rows in SCANNED]
        inputs = [
            tensor("input_ids", INT64, ["batch", "tokens"]),
            tensor("audio_features", FLOAT, ["audio_tokens", self.hidden_size]),
            tensor(MASK, INT64, ["batch", "past_and_tokens"]),
            tensor(POSITIONS, INT64, ["batch", "tokens"]),
            *(tensor(entry.name, entry.kind, _cache_dimensions(entry, "past")) for entry in past),
            tensor("is_finished", BOOL, ["batch"]),
            tensor("max_new_tokens", INT64, []),
        ]
        outputs = [
            tensor("token_ids", INT64, ["batch", "new_tokens"]),
            tensor("log_probabilities", FLOAT, ["batch", "new_tokens"]),
            tensor("is_finished_after", BOOL, ["batch"]),
            tensor("logits", FLOAT, ["batch", self.ids.vocabulary]),
            *(tensor(present_name(entry.name), entry.kind, _cache_dimensions(entry, "total")) for entry in past),
        ]
        return helper.make_graph([*outer.nodes, loop, *turned], name, inputs, outputs, list(outer.constants.values()))

    def _embeds(self, graph: Graph, ids: str) -> str:
        """The embeddings of `ids` [b, s] as the decoder wants them."""
        known = {**self.embedding_names, "input_ids": ids}
        nodes, names = inline(self.embedding.graph, f"{graph.prefix}embed_tokens/", known)
        graph.nodes.extend(nodes)
        return graph.cast(names[EMBEDS], self.embedding.outputs[EMBEDS].kind, self.embeds_kind)

    def _prompt_embeds(self) -> str:
        """The embeddings of the tokens given, with the audio's rows in place.

        Without rows nothing is replaced: a model may choose the audio token itself.
        """
        graph = self.outer
        count = graph.node("Gather", graph.node("Shape", "audio_features"), graph.constant(np.array([0])), axis=0)
        has_audio = graph.node("Greater", count, graph.constant(np.array([0])))
        is_audio = graph.node("Equal", "input_ids", graph.constant(np.int64(self.ids.audio)))
        places = graph.node("Transpose", graph.node("NonZero", graph.node("And", is_audio, has_audio)), perm=[1, 0])
        rows = graph.cast("audio_features", FLOAT, self.embeds_kind)
        return graph.node("ScatterND", self._embeds(graph, "input_ids"), places, rows)

    def _loop(self, prompt_embeds: str) -> onnx.NodeProto:
        past = [entry.name for entry in self.decoder.past]
        limits = ["max_new_tokens", self.outer.constant(np.bool_(True))]
        final = [f"loop/{name}" for name in (EMBEDS, MASK, POSITIONS)]
        no_logits = self.outer.named_constant("no_logits", np.zeros((0, self.ids.vocabulary), np.float32))
        return helper.make_node(
            "Loop",
            [*limits, prompt_embeds, MASK, POSITIONS, "is_finished", no_logits, *past],
            [*final, "is_finished_after", "logits", *map(present_name, past), *(f"loop/{name}" for name in SCANNED)],
            name="loop",
            body=self._body(),
        )

    def _body(self) -> onnx.GraphProto:
        """One step: its embeddings, mask, positions, finished rows and cache in; those of the next step and a token out."""
        graph, past = self.body, self.decoder.past
        every_id = self.outer.node("Range", *(self.outer.constant(np.float32(n)) for n in (0, self.ids.vocabulary, 1)))
        fed = {name: f"step/{name}" for name in (EMBEDS, MASK, POSITIONS, *(entry.name for entry in past))}
        nodes, names = inline(self.decoder.graph, "step/decoder/", {**self.decoder_names, **fed})
        graph.nodes.extend(nodes)
        logits = graph.cast(names[self.logits], self.logits_kind, FLOAT)
        token, log_probability, finished = choose(graph, logits, "step/is_finished", every_id, self.ids)
        column = graph.constant(np.array([1]))
        ids = graph.node("Unsqueeze", token, column)
        position = graph.node("Gather", fed[POSITIONS], graph.constant(np.array([-1])), axis=1)
        # [b, 1], the shape of the ids.
        ones = graph.node("Add", graph.node("Mul", ids, graph.constant(np.int64(0))), column)
        inputs = [
            tensor("step/iteration", INT64, []),
            tensor("step/condition", BOOL, []),
            tensor(fed[EMBEDS], self.embeds_kind, ["batch", "tokens", self.hidden_size]),
            tensor(fed[MASK], INT64, ["batch", "past_and_tokens"]),
            tensor(fed[POSITIONS], INT64, ["batch", "tokens"]),
            tensor("step/is_finished", BOOL, ["batch"]),
            tensor("step/earlier_logits", FLOAT, ["earlier_batch", self.ids.vocabulary]),
            *(tensor(fed[entry.name], entry.kind, _cache_dimensions(entry, "past")) for entry in past),
        ]
        outputs = [
            tensor(is_any_unfinished(graph, finished), BOOL, []),
            tensor(self._embeds(graph, ids), self.embeds_kind, ["batch", 1, self.hidden_size]),
            tensor(graph.node("Concat", fed[MASK], ones, axis=1), INT64, ["batch", "next_past_and_tokens"]),
            tensor(graph.node("Add", position, column), INT64, ["batch", 1]),
            tensor(finished, BOOL, ["batch"]),
            tensor(logits, FLOAT, ["batch", self.ids.vocabulary]),
            *(tensor(names[present_name(entry.name)], entry.kind, _cache_dimensions(entry, "next_past")) for entry in past),
            tensor(token, INT64, ["batch"]),
            tensor(log_probability, FLOAT, ["batch"]),
        ]
        return helper.make_graph(graph.nodes, "step", inputs, outputs)


def _cache_dimensions(entry: Declared, length: str) -> Dimensions:
    """[b, heads, positions, head size]."""
    return ["batch", entry.dimensions[1], length, entry.dimensions[3]]

"""Writes Voxtral's decoder as one ONNX graph that holds the whole greedy decode."""

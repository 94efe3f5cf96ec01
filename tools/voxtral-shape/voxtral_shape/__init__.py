"""Writes Voxtral model folders of any shape with random weights."""

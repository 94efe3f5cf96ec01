"""Writes CamemBERT model folders of the published shape with random weights."""

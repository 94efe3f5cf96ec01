"""Generates contrastive French sentences: abuse and its harmless look-alikes, built from the same words."""

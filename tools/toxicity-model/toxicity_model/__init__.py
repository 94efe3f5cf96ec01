"""Builds camembert-toxicity-fr, the small French toxicity classifier that the service ships with."""

__version__ = "0.3.0"

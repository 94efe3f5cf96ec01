"""Builds whisper-base, the speech recogniser that the service ships with."""

__version__ = "1.0.0"

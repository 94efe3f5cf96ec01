"""The templates, one file for each thing that they test."""

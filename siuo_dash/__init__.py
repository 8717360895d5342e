"""SIUO dashboard: read, check and publish results of the SIUO benchmark."""

__version__ = "0.1.0"

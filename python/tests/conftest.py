"""What all tests share. Warnings are errors (pyproject.toml)."""

import pathlib
import warnings

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    # Modules of others that warn when they are first imported, and crash in C if that is an error.
    import Box2D  # noqa: F401
    import pygame  # noqa: F401
    import torch._dynamo  # noqa: F401

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def data():
    """Folder of the recorded data."""
    return REPOSITORY / "tests" / "data"

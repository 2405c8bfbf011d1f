"""Embeddings of made-up people: faces of one lie close together, of two far apart."""

import numpy as np

RNG = np.random.default_rng(0)


def person(number: int) -> np.ndarray:
    """A person's place: different ones are more than one apart."""
    return np.random.default_rng(number).normal(0, 0.12, 128)


def face(number: int, spread: float = 0.02) -> np.ndarray:
    return person(number) + RNG.normal(0, spread, 128)

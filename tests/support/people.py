"""Embeddings of made-up people: faces of one lie close together, of two far apart."""

import numpy as np

RNG = np.random.default_rng(0)


def person(number: int) -> np.ndarray:
    """A person's place on the sphere: different ones are more than 0.65 apart by cosine distance."""
    return unit(np.random.default_rng(number).normal(size=128))


def face(number: int, spread: float = 0.04) -> np.ndarray:
    """A photo's: about 0.09 from the person's."""
    return unit(person(number) + RNG.normal(0, spread, 128))


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)

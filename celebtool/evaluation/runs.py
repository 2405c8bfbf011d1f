"""Compare several runs with one of them, on the images that they share: what each alone gets wrong, and who differs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from celebtool.evaluation import comparison, evaluate
from celebtool.evaluation.comparison import Comparison
from celebtool.evaluation.evaluate import Evaluation, Mistake


@dataclass(frozen=True)
class Runs:
    """Tables of predictions that share images, as experiments.

    Attributes:
        base: the table that the others are compared with.
        evaluations: of every table by name, the base first; also of those that share no image with it.
        adjusted: name → p-value, by Holm's correction for as many comparisons as there are.
        in_all: how many images all compared tables have judged.
        in_some: how many only some of them have judged.
        only_wrong: name → the mistakes that this table alone makes, on images that all have judged; the most confident
            first. Images that failed are not among them.
    """

    base: str
    evaluations: Mapping[str, Evaluation]
    adjusted: Mapping[str, float]
    in_all: int
    in_some: int
    only_wrong: Mapping[str, tuple[Mistake, ...]]

    @property
    def apart(self) -> list[str]:
        """The tables that share no image with the base, and so are not compared."""
        return [name for name in self.evaluations if name not in self.only_wrong]


def compare(base: str, evaluations: Mapping[str, Evaluation], comparisons: Sequence[Comparison]) -> Runs:
    """Compare runs.

    Args:
        base: the name of the first of each comparison.
        evaluations: of all runs, by name, the base first.
        comparisons: of the base with every run that shares images with it.
    """
    compared = {name: evaluations[name].outcomes for name in (base, *(one.second for one in comparisons))}
    ours, *others = compared.values()
    in_all = sum(all(key in each for each in others) for key in ours)
    adjusted = comparison.holm([one.p_value for one in comparisons])
    return Runs(
        base=base,
        evaluations=evaluations,
        adjusted={one.second: p for one, p in zip(comparisons, adjusted, strict=True)},
        in_all=in_all,
        in_some=len(ours.keys() | set().union(*others)) - in_all,
        only_wrong={
            name: tuple(
                mistake
                for mistake in evaluations[name].mistakes
                if all(each.get(evaluate.key(mistake.prediction)) for other, each in compared.items() if other != name)
            )
            for name in compared
        },
    )

"""What a user demands of the figures: ``accuracy>=0.95,recall[Madonna]>=0.8``, and no loss against a baseline."""

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from celebtool.evaluation.comparison import SIGNIFICANT, Comparison

OF_CLASSES = ("precision", "recall", "f1", "support", "predicted")

_OPERATORS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
# A class name may hold commas and brackets: what ends it is a bracket before a comparison that is followed by
# a comma or the end.
_DEMAND = re.compile(
    r"\s*(?P<figure>[a-z0-9_]+)(?:\[(?P<class_name>.+?)\])?\s*(?P<sign>[<>]=?)\s*(?P<limit>(?:\d+(?:\.\d+)?|\.\d+)%?)\s*(?:,|$)"
)


@dataclass(frozen=True)
class Demand:
    """A figure, of a class or (None) of the whole table, and the limit it has to keep."""

    figure: str
    class_name: str | None
    sign: str
    limit: float

    def __str__(self) -> str:
        name = self.figure if self.class_name is None else f"{self.figure}[{self.class_name}]"
        return f"{name} {self.sign} {self.limit:g}"


@dataclass(frozen=True)
class Verdict:
    """A demand made of a file, whether it is met, and what there is instead, as words."""

    file: str
    demand: str
    met: bool
    found: str


def parse(text: str) -> tuple[Demand, ...]:
    """Read demands, separated by commas; a limit is a number or, as ``95%``, a percentage.

    Raises:
        ValueError: what can't be read, and what was expected.
    """
    demands: list[Demand] = []
    place = 0
    while place < len(text) or not demands:
        match = _DEMAND.match(text, place)
        if not match:
            raise ValueError(f"cannot read {text[place:]!r}; expected as accuracy>=0.95,recall[NAME]>=0.8")
        class_name = match["class_name"]
        if class_name is not None and match["figure"] not in OF_CLASSES:
            raise ValueError(f"{match['figure']} is no figure of a class; expected {', '.join(OF_CLASSES)}")
        limit = float(match["limit"].removesuffix("%")) / (100 if match["limit"].endswith("%") else 1)
        name = None if class_name is None else unicodedata.normalize("NFC", class_name)
        demands.append(Demand(match["figure"], name, match["sign"], limit))
        place = match.end()
    return tuple(demands)


def judge(
    file: str, demand: Demand, figures: Mapping[str, object], classes: Mapping[str, Mapping[str, object]]
) -> Verdict:
    """Compare one figure with its limit; a figure that does not exist keeps none.

    Args:
        file: whose figures these are.
        demand: what is demanded.
        figures: name → number or None, of the whole table.
        classes: class name → the same of that class.

    Raises:
        ValueError: there is no such figure or class; says which there are.
    """
    if demand.class_name is not None and demand.class_name not in classes:
        raise ValueError(f"{demand}: no such class; expected one of {', '.join(classes)}")
    known = figures if demand.class_name is None else classes[demand.class_name]
    numbers = {name: value for name, value in known.items() if not isinstance(value, str)}
    if demand.figure not in numbers:
        raise ValueError(f"{demand}: no such figure; expected one of {', '.join(numbers)}")
    value = numbers[demand.figure]
    if not isinstance(value, int | float):
        return Verdict(file, str(demand), met=False, found="not known")
    return Verdict(file, str(demand), met=_OPERATORS[demand.sign](value, demand.limit), found=f"{value:g}")


def against(baseline: Comparison, max_drop: float | None) -> tuple[Verdict, ...]:
    """Judge a table by the baseline it was compared with: the baseline is the first of the two.

    It must not be significantly worse (McNemar's p below 0.05), nor, if a drop is given, lose more than that.
    """
    lost, p = -baseline.gain, baseline.p_value
    worse = lost > 0 and p < SIGNIFICANT
    change = f"{baseline.gain:+.4f} on {baseline.images} images, p = {p:.2g}"
    demands = [Verdict(baseline.second, f"not significantly worse than {baseline.first}", not worse, change)]
    if max_drop is not None:
        met = not math.isnan(lost) and lost <= max_drop + 1e-9
        demands.append(Verdict(baseline.second, f"accuracy at most {max_drop:g} below {baseline.first}", met, change))
    return tuple(demands)

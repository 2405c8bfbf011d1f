"""Check figures against what a user demands: ``accuracy>=0.95,recall[Madonna]>=0.8``, no loss against a baseline."""

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from celebtool.errors import CelebtoolError, GateError, listed
from celebtool.evaluation.comparison import SIGNIFICANT, Comparison
from celebtool.evaluation.figures import COUNTS, OF_CLASSES, OF_TABLES, rounded
from celebtool.suggestions import did_you_mean

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

    @property
    def name(self) -> str:
        """The figure as the user wrote it, ``accuracy`` or ``recall[Madonna]``."""
        return self.figure if self.class_name is None else f"{self.figure}[{self.class_name}]"

    def __str__(self) -> str:
        return f"{self.name} {self.sign} {self.limit:g}"


@dataclass(frozen=True)
class Verdict:
    """The verdict on a demand that was made of a file.

    Attributes:
        file: whose figure it is.
        demand: what was demanded, in words.
        met: whether it is met.
        found: what there is, in words.
        reason: why it is not met, as the end of an error message; empty if it is met.
    """

    file: str
    demand: str
    met: bool
    found: str
    reason: str = ""


def parse(text: str) -> tuple[Demand, ...]:
    """Read demands, separated by commas; a limit is a number or, as ``95%``, a percentage.

    Raises:
        ValueError: what can't be read or names no figure, and what was expected.
    """
    demands: list[Demand] = []
    place = 0
    while place < len(text) or not demands:
        match = _DEMAND.match(text, place)
        if not match:
            rest = text[place:]
            likely = re.sub("=([<>])", r"\1=", rest)
            right = f"did you mean {likely}?" if likely != rest else "expected as accuracy>=0.95,recall[NAME]>=0.8"
            raise ValueError(f"cannot read {rest!r}; {right}")
        class_name = match["class_name"]
        _check_figure(match["figure"], class_name)
        limit = float(match["limit"].removesuffix("%")) / (100 if match["limit"].endswith("%") else 1)
        if 1 < limit <= 100 and not match["figure"].startswith(COUNTS):
            raise ValueError(f"{match[0].strip(' ,')}: no {match['figure']} is above 1; did you mean {limit:g}%?")
        name = None if class_name is None else unicodedata.normalize("NFC", class_name)
        demands.append(Demand(match["figure"], name, match["sign"], limit))
        place = match.end()
    return tuple(demands)


def judge(
    file: str, demand: Demand, figures: Mapping[str, float], classes: Mapping[str, Mapping[str, float]]
) -> Verdict:
    """Compare one figure with its limit; a figure that does not exist (NaN) keeps none.

    Args:
        file: whose figures these are.
        demand: what is demanded.
        figures: name → number, of the whole table.
        classes: class name → the same of that class.

    Raises:
        CelebtoolError: there is no such class; says which there are.
    """
    if demand.class_name is not None and demand.class_name not in classes:
        near = did_you_mean(demand.class_name, classes) or f"; expected one of {listed(list(classes))}"
        raise CelebtoolError(file, f"has no class {demand.class_name}, which --require {demand} names{near}")
    known = figures if demand.class_name is None else classes[demand.class_name]
    value = rounded(known[demand.figure])
    if math.isnan(value):
        return Verdict(file, str(demand), met=False, found="not known", reason=f"{demand.name} is not known")
    met = _OPERATORS[demand.sign](value, demand.limit)
    reason = "" if met else f"{demand.name} is {value:g} (required: {demand.sign} {demand.limit:g})"
    return Verdict(file, str(demand), met=met, found=f"{value:g}", reason=reason)


def against(baseline: Comparison, max_drop: float | None) -> tuple[Verdict, ...]:
    """Judge a table by the baseline it was compared with: the baseline is the first of the two.

    It must not be significantly worse (McNemar's p below 0.05), nor, if a drop is given, lose more than that.
    """
    lost, p = -baseline.gain, baseline.p_value
    change = f"{baseline.gain:+.4f} on {baseline.images} images, p = {p:.2g}"

    def verdict(demand: str, reason: str, *, met: bool) -> Verdict:
        return Verdict(baseline.second, demand, met, change, "" if met else f"{reason} ({change})")

    worse = lost > 0 and p < SIGNIFICANT
    verdicts = [
        verdict(
            f"as good as {baseline.first}", f"accuracy is significantly worse than {baseline.first}'s", met=not worse
        )
    ]
    if max_drop is not None:
        demand = f"accuracy at most {max_drop:g} below {baseline.first}"
        reason = f"accuracy is more than {max_drop:g} below {baseline.first}'s"
        verdicts.append(verdict(demand, reason, met=not math.isnan(lost) and lost <= max_drop + 1e-9))
    return tuple(verdicts)


def enforce(verdicts: Sequence[Verdict]) -> None:
    """End the command with exit code 3 if a demand is not met.

    Raises:
        GateError: naming every file and what it misses.
    """
    missed = [verdict for verdict in verdicts if not verdict.met]
    if missed:
        files = list(dict.fromkeys(verdict.file for verdict in missed))
        reasons = [f"{one.file}: {one.reason}" if len(files) > 1 else one.reason for one in missed]
        raise GateError(", ".join(files), "; ".join(reasons))


def _check_figure(name: str, class_name: str | None) -> None:
    known = OF_TABLES if class_name is None else OF_CLASSES
    if name in known:
        return
    near = did_you_mean(name, known) or f"; expected one of {', '.join(known)}"
    if class_name is not None:
        raise ValueError(f"{name} is no figure of a class{near}")
    if name in OF_CLASSES:
        near = f"; did you mean macro_{name} or {name}[CLASS]?" if f"macro_{name}" in known else "; add [CLASS]"
    raise ValueError(f"there is no figure {name}{near}")

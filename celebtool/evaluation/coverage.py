"""Count the photos, faces and failures of a run of predictions."""

from collections import Counter
from collections.abc import Iterable, Iterator

from celebtool.errors import CelebtoolError, GateError, count
from celebtool.formats.prediction_row import Prediction
from celebtool.formats.reasons import words


class Coverage:
    """How many photos were predicted, how many rows that gave, and why the others failed."""

    def __init__(self) -> None:
        self.photos = 0
        self.rows = 0
        self.reasons: Counter[str] = Counter()

    @property
    def failed(self) -> int:
        """Photos without a prediction."""
        return self.reasons.total()

    def counted(self, rows: Iterable[Prediction]) -> Iterator[Prediction]:
        """Yield rows, and count them; the rows of one photo follow each other."""
        last = None
        for row in rows:
            self.rows += 1
            self.photos += row.path != last or row.box is None
            last = row.path
            if row.failed:
                self.reasons[row.reason] += 1
            yield row

    def summary(self, *, faces: bool) -> str:
        """Return the counts as text: ``75 faces in 60 photos; 2 photos failed (unreadable)``."""
        failed = f"; {count(self.failed, 'photo' if faces else 'image')} failed ({self._why()})" if self.failed else ""
        if faces:
            return f"{count(self.rows - self.failed, 'face')} in {count(self.photos, 'photo')}{failed}"
        return f"{count(self.photos, 'image')}{failed}"

    def check_any(self, where: object) -> None:
        """Refuse a run in which every photo failed.

        Raises:
            CelebtoolError: says why they failed.
        """
        if self.photos and self.failed == self.photos:
            problem = (
                f"no prediction for any of {count(self.photos, 'image')} ({self._why()}); expected photos of faces"
            )
            raise CelebtoolError(where, problem)

    def check_share(self, most: float | None, where: object) -> None:
        """Compare the share of photos that failed with the largest allowed.

        Raises:
            GateError: it is larger.
        """
        if most is not None and self.failed > most * self.photos:
            share = f"{self.failed} of {count(self.photos, 'image')} failed ({self.failed / self.photos:.1%})"
            raise GateError(where, f"{share}; at most {most:.1%} were allowed")

    def _why(self) -> str:
        """Return the reasons, each with its number if there are several: ``2 unreadable, 1 no face``."""
        if len(self.reasons) == 1:
            return words(*self.reasons)
        return ", ".join(f"{number} {words(reason)}" for reason, number in self.reasons.most_common())

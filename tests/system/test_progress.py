from celebtool.system.progress import Within


class Heard:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[object] = []

    def stage(self, name: str, unit: str = "") -> None:
        self.lines.append((name, unit))

    def __call__(self, done: int, total: int) -> None:
        self.lines.append((done, total))

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_what_is_told_within_a_task_begins_with_its_name() -> None:
    heard = Heard()
    within = Within(heard, "fold 2/5")
    within.stage("epoch 1/3", "batches")
    within(1, 4)
    within.say("epoch 1/3: loss 0.5")
    assert heard.lines == [("fold 2/5: epoch 1/3", "batches"), (1, 4), "fold 2/5: epoch 1/3: loss 0.5"]

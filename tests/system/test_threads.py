import threading
import time

import pytest

from celebtool.system import threads


def test_results_come_in_order_and_progress_counts() -> None:
    seen: list[tuple[int, int]] = []

    def work(item: int) -> int:
        time.sleep(0.01 * (item == 0))
        return item * 2

    assert threads.run(work, [0, 1, 2], lambda done, total: seen.append((done, total))) == [0, 2, 4]
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert threads.run(work, [], lambda done, total: None) == []


def test_the_first_failure_in_order_is_raised() -> None:
    late = threading.Event()

    def work(item: int) -> None:
        if item == 0:
            late.wait(5)
        late.set()
        raise ValueError(item)

    with pytest.raises(ValueError, match="^0$"):
        threads.run(work, [0, 1], lambda done, total: None)


def test_map_ahead_keeps_the_order_and_its_distance() -> None:
    started = []
    lock = threading.Lock()

    def work(item: int) -> int:
        with lock:
            started.append(item)
        time.sleep(0.001 * (item % 3))
        return item * item

    results = threads.map_ahead(work, range(50), ahead=4)
    assert next(results) == 0
    assert max(started) <= 6
    assert list(results) == [i * i for i in range(1, 50)]

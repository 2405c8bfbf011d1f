import math

import pytest

from celebtool.training.schedule import Rules, State, advance, learning_rate


def play(rules: Rules, values: list[float]) -> State:
    state = State()
    for value in values:
        state = advance(state, rules, value)
    return state


def rules(**given: object) -> Rules:
    return Rules(**{"monitor": "val_loss", "patience": 2, "reduce_lr": 0, "epochs": 10, "learning_rate": 0.1, **given})


def test_patience_counts_epochs_without_improvement() -> None:
    assert not play(rules(), [3, 2, 2]).stopped
    state = play(rules(), [3, 2, 2, 2.5])
    assert (state.stopped, state.best_epoch, state.best) == (True, 2, 2)
    assert not play(rules(patience=0), [3, 2, 2, 2, 2]).stopped


def test_accuracy_improves_upwards() -> None:
    state = play(rules(monitor="val_accuracy"), [0.5, 0.7, 0.6])
    assert (state.best_epoch, state.waited) == (2, 1)


def test_the_last_epoch_stops() -> None:
    assert play(rules(epochs=3), [3, 2, 1]).stopped


def test_a_plateau_lowers_the_rate_to_a_fifth_again_and_again() -> None:
    plateau = rules(patience=0, reduce_lr=2)
    rates = [learning_rate(play(plateau, [1.0] * epochs), plateau) for epochs in range(6)]
    assert rates == pytest.approx([0.1, 0.1, 0.1, 0.02, 0.02, 0.004])


def test_an_improvement_below_min_delta_is_still_a_plateau() -> None:
    plateau = rules(patience=0, reduce_lr=1)
    assert learning_rate(play(plateau, [1.0, 0.99995]), plateau) == pytest.approx(0.02)
    assert learning_rate(play(plateau, [1.0, 0.9998]), plateau) == pytest.approx(0.1)


def test_cosine_with_warm_up() -> None:
    cosine = rules(schedule="cosine", warmup=2, epochs=6, patience=0)
    rates = [learning_rate(play(cosine, [1.0] * epochs), cosine) for epochs in range(6)]
    expected = [0.05, 0.1] + [0.05 * (1 + math.cos(math.pi * k / 4)) for k in range(4)]
    assert rates == pytest.approx(expected)

"""Dataclasses of options become options of a command, and `--help` groups them."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer

from celebtool import cli, options
from tests.conftest import Result


@dataclass(frozen=True)
class Size:
    """Two options."""

    height: Annotated[int, typer.Option(help="How high.")] = 1
    width: Annotated[int, typer.Option(help="How wide.")] = 2


def test_a_dataclass_is_one_option_per_field() -> None:
    got: list[object] = []

    @options.expanded
    def draw(name: str, size: Size, deep: bool = False) -> None:
        got.extend((name, size, deep))

    app = typer.Typer(rich_markup_mode=None)
    app.command()(draw)
    app(["box", "--width", "7", "--deep"], standalone_mode=False)
    assert got == ["box", Size(1, 7), True]


@pytest.mark.parametrize("command", ["train", "finetune"])
def test_help_groups_the_training_options_and_ends_with_those_for_experts(command: str, capfd) -> None:
    with pytest.raises(SystemExit):
        cli.main([command, "--help"])
    text = capfd.readouterr().out
    titles = [line.rstrip(":") for line in text.splitlines() if line and not line.startswith((" ", "Usage"))]
    people = ["People"] if command == "finetune" else []
    groups = [*people, "Data", "Network", "Head", "Optimisation", "Run"]
    assert titles == ["Arguments", *(f"{group} options" for group in groups), "Options", "Expert options"]
    expert = text[text.index("Expert options:") :]
    for name in ("--label-smoothing", "--schedule", "--warmup", "--monitor", "--cache-memory", "--devices"):
        assert f"  {name} " in expert
    assert "  --epochs N " in text[text.index("Optimisation options:") : text.index("Run options:")]


def test_summaries_of_the_training_commands_fit_a_terminal(celebtool) -> None:
    result: Result = celebtool("--help")
    for command in ("train", "finetune", "ensemble"):
        (line,) = [line for line in result.stdout.splitlines() if line.startswith(f"  {command} ")]
        assert not line.endswith("...")

import pytest

from celebtool.api import prediction
from celebtool.inference import conversion
from celebtool.inference.conversion import Graph
from celebtool.inference.detection import networks


def test_networks_are_looked_for_once_unless_others_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def noted(graphs: list[Graph], _say: object) -> None:
        asked.append([graph.title for graph in graphs])

    monkeypatch.setattr(conversion, "prepare", noted)
    monkeypatch.setattr(prediction, "_ready", set())
    graphs = networks.graphs()
    prediction.prepare(graphs, print)
    prediction.prepare(graphs, print)
    prediction.prepare(graphs, print, for_others=True)
    assert list(map(len, asked)) == [3, 0, 3]

from pathlib import Path

import pytest

from celebtool import suggestions


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("crop", "crop-faces"),
        ("crop_faces", "crop-faces"),
        ("Predict", "predict"),
        ("fine-tune", "finetune"),
        ("zzz", None),
    ],
)
def test_the_nearest_name_is_found_whatever_its_case_and_separators(typed: str, meant: str | None) -> None:
    assert suggestions.nearest(typed, ["balance", "crop-faces", "predict", "finetune"]) == meant


def test_a_name_ends_an_error_or_adds_nothing() -> None:
    assert suggestions.did_you_mean("serena_williams", ["Serena Williams"]) == "; did you mean Serena Williams?"
    assert suggestions.did_you_mean("bob", ["Serena Williams"]) == ""
    assert suggestions.did_you_mean("bob", []) == ""


def test_a_name_is_fit_to_print() -> None:
    assert suggestions.did_you_mean("ab", ["a\x1bb"]) == "; did you mean a\\x1bb?"


def test_the_nearest_path_is_beside_the_missing_one(tmp_path: Path) -> None:
    (tmp_path / "parts/test/ann").mkdir(parents=True)
    assert suggestions.nearest_path(tmp_path / "parts/tset") == tmp_path / "parts/test"
    assert suggestions.nearest_path(tmp_path / "prats/test") == tmp_path / "parts/test"
    assert suggestions.nearest_path(tmp_path / "prats/tset/ann") == tmp_path / "parts/test/ann"
    assert suggestions.nearest_path(tmp_path / "photos") is None


def test_a_path_in_the_current_directory_stays_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "faces").mkdir()
    monkeypatch.chdir(tmp_path)
    assert suggestions.did_you_mean_path(Path("face")) == "; did you mean faces?"


def test_a_path_without_a_neighbour_adds_nothing(tmp_path: Path) -> None:
    assert suggestions.did_you_mean_path(tmp_path / "a/b/c") == ""


def test_names_that_are_nearly_known_ones() -> None:
    known = ["cho_kim", "s1", "person_104", "serena_williams"]
    strangers = ["Cho Kim", "S 1", "person_105", "Serena Wiliams", "zed", "s1"]
    assert suggestions.misspelt(strangers, known) == ("Cho Kim (cho_kim), S 1 (s1), Serena Wiliams (serena_williams)")
    assert suggestions.misspelt(["zed"], known) == ""


def test_the_words_of_a_name_may_come_in_another_order_and_without_accents() -> None:
    known = ["Serena Williams", "Venus Williams", "Zoë Saldaña", "Ann 1"]
    strangers = ["Williams, Serena", "saldana_zoe", "1 Ann", "Ann 2"]
    assert suggestions.misspelt(strangers, known) == (
        "1 Ann (Ann 1), Williams, Serena (Serena Williams), saldana_zoe (Zoë Saldaña)"
    )


def test_names_that_differ_in_case_and_separators_alone() -> None:
    assert suggestions.alike(["cho_kim", "zed", "Cho Kim", "s1", "S 1", "s10", "chokim"]) == (
        "Cho Kim = cho_kim = chokim, S 1 = s1"
    )
    assert suggestions.alike(["s1", "s10", "ann"]) == ""
    assert suggestions.alike(["bob ", "bob"]) == "bob = 'bob '"


def test_a_class_of_another_number_is_another_person() -> None:
    assert suggestions.did_you_mean_class("Ann-Lee", ["bob", "ann_lee"]) == "; did you mean ann_lee?"
    assert suggestions.did_you_mean_class("s3", ["s13", "s30"]) == ""

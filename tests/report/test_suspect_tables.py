from celebtool.folders.suspects import Suspect, Why
from celebtool.report import suspect_tables
from celebtool.report.table import Cell, Mark

SHARED = Suspect("", "", "bob", "robert", 0.2504, Why.SHARED_PERSON, "the means are 0.05 apart")
OTHER = Suspect("bob/1.jpg", "2", "bob", "ann", 0.5, Why.OTHER_PERSON, "cosine 0.7 to ann")
COPY = Suspect("cid/1.jpg", "", "cid", "dan", None, Why.COPY, "the same picture as dan/1.jpg")


def test_the_table_of_all_suspects():
    table = suspect_tables.table([SHARED, OTHER, COPY], None)
    assert table.title == "Suspects, the surest first: 3"
    assert table.columns == ("image", "class", "looks like", "by", "why")
    assert table.rows == [
        ("all of bob", "bob", Cell("robert", Mark.WRONG), "0.25", "shared person: the means are 0.05 apart"),
        ("bob/1.jpg", "bob", Cell("ann", Mark.WRONG), "0.50", "other person: cosine 0.7 to ann"),
        ("cid/1.jpg", "cid", Cell("dan", Mark.WRONG), "", "copy: the same picture as dan/1.jpg"),
    ]


def test_the_table_of_the_first():
    table = suspect_tables.table([SHARED, OTHER, COPY], 1)
    assert (table.title, len(table.rows)) == ("Suspects, the surest first: 1 of 3", 1)


def test_no_suspects():
    table = suspect_tables.table([], None)
    assert (table.title, table.rows) == ("No suspects", [])


def test_records_have_every_field():
    assert suspect_tables.records([OTHER, COPY]) == [
        {
            "path": "bob/1.jpg",
            "face": "2",
            "label": "bob",
            "looks_like": "ann",
            "margin": 0.5,
            "reason": "other_person",
            "detail": "cosine 0.7 to ann",
        },
        {
            "path": "cid/1.jpg",
            "face": "",
            "label": "cid",
            "looks_like": "dan",
            "margin": None,
            "reason": "copy",
            "detail": "the same picture as dan/1.jpg",
        },
    ]

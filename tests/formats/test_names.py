from celebtool.formats import names


def test_a_crop_has_its_photos_name() -> None:
    paths = ["anna/a.jpg", "anna/b.PNG", "bob/a.webp", "x.y.jfif"]
    assert names.output_names(paths) == {
        "anna/a.jpg": "anna/a",
        "anna/b.PNG": "anna/b",
        "bob/a.webp": "bob/a",
        "x.y.jfif": "x.y",
    }


def test_names_that_would_collide_keep_their_extension() -> None:
    made = names.output_names(["a.jpg", "a.png", "A.JPG", "a.png.webp"])
    assert len({name.casefold() for name in made.values()}) == 4
    assert made == {
        "A.JPG": "A.JPG",
        "a.jpg": "a.jpg~2",
        "a.png": "a.png~2",
        "a.png.webp": "a.png",
    }
    assert names.output_names(["A.JPG", "a.png.webp", "a.png", "a.jpg"]) == made


def test_unicode_forms_of_one_name_collide() -> None:
    composed, decomposed = "Beyonc\u00e9/1.jpg", "Beyonce\u0301/1.jpg"
    made = names.output_names([composed, decomposed])
    assert sorted(made.values()) == ["Beyonc\u00e9/1.jpg", "Beyonc\u00e9/1.jpg~2"]


def test_long_names_are_cut() -> None:
    made = names.output_names(["c/" + "é" * 125 + ".jpg", "c/" + "é" * 124 + "e.jpg", "c/short.jpg"])
    assert all(len(name.encode()) < 220 for name in made.values())
    assert len(set(made.values())) == 3


def test_free_path_avoids_what_some_file_systems_take_for_equal() -> None:
    taken = {names.key("a/Photo-copy1.JPG")}
    assert names.free_path("a/photo.jpg", "-copy1", taken) == "a/photo-copy1~2.jpg"
    assert names.free_path("a/photo.jpg", "-copy1", taken) == "a/photo-copy1~3.jpg"
    assert names.free_path("a/photo.jpg", "-copy2", taken) == "a/photo-copy2.jpg"


def test_free_path_keeps_long_and_odd_names_writable() -> None:
    assert len(names.free_path("a/" + "é" * 120 + ".jpg", "-copy1", set()).encode()) < 255
    assert names.free_path("a/\udcff.jpg", "-copy1", set()) == "a/\udcff-copy1.jpg"
    long = "a/" + "\udcff" * 250 + ".jpg"
    names.free_path(long, "-copy1", set()).encode("utf-8", "surrogateescape")

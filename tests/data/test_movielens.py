import gzip
import io
import re
import zipfile

import numpy as np
import pandas as pd
import pytest

from ae_helpers.data import bundled, load_movielens, movielens

# A release of four ratings, as each of GroupLens' formats would write it. Movie 50 has no title.
RATINGS = [(1, 10, 5.0, 964982703), (1, 20, 3.0, 964981247), (2, 10, 4.0, 1141415820), (2, 30, 1.0, 1141415821)]
OF_UNTITLED = (2, 50, 2.0, 1141415822)
MOVIES = [
    (10, "Misérables, Les (1995)", ["Drama", "War"]),
    (20, "Star Wars: Episode IV - A New Hope (1977)", ["Action", "Sci-Fi"]),
    (30, "Girl, Interrupted (1999)", ["Drama"]),
    (40, "Dark Knight, The (2008)", ["Action", "Crime"]),
]
FLAGS = [
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
]

RATINGS_CSV = "userId,movieId,rating,timestamp\n" + "".join(
    f"{user},{movie},{rating},{time}\n" for user, movie, rating, time in [*RATINGS, OF_UNTITLED]
)
MOVIES_CSV = (
    "movieId,title,genres\n"
    + "".join(f'{movie},"{title}",{"|".join(genres)}\n' for movie, title, genres in MOVIES)
    + "50,,Drama\n"
)


def write_csv(folder):
    (folder / "ratings.csv").write_bytes(RATINGS_CSV.encode())
    (folder / "movies.csv").write_bytes(MOVIES_CSV.encode())


def write_csv_of_windows(folder):
    """With a byte order mark and CR LF."""
    (folder / "ratings.csv").write_bytes(("\ufeff" + RATINGS_CSV).replace("\n", "\r\n").encode())
    (folder / "movies.csv").write_bytes(("\ufeff" + MOVIES_CSV).replace("\n", "\r\n").encode())


def write_csv_in_another_order(folder):
    """With other orders of columns, and one column more."""
    lines = [line.split(",") for line in RATINGS_CSV.splitlines()]
    text = "".join(f"{t},{u},{i or 'row'},{r},{m}\n" for i, (u, m, r, t) in enumerate(lines))
    (folder / "ratings.csv").write_bytes(text.encode())
    movies = pd.read_csv(pd.io.common.StringIO(MOVIES_CSV), keep_default_na=False)
    movies[["genres", "movieId", "title"]].to_csv(folder / "movies.csv", index=False)


def write_csv_with_empty_lines(folder):
    (folder / "ratings.csv").write_bytes(RATINGS_CSV.replace("2,10", "\n2,10").encode() + b"\n\n")
    (folder / "movies.csv").write_bytes(MOVIES_CSV.encode() + b"\n\n")


def write_packed_csv(folder):
    (folder / "ratings.csv.gz").write_bytes(gzip.compress(RATINGS_CSV.encode()))
    (folder / "movies.csv.gz").write_bytes(gzip.compress(MOVIES_CSV.encode()))


def write_dat(folder, encoding, rating):
    ratings = "".join(f"{u}::{m}::{rating(r)}::{t}\n" for u, m, r, t in [*RATINGS, OF_UNTITLED])
    movies = "".join(f"{movie}::{title}::{'|'.join(genres)}\n" for movie, title, genres in MOVIES)
    (folder / "ratings.dat").write_bytes(ratings.encode())
    (folder / "movies.dat").write_bytes((movies + "50::::Drama\n").encode(encoding))


def write_ml_1m(folder):
    write_dat(folder, "latin-1", rating=int)


def write_ml_1m_of_windows(folder):
    write_ml_1m(folder)
    for file in folder.iterdir():
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))


def write_ml_10m(folder):
    write_dat(folder, "utf-8", rating=float)


def write_ml_100k(folder):
    ratings = "".join(f"{u}\t{m}\t{int(r)}\t{t}\n" for u, m, r, t in [*RATINGS, OF_UNTITLED])
    movies = ""
    for movie, title, genres in [*MOVIES, (50, "unknown", ["unknown"])]:
        flags = "|".join(str(int(genre in genres)) for genre in FLAGS)
        movies += f"{movie}|{title}|01-Jan-1995||http://us.imdb.com/M/title-exact?{movie}|{flags}\n"
    (folder / "u.data").write_bytes(ratings.encode())
    (folder / "u.item").write_bytes(movies.encode("latin-1"))


def write_kaggle(folder):
    """Singular names, dates as text, quoted as an export of a database quotes."""
    lines = ['"userId","movieId","rating","timestamp"']
    for user, movie, rating, seconds in [*RATINGS, OF_UNTITLED]:
        lines.append(f'{user},{movie},{rating},"{pd.Timestamp(seconds, unit="s")}"')
    (folder / "rating.csv").write_text("\n".join(lines) + "\n")
    (folder / "movie.csv").write_text(MOVIES_CSV.replace("movieId,title,genres", '"movieId","title","genres"'), "utf-8")


def write_hetrec(folder):
    """Tabs, milliseconds, Latin-1 (with a line in UTF-8), years and genres apart."""
    ratings = "userID\tmovieID\trating\ttimestamp\n"
    ratings += "".join(f"{u}\t{m}\t{r:g}\t{t}000\n" for u, m, r, t in [*RATINGS, OF_UNTITLED])
    (folder / "user_ratedmovies-timestamps.dat").write_bytes(ratings.encode())
    columns = ["id", "title", "imdbID", "spanishTitle", "imdbPictureURL", "year", "rtID"]
    columns += [f"rt{name}" for name in ["AllCriticsRating", "AudienceScore", "PictureURL"]]
    movies, genres = ["\t".join(columns)], "movieID\tgenre\n"
    for movie, title, its_genres in [*MOVIES, (50, "", ["Drama"])]:
        name, _, year = title.removesuffix(")").rpartition(" (")
        movies.append(f'{movie}\t{name}\t0114709\tEl "niño\t\\N\t{year or 1999}\t\t8.5\t\\N\t')
        genres += "".join(f"{movie}\t{genre}\n" for genre in its_genres)
    packed = [line.encode("latin-1" if i else "utf-8") for i, line in enumerate(movies)]
    packed[2] = movies[2].encode()
    (folder / "movies.dat").write_bytes(b"\r\n".join(packed) + b"\r\n")
    (folder / "movie_genres.dat").write_bytes(genres.encode())


def write_csv_with_quotes_and_spaces(folder):
    """As spreadsheets and R write it: all in quotation marks, and spaces behind commas."""
    lines = [", ".join(f'"{field}"' for field in line.split(",")) for line in RATINGS_CSV.splitlines()]
    lines[0] = "userID , movieID, Rating, Timestamp"
    (folder / "ratings.csv").write_text("\n".join(lines) + "\n")
    movies = MOVIES_CSV.replace("movieId,title,genres", '"movieId", "title", "genres"').replace(',"', ', "')
    (folder / "movies.csv").write_text(movies, "utf-8")


def write_csv_with_semicolons(folder):
    (folder / "ratings.csv").write_text(RATINGS_CSV.replace(",", ";"))
    movies = pd.read_csv(io.StringIO(MOVIES_CSV), keep_default_na=False)
    movies.to_csv(folder / "movies.csv", index=False, sep=";")


def write_csv_with_milliseconds(folder):
    lines = RATINGS_CSV.splitlines()
    (folder / "ratings.csv").write_text("\n".join([lines[0], *(f"{line}999" for line in lines[1:])]))
    (folder / "movies.csv").write_text(MOVIES_CSV, "utf-8")


def write_ml_10m_with_marks(folder):
    """With byte order marks."""
    write_ml_10m(folder)
    for file in folder.iterdir():
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())


# The bundled release


@pytest.fixture(scope="module")
def tables():
    return load_movielens()


def test_bundled_release_is_the_published_one():
    """100,004 ratings by 671 users of 9,066 movies, which sum to 354,375."""
    published = pd.read_csv(bundled.DATASETS / "movielens" / "ratings.csv.gz")
    assert (len(published), published["userId"].nunique(), published["movieId"].nunique()) == (100_004, 671, 9_066)
    assert published["rating"].sum() == 354_375.0
    movies = pd.read_csv(bundled.DATASETS / "movielens" / "movies.csv.gz", keep_default_na=False)
    untitled = movies["movieId"][movies["title"] == ""]
    ratings, titled = load_movielens()
    assert (len(movies), len(untitled), len(titled)) == (9_066, 5, 9_061)
    expected = published[~published["movieId"].isin(untitled)].reset_index(drop=True)
    pd.testing.assert_frame_equal(ratings, expected, check_dtype=False)


def test_tables_have_the_documented_columns_and_types(tables):
    ratings, movies = tables
    types = {"userId": "int32", "movieId": "int32", "rating": "float32", "timestamp": "int64"}
    assert ratings.dtypes.astype(str).to_dict() == types
    assert list(movies) == ["movieId", "title", "year", "genres"]
    assert (movies["movieId"].dtype, movies["year"].dtype) == (np.int32, pd.Int16Dtype())
    assert movies["movieId"].is_unique
    for table in tables:
        assert table.index.equals(pd.RangeIndex(len(table)))
        assert not table.isna().any(axis=None)
    assert set(ratings["rating"]) == set(np.arange(1, 11) / 2)
    assert set(ratings["movieId"]) == set(movies["movieId"])
    assert pd.to_datetime(ratings["timestamp"], unit="s").dt.year.between(1995, 2016).all()


def test_only_the_verified_files_are_read(tables, tmp_path, monkeypatch):
    """Whatever else lies beside them; also if the folder is named."""
    copy = tmp_path / "movielens"
    copy.mkdir()
    for file in (bundled.DATASETS / "movielens").iterdir():
        (copy / file.name).symlink_to(file)
    (tmp_path / "SHA256SUMS").symlink_to(bundled.DATASETS / "SHA256SUMS")
    write_csv(copy)
    monkeypatch.setattr(bundled, "DATASETS", tmp_path)
    for path in (None, copy):
        for first, second in zip(tables, load_movielens(path), strict=True):
            pd.testing.assert_frame_equal(first, second)
    (copy / "ratings.csv.gz").unlink()
    (copy / "ratings.csv.gz").write_bytes(gzip.compress(RATINGS_CSV.encode()))
    for path in (None, copy):
        with pytest.raises(ValueError, match="was altered"):
            load_movielens(path)


def test_two_calls_give_the_same_tables(tables):
    for first, second in zip(tables, load_movielens(), strict=True):
        pd.testing.assert_frame_equal(first, second)


@pytest.mark.parametrize(
    ("movie", "title", "year"),
    [
        (1, "Toy Story (1995)", 1995),
        (58559, "The Dark Knight (2008)", 2008),
        (73, "Les Misérables (1995)", 1995),
        (124, "The Star Maker (L'Uomo delle stelle) (1995)", 1995),
        (1201, "The Good, the Bad and the Ugly (Il Buono, il brutto, il cattivo) (1966)", 1966),
        (3186, "Girl, Interrupted (1999)", 1999),
        (924, "2001: A Space Odyssey (1968)", 1968),
    ],
)
def test_bundled_titles(tables, movie, title, year):
    row = tables[1].set_index("movieId").loc[movie]
    assert (row["title"], row["year"]) == (title, year)


def test_no_bundled_title_ends_with_an_article(tables):
    assert not tables[1]["title"].str.contains(r",\s*(?:The|An?|L[ae]s?|L'|Il|El|Das|De[rn]|Die)\s*(?:\(|\)|$)").any()


# Folders of other releases


@pytest.mark.parametrize(
    "write",
    [
        write_csv,
        write_csv_of_windows,
        write_csv_in_another_order,
        write_csv_with_empty_lines,
        write_packed_csv,
        write_ml_1m,
        write_ml_1m_of_windows,
        write_ml_10m,
        write_ml_100k,
        write_kaggle,
        write_hetrec,
        write_csv_with_quotes_and_spaces,
        write_csv_with_semicolons,
        write_csv_with_milliseconds,
        write_ml_10m_with_marks,
    ],
)
@pytest.mark.parametrize("as_type", [str, lambda path: path], ids=["str", "Path"])
def test_every_format_gives_the_same_tables(tmp_path, write, as_type):
    write(tmp_path)
    ratings, movies = load_movielens(as_type(tmp_path))
    assert [tuple(row) for row in ratings.itertuples(index=False)] == RATINGS
    assert [str(dtype) for dtype in ratings.dtypes] == ["int32", "int32", "float32", "int64"]
    assert [tuple(row) for row in movies.itertuples(index=False)] == [
        (10, "Les Misérables (1995)", 1995, "Drama|War"),
        (20, "Star Wars: Episode IV - A New Hope (1977)", 1977, "Action|Sci-Fi"),
        (30, "Girl, Interrupted (1999)", 1999, "Drama"),
        (40, "The Dark Knight (2008)", 2008, "Action|Crime"),
    ]
    assert (str(movies["movieId"].dtype), str(movies["year"].dtype)) == ("int32", "Int16")


@pytest.mark.parametrize(
    ("published", "clean", "year"),
    [
        ("Dark Knight, The (2008)", "The Dark Knight (2008)", 2008),
        ("Avventura, L' (Adventure, The) (1960)", "L'Avventura (The Adventure) (1960)", 1960),
        ("Macbeth (a.k.a. Tragedy of Macbeth, The) (1971)", "Macbeth (a.k.a. The Tragedy of Macbeth) (1971)", 1971),
        ("Librarian, The: The Curse (2008)", "The Librarian: The Curse (2008)", 2008),
        ("Human Centipede II (Full Sequence), The (2011)", "The Human Centipede II (Full Sequence) (2011)", 2011),
        ("Girl, Interrupted (1999)", "Girl, Interrupted (1999)", 1999),
        ("Me, Myself & Irene (2000)", "Me, Myself & Irene (2000)", 2000),
        ("Tarzan, the Ape Man (1981)", "Tarzan, the Ape Man (1981)", 1981),
        ("Blind Side, The  (2009) ", "The Blind Side (2009)", 2009),
        ("Office, The", "The Office", None),
        ("2012", "2012", None),
        ("(500) Days of Summer (2009)", "(500) Days of Summer (2009)", 2009),
        ("Fawlty Towers (1975-1979)", "Fawlty Towers (1975-1979)", 1975),
        ("Big Bang Theory, The (2007-)", "The Big Bang Theory (2007-)", 2007),
        ("Night Of, The (2009– )", "The Night Of (2009– )", 2009),
        ("Land Before Time III (1995) (V)", "Land Before Time III (1995) (V)", 1995),
        ("Class of 1984 (1982)", "Class of 1984 (1982)", 1982),
    ],
)
def test_titles_and_years(tmp_path, published, clean, year):
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n1,10,5,964982703\n")
    (tmp_path / "movies.csv").write_text(f'movieId,title,genres\n10,"{published}",Drama\n', encoding="utf-8")
    row = load_movielens(tmp_path)[1].iloc[0]
    assert row["title"] == clean
    assert row["year"] is pd.NA if year is None else row["year"] == year


@pytest.mark.parametrize("write", [write_csv, write_packed_csv, write_ml_1m, write_ml_100k, write_kaggle, write_hetrec])
@pytest.mark.parametrize("where", ["", "ml", "ml/ml"])
@pytest.mark.parametrize("packed", [False, True])
def test_folder_in_a_folder_and_zip(tmp_path, write, where, packed):
    release = tmp_path / "given" / where
    release.mkdir(parents=True)
    write(release)
    (tmp_path / "given" / "__MACOSX").mkdir()
    (tmp_path / "given" / "__MACOSX" / "._ratings.csv").write_text("")
    expected = load_movielens(tmp_path / "given")
    assert [tuple(row) for row in expected[0].itertuples(index=False)] == RATINGS
    if packed:
        with zipfile.ZipFile(tmp_path / "ml.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted((tmp_path / "given").rglob("*.*")):
                archive.write(file, file.relative_to(tmp_path / "given"))
        for first, second in zip(expected, load_movielens(tmp_path / "ml.zip"), strict=True):
            pd.testing.assert_frame_equal(first, second)


def test_hetrec_without_a_year(tmp_path):
    write_hetrec(tmp_path)
    damage(tmp_path / "movies.dat", b"\t1977\t", b"\t\\N\t")
    movies = load_movielens(tmp_path)[1]
    assert movies["title"].tolist()[1] == "Star Wars: Episode IV - A New Hope"
    assert movies["year"].isna().tolist() == [False, True, False, False]


def test_hetrec_without_genres(tmp_path):
    write_hetrec(tmp_path)
    damage(tmp_path / "movie_genres.dat", b"10\tDrama\n10\tWar\n", b"")
    assert load_movielens(tmp_path)[1]["genres"].tolist()[:2] == ["", "Action|Sci-Fi"]


def test_home_is_found(tmp_path, monkeypatch):
    write_csv(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    monkeypatch.setenv("USERPROFILE", str(tmp_path.parent))
    assert len(load_movielens(f"~/{tmp_path.name}")[0]) == 4


# Folders that are none


def test_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*/nowhere\. Give the folder or the zip"):
        load_movielens(tmp_path / "nowhere")


def test_file_instead_of_a_folder(tmp_path):
    write_csv(tmp_path)
    with pytest.raises(
        NotADirectoryError, match=r"ratings\.csv is a file\. Give the folder of the release, or its zip"
    ):
        load_movielens(tmp_path / "ratings.csv")


@pytest.mark.parametrize("content", [[], ["notes.txt"], ["ml-25m"]])
def test_folder_without_movielens(tmp_path, content):
    for name in content:
        (tmp_path / name).mkdir()
    expected = f"is no MovieLens folder.*ratings.csv and movies.csv.*but holds {''.join(content) or 'nothing'}"
    with pytest.raises(FileNotFoundError, match=expected):
        load_movielens(tmp_path)


@pytest.mark.parametrize("write", [write_csv, write_packed_csv, write_ml_1m, write_ml_100k])
@pytest.mark.parametrize("missing", [0, 1])
def test_one_file_missing(tmp_path, write, missing):
    write(tmp_path)
    files = sorted(tmp_path.iterdir())
    files[missing].unlink()
    with pytest.raises(FileNotFoundError, match=f"has {files[1 - missing].name} but no {files[missing].name}.*Unpack"):
        load_movielens(tmp_path)


def test_incomplete_hetrec_is_named(tmp_path):
    write_hetrec(tmp_path)
    (tmp_path / "movie_genres.dat").unlink()
    has = "movies.dat, user_ratedmovies-timestamps.dat"
    with pytest.raises(FileNotFoundError, match=f"{re.escape(str(tmp_path))} has {has} but no movie_genres.dat"):
        load_movielens(tmp_path)


def test_two_releases_in_a_folder(tmp_path):
    for name, write in (("ml-1m", write_ml_1m), ("ml-25m", write_csv)):
        (tmp_path / name).mkdir()
        write(tmp_path / name)
    with pytest.raises(ValueError, match=r"several releases: .*ml-1m, .*ml-25m\. Give the folder of one"):
        load_movielens(tmp_path)


def test_the_nearest_release_counts(tmp_path):
    write_csv(tmp_path)
    (tmp_path / "old").mkdir()
    write_ml_1m(tmp_path / "old")
    assert len(load_movielens(tmp_path)[0]) == 4
    assert load_movielens(tmp_path)[0]["rating"].dtype == np.float32


def test_release_too_deep(tmp_path):
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    write_csv(deep)
    with pytest.raises(FileNotFoundError, match=r"is no MovieLens folder.*but holds a\."):
        load_movielens(tmp_path)


def zipped(tmp_path, change):
    write_csv(tmp_path)
    with zipfile.ZipFile(tmp_path / "ml.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("ratings.csv", "movies.csv"):
            archive.write(tmp_path / name, f"ml/{name}")
    (tmp_path / "ml.zip").write_bytes(change((tmp_path / "ml.zip").read_bytes()))
    return tmp_path / "ml.zip"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda content: content[: len(content) // 2], r"ml\.zip is damaged or cut short .*download the release again"),
        (lambda content: b"", r"ml\.zip is damaged or cut short"),
        (lambda content: content[:60] + bytes([content[60] ^ 255]) + content[61:], r"/ratings\.csv is damaged or cut"),
        (
            lambda content: content.replace(b"\x08\0", b"\x63\0"),
            r"can't be unpacked .*Unpack the release, and give its",
        ),
        (lambda content: content.replace(b"\x14\0\0\0\x08", b"\x14\0\x01\0\x08"), r"can't be unpacked .*password"),
    ],
    ids=["cut", "empty", "altered", "method", "password"],
)
def test_damaged_zip(tmp_path, change, problem):
    with pytest.raises(ValueError, match=problem):
        load_movielens(zipped(tmp_path, change))


def test_zip_is_closed_after_reading(tmp_path, monkeypatch):
    """Windows removes no file that is open."""
    archives = []

    class Recorded(zipfile.ZipFile):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            archives.append(self)

    file = zipped(tmp_path, lambda content: content)
    monkeypatch.setattr(zipfile, "ZipFile", Recorded)
    load_movielens(file)
    assert [archive.fp for archive in archives] == [None]


def test_a_zip_that_nobody_may_read_is_not_damaged(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", str(path))

    path = zipped(tmp_path, lambda content: content)
    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    with pytest.raises(PermissionError, match="Permission denied"):
        load_movielens(path)


@pytest.mark.parametrize("name", ["ratings.csv", "movies.csv"])
def test_unreadable_file(tmp_path, name):
    """The tests may run as root, who may read every file; but nobody can read a folder."""
    write_csv(tmp_path)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(OSError, match=f"{name} can't be read.*Check that it is a file"):
        load_movielens(tmp_path)


# Damaged files


def refuses(folder, name, problem):
    """Require an error that names the file, the problem, and what to do."""
    message = rf"^{re.escape(str(folder / name))}{problem}(.|\n)*(Mend|Remove|Unpack|release)"
    with pytest.raises(ValueError, match=message):
        load_movielens(folder)


def damage(file, old, new):
    content = file.read_bytes()
    assert content.count(old) == 1
    file.write_bytes(content.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        # "2,10,4.0,1141415820" is line 4.
        (b"4.0", b"four", ", line 4: rating is 'four', which is no number"),
        (b"4.0", b"", ", line 4: rating is '', which is no number"),
        (b"4.0", b"0", ", line 4: rating is '0', outside 0.5 to 5.0 stars"),
        (b"4.0", b"5.5", ", line 4: rating is '5.5', outside"),
        (b"4.0", b"-1", ", line 4: rating is '-1', outside"),
        (b"4.0", b"nan", ", line 4: rating is 'nan', outside"),
        (b"4.0", b"inf", ", line 4: rating is 'inf', outside"),
        (b"4.0", b'"4.0', ", line 4: .*found 3"),
        (b"4.0", b'4.0"', ", line 4: rating is '4.0\"', which is no number"),
        (b"4.0", "٤".encode(), ", line 4: rating is '٤', which is no number"),
        (b"2,10,", "٢,10,".encode(), ", line 4: userId is '٢', which is no whole number"),
        (b"2,10,", b"9" * 4500 + b",10,", ", line 4: userId is '9{80}', which is no whole number"),
        (b"1141415820", b"-1", ", line 4: timestamp is '-1', which is no whole number"),
        (b"1141415820", b"2006-03-03", ", line 4: timestamp is '2006-03-03', which is no whole number"),
        (
            b"1141415820",
            b"1141415820000",
            ", line 4: timestamp is 1141415820000, which is not in seconds since 1970, as others",
        ),
        (b"4.0", b"\xff", r", line 4: rating is '\\\\xff', which is no number"),
        (b"2,10,4.0,1141415820", b"2,10,4.0", ", line 4: expected 4 fields .*, found 3"),
        (b"2,10,4.0,1141415820", b"2;10;4.0;1141415820", ", line 4: expected 4 fields .*, found 1"),
        (b"2,10,4.0,1141415820", b"2,10,4,0,1141415820", ", line 4: expected 4 fields .*, found 5"),
        (b"1,10,5.0,964982703", b"1,10,5,0,964982703", ", line 2: expected 4 fields .*, found 5"),
        (b"1,10,5.0,964982703", b" \n1,10,5,0,964982703", ", line 3: expected 4 fields .*, found 5"),
        (b"2,10,", b"2.5,10,", ", line 4: userId is '2.5', which is no whole number"),
        (b"2,10,", b"x,10,", ", line 4: userId is 'x', which is no whole number"),
        (b"2,10,", b",10,", ", line 4: userId is '', which is no whole number"),
        (b"2,10,", b"-2,10,", ", line 4: userId is '-2', which is no whole number"),
        (b"2,10,", b"3000000000,10,", ", line 4: userId is '3000000000', which is no whole number from 0 to 2,147"),
        (b"2,10,", b"2,99,", ", line 4: movie 99 is not in movies.csv"),
        (b"2,10,", b"2,-10,", ", line 4: movieId is '-10', which is no whole number"),
        (b"2,10,", b"1,20,", ", line 4: user 1 rates movie 20 again, after line 3"),
        (b"2,10,", b"\n1,20,", ", line 5: user 1 rates movie 20 again, after line 3"),
        (b"1141415820", b"yesterday", ", line 4: timestamp is 'yesterday', which is no whole number"),
        (b"1141415820", b"1141415\x00820", r", line 4: timestamp is '1141415\\x00820', which is no whole number"),
        (b"1141415820", b"99999999999999999999", ", line 4: timestamp is '99999999999999999999', which is no"),
        (b"userId,movieId,rating,timestamp", b"userId,movieId,timestamp", ", line 1: .* but rating should be"),
        (b"userId,movieId,rating,timestamp", b"rating,rating,movieId,userId", ", line 1: .* but rating, timestamp sh"),
        (b"4.0", b"0.5,1141415820\n3,10,x", ", line 5: rating is 'x', which is no number"),  # half a star is possible
        (b"rating,timestamp\n", b"rating,timestamp\r", r", line 1: the columns are .*, but timestamp should be"),
        (b"2,10,4.0", b"2,10\r,4.0", r", line 4: movieId is '10\\r', which"),
        (b"2,10,4.0", b"2,10,4.0,1141415820\r2,20,4.0", r", line 4: expected 4 fields .*, found 7"),
        (b"userId,movieId,rating,timestamp\n", b"", ", line 1: .* userId, movieId, rating, timestamp should"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_damaged_ratings(tmp_path, old, new, problem):
    write_csv(tmp_path)
    damage(tmp_path / "ratings.csv", old, new)
    refuses(tmp_path, "ratings.csv", problem)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        # "20,"Star Wars..." is line 3.
        (b"20,", b"x,", ", line 3: the movie's id is 'x', which is no whole number"),
        (b"20,", b"20.5,", ", line 3: the movie's id is '20.5', which is no whole number"),
        (b"20,", b",", ", line 3: the movie's id is '', which is no whole number"),
        (b"20,", b"-20,", ", line 3: the movie's id is '-20', which is no whole number"),
        (b"20,", b"3000000000,", ", line 3: the movie's id is '3000000000', which is no whole number"),
        (b"20,", b"10,", ", line 3: movie 10 is listed again, after line 2"),
        (b",Action|Sci-Fi", b"", ", line 3: expected 3 fields .*, found 2"),
        (b'"Girl, Interrupted (1999)"', b"Girl, Interrupted (1999)", ", line 4: expected 3 fields .*, found 4"),
        (b'(1977)"', b"(1977)", r", line 3: "),  # a quotation mark that never closes
        ("é".encode(), b"\xe9", ", line 2: byte 0xe9 is not UTF-8"),
        (b"20,", b"9" * 4500 + b",", ", line 3: the movie's id is '9{80}', which is no whole number"),
        (b"20,", "٢٠,".encode(), ", line 3: the movie's id is '٢٠', which is no whole number"),
        (b"Star Wars", b"Star\0Wars", ", line 3: "),
        (b"Star Wars", b"Star\x1bWars", r", line 3: title is 'Star\\x1bWars: .*, with the control character"),
        (b"Star Wars", b"Star, The" * 2000, r", line 3: title has 18,.* letters, beginning with 'Star, The.*1,000 are"),
        (b"Star Wars", b"(" * 200_000, ", line 3: "),
        (b"Action|Sci-Fi", b"x" * 1001, ", line 3: genres has 1,001 letters"),
        (b",,Drama", b',,"Drama', ", line 6: "),
        (b'(1977)",Action|Sci-Fi\n30', b'\n(1977)",Action\nx', ", line 5: the movie's id is 'x'"),
        (b"movieId,title,genres", b"movieId,title", ", line 1: .* but genres should be"),
        (b"movieId,title,genres\n", b"", ", line 1: .* but movieId, title, genres should be"),
    ],
)
def test_damaged_movies(tmp_path, old, new, problem):
    write_csv(tmp_path)
    damage(tmp_path / "movies.csv", old, new)
    refuses(tmp_path, "movies.csv", problem)


@pytest.mark.parametrize(
    ("write", "name", "old", "new", "problem"),
    [
        (write_ml_1m, "ratings.dat", b"2::10::4", b"2::10::x", ", line 3: rating is 'x', which is no number"),
        (write_ml_1m, "ratings.dat", b"2::10::4", b"2::10:4", ", line 3: expected 4 fields .*, found 3"),
        (write_ml_1m, "ratings.dat", b"2::10::4", b"2::10::4::4", ", line 3: expected 4 fields .*, found 5"),
        (write_ml_1m, "ratings.dat", b"964982703", b"96\t4982703", ", line 1: timestamp is .*, which is no whole"),
        (write_ml_1m, "ratings.dat", b"1::10::5", b"1:10:5", ", line 1: expected 4 fields .*, found 2"),
        (write_ml_1m, "ratings.dat", b"2::10::4", b"1::20::4", ", line 3: user 1 rates movie 20 again, after line 2"),
        (write_ml_1m, "movies.dat", b"20::Star", b"20:Star", ", line 2: expected 3 fields .*, found 2"),
        (write_ml_1m, "movies.dat", b"20::Star", b"20::A::Star", ", line 2: expected 3 fields .*, found 4"),
        (write_ml_1m, "movies.dat", b"20::Star", b"x::Star", ", line 2: the movie's id is 'x'"),
        (write_ml_1m, "movies.dat", b"Girl", "Café".encode(), r", line 3 is UTF-8, but line 1 is not \(byte 0xe9\)"),
        (write_ml_10m, "movies.dat", b"Girl", b"Caf\xe9", r", line 1 is UTF-8, but line 3 is not \(byte 0xe9\)"),
        (write_ml_1m, "movies.dat", b"Girl", b"Gi\0rl", r", line 3: title is 'Gi\\x00rl, Interrupted \(1999\)'"),
        (write_ml_1m, "movies.dat", b"Girl", b"Girl" * 5000, ", line 3: title has 20,.* letters"),
        (write_ml_1m, "ratings.dat", b"1::10", b"\xff\xfe1::10", " is UTF-16. Save it as UTF-8"),
        (write_ml_1m, "movies.dat", b"10::Mis", b"\xfe\xff10::Mis", " is UTF-16. Save it as UTF-8"),
        (write_kaggle, "rating.csv", b"2006-03-03 19:57:00", b"", ", line 4: timestamp is '', which is no date"),
        (
            write_kaggle,
            "rating.csv",
            b"2006-03-03 19:57:00",
            b"2006-13-03",
            ", line 4: timestamp is '2006-13-03', which",
        ),
        (
            write_kaggle,
            "rating.csv",
            b"2006-03-03 19:57:00",
            b"3/3/2006",
            ", line 4: timestamp is '3/3/2006', which is no",
        ),
        (
            write_kaggle,
            "rating.csv",
            b"2006-03-03 19:57:00",
            b"1906-03-03",
            ", line 4: timestamp is .*, which is before",
        ),
        (
            write_kaggle,
            "rating.csv",
            b"2006-03-03 19:57:00",
            b'1970-01-01 00:00:00"\n3,10,4.0,"1906-03-03',
            ", line 5: timestamp is .*, which is before",
        ),
        (write_hetrec, "user_ratedmovies-timestamps.dat", b"userID", b"user", ", line 1: .*, but userId should be"),
        (write_hetrec, "user_ratedmovies-timestamps.dat", b"2\t10\t4", b"2\t10", ", line 4: expected 4 fields"),
        (
            write_hetrec,
            "user_ratedmovies-timestamps.dat",
            b"20000\n",
            b"20\n",
            ", line 4: timestamp is 11414158\\d*, which is not in milliseconds since 1970, as others",
        ),
        (write_hetrec, "movies.dat", b"20\tStar", b"x\tStar", ", line 3: the movie's id is 'x'"),
        (write_hetrec, "movies.dat", b"20\tStar", b"20\tA\tStar", ", line 3: expected 10 fields .*, found 11"),
        (write_hetrec, "movies.dat", b"id\ttitle", b"id\tname", ", line 1: .*, but title should be"),
        (write_hetrec, "movie_genres.dat", b"20\tAction", b"20", ", line 4: expected 2 fields .*, found 1"),
        (write_hetrec, "movie_genres.dat", b"20\tAction", b"x\tAction", ", line 4: the movie's id is 'x'"),
        (write_ml_100k, "u.data", b"2\t10\t4", b"2\t10\t6", ", line 3: rating is '6', outside"),
        (write_ml_100k, "u.data", b"1\t10\t5\t", b"1\t10\t5\t\t", ", line 1: expected 4 fields .*, found 5"),
        (write_ml_100k, "u.data", b"1141415822", b"1141415822\t", ", line 5: expected 4 fields .*, found 5"),
        (write_ml_100k, "u.item", b"20|Star", b"20||Star", ", line 2: expected 24 fields .*, found 25"),
        (write_ml_100k, "u.item", b"||http://us.imdb.com/M/title-exact?20", b"", ", line 2: expected 24 .*, found 22"),
        (write_ml_100k, "u.item", b"?20|0|", b"?20|x|", ", line 2: the genres should be 19 flags"),
    ],
)
def test_damaged_files_of_old_releases(tmp_path, write, name, old, new, problem):
    write(tmp_path)
    damage(tmp_path / name, old, new)
    refuses(tmp_path, name, problem)


@pytest.mark.parametrize(
    ("times", "problem"),
    [
        (
            [964982703, 3],
            ", line 3: the file seems to be cut short, for it ends with the timestamp 3, and all others are",
        ),
        (
            [1141415820, 964982703, 114141582],
            ", line 4: the file seems to be cut short",
        ),
        ([1162160236000, 116216023600], ", line 3: the file seems to be cut short"),
        ([964982703, 964982703 // 4], ", line 3: the file seems to be cut short"),
        (
            [964982703, 1162160236000],
            ", line 3: timestamp is 1162160236000, which is not in seconds since",
        ),
        ([10**17, 10**17], ", line 2: timestamp is 100000000000000000, which is not in seconds nor milli"),
        ([10**11 + 1, 10**14 + 1], ", line 3: timestamp is 100000000000001, which is not in seconds nor milli"),
    ],
)
def test_times_of_another_kind(tmp_path, times, problem):
    write_rated_at(tmp_path, times)
    refuses(tmp_path, "ratings.csv", problem)


@pytest.mark.parametrize(
    "times",
    [[3], [3, 1], [20_000_000_000], [964982703, 964982703 // 4 + 1], [0, 964982703, 0], [400, 4000, 200], [4, 1]],
)
def test_small_times_are_read(tmp_path, times):
    """Of one magnitude, without a newline at the end; or of any, with one."""
    write_rated_at(tmp_path, times)
    assert load_movielens(tmp_path)[0]["timestamp"].tolist() == times
    write_rated_at(tmp_path, [964982703, *times], end="\n")
    assert load_movielens(tmp_path)[0]["timestamp"].tolist() == [964982703, *times]


@pytest.mark.parametrize(
    ("times", "seconds"),
    [([10**11], [10**11]), ([10**11 + 1], [10**8]), ([10**11 + 1000, 10**14], [10**8 + 1, 10**11])],
)
def test_from_which_number_on_times_are_milliseconds(tmp_path, times, seconds):
    write_rated_at(tmp_path, times)
    assert load_movielens(tmp_path)[0]["timestamp"].tolist() == seconds


def test_the_largest_id_and_the_longest_title(tmp_path):
    title = "T" * 1_000
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n2147483647,2147483647,4,964982703\n")
    (tmp_path / "movies.csv").write_text(f"movieId,title,genres\n2147483647,{title},Drama\n")
    ratings, movies = load_movielens(tmp_path)
    assert ratings[["userId", "movieId"]].to_numpy().tolist() == [[2**31 - 1] * 2]
    assert movies["title"].tolist() == [title]


def write_rated_at(folder, times, end=""):
    lines = ["userId,movieId,rating,timestamp", *(f"{user},10,4,{seconds}" for user, seconds in enumerate(times))]
    (folder / "ratings.csv").write_text("\n".join(lines) + end)
    (folder / "movies.csv").write_text("movieId,title,genres\n10,A (1999),Drama\n")


@pytest.mark.parametrize("write", [write_csv, write_packed_csv, write_ml_1m, write_ml_100k])
@pytest.mark.parametrize("which", ["r", "m"])
@pytest.mark.parametrize("only_header", [False, True])
def test_empty_files(tmp_path, write, which, only_header):
    write(tmp_path)
    ratings, movies = sorted(tmp_path.iterdir(), key=lambda file: file.name.startswith(("m", "u.i")))
    file = ratings if which == "r" else movies
    has_header = ".csv" in file.name
    text = (RATINGS_CSV if which == "r" else MOVIES_CSV).partition("\n")[0] + "\n"
    content = text.encode() if only_header and has_header else b""
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    refuses(tmp_path, file.name, " (is empty|has no ratings|lists no movies)")


@pytest.mark.parametrize("name", ["ratings.csv.gz", "movies.csv.gz"])
@pytest.mark.parametrize(
    "change",
    [
        lambda packed: packed[:-20],
        lambda packed: packed[:-4],
        lambda packed: packed[:5],
        lambda packed: packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:],  # of its checksum
        lambda packed: packed[:30] + bytes([packed[30] ^ 255]) + packed[31:],
        gzip.decompress,
    ],
    ids=["cut", "cut at the end", "cut at the start", "checksum", "altered", "not packed"],
)
def test_damaged_gzip(tmp_path, name, change):
    write_packed_csv(tmp_path)
    (tmp_path / name).write_bytes(change((tmp_path / name).read_bytes()))
    refuses(tmp_path, name, " is damaged or cut short")


def test_a_quotation_that_swallows_a_line_is_refused(tmp_path):
    """In a column that nobody needs, too."""
    lines = RATINGS_CSV.replace("timestamp", "timestamp,note").splitlines()
    notes = ["", ",a", ',"b', ',c"', ",d", ",e"]
    (tmp_path / "ratings.csv").write_text(
        "\n".join(line + note for line, note in zip(lines, notes, strict=True)) + "\n"
    )
    (tmp_path / "movies.csv").write_text(MOVIES_CSV, "utf-8")
    refuses(tmp_path, "ratings.csv", ", in or after line 2: a quotation mark is missing")


def test_ratings_cut_anywhere_are_refused(tmp_path):
    """Only cuts at the very end of a line can't be seen: what is left is a whole file."""
    write_csv(tmp_path)
    content = RATINGS_CSV.encode()
    ends = [end for line in re.finditer(b"\n", content) for end in (line.start(), line.end())]
    for length in set(range(ends[3], len(content))) - set(ends):
        (tmp_path / "ratings.csv").write_bytes(content[:length])
        refuses(tmp_path, "ratings.csv", "")


@pytest.mark.parametrize("block", [1, 20, 21, 22, 40])
def test_blocks_make_one_table(tmp_path, monkeypatch, block):
    monkeypatch.setattr(movielens, "BLOCK", block)
    write_csv(tmp_path)
    ratings, _ = load_movielens(tmp_path)
    assert [tuple(row) for row in ratings.itertuples(index=False)] == RATINGS
    assert ratings.index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("new", "problem"),
    [(b"599,7,x", "rating is 'x'"), (b"599,7", "expected 4 fields"), (b"599,6,4.5", "user 599 rates movie 6 again")],
)
def test_damage_in_a_late_block_is_found(tmp_path, monkeypatch, new, problem):
    monkeypatch.setattr(movielens, "BLOCK", 1_000_000)
    users, movies = np.arange(1, 601), np.arange(1, 501)
    lines = [b"%d,%d,4.5,964982703\n" % (user, movie) for user in users for movie in movies]
    lines[598 * 500 + 6] = new + b",964982703\n"
    (tmp_path / "ratings.csv").write_bytes(b"userId,movieId,rating,timestamp\n" + b"".join(lines))
    table = pd.DataFrame({"movieId": movies, "title": "A (1999)", "genres": "Drama"})
    table.to_csv(tmp_path / "movies.csv", index=False)
    refuses(tmp_path, "ratings.csv", f", line {598 * 500 + 8}: {problem}")

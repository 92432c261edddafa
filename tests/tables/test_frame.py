"""Reading CSV files: separators, missing cells, and what is refused."""

import pytest

from glassnet.errors import DataError
from glassnet.tables.reading import read_csv


def test_cells_and_names_are_text_without_the_spaces_around_them(file):
    frame = read_csv(file(" a , b\n 1 , x y \n2,z\n"))
    assert frame.to_dict(as_series=False) == {"a": ["1", "2"], "b": ["x y", "z"]}


@pytest.mark.parametrize("cell", ["", " ", '""', "NA", "n/a", "NaN", "nan", "NULL", "<NA>", "?"])
def test_a_missing_cell_is_null(file, cell):
    assert read_csv(file(f"a,b\n1,{cell}\n"))["b"].to_list() == [None]


@pytest.mark.parametrize("cell", ["None", "-", ".", "0", "no"])
def test_a_cell_that_may_be_a_word_stays(file, cell):
    assert read_csv(file(f"a,b\n1,{cell}\n"))["b"].to_list() == [cell]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(file, separator):
    frame = read_csv(file(f'a{separator}"b, c; d"\n1{separator}2\n'))
    assert frame.columns == ["a", "b, c; d"]


def test_one_column_is_a_table(file):
    assert read_csv(file("a\n1\n2\n"))["a"].to_list() == ["1", "2"]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(file):
    assert read_csv(file(b"\xef\xbb\xbfa,b\r\n1,2\r\n")).row(0, named=True) == {
        "a": "1",
        "b": "2",
    }


def test_blank_lines_are_no_rows(file):
    assert read_csv(file("a,b\n1,2\n\n3,4\n\n")).height == 2


def test_a_column_without_a_name_is_called_by_its_place(file):
    assert read_csv(file(",b\n0,1\n")).columns == ["column_1", "b"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        ("  \n", "is empty"),
        ("a,b\n", "but no rows"),
        ("a,b,a\n1,2,3\n", "more than one column called 'a'"),
        ("a,b\n1,2\n3,4,5\n", "row 2 has 3 cells, but there are 2 column names"),
        (b"PAR1\0\0\x15\x04", "is no text"),
        ('a,b\n1,2\n"open,3\n', "quotes"),
    ],
)
def test_what_is_no_table_is_refused(file, content, message):
    with pytest.raises(DataError, match=message):
        read_csv(file(content))


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        read_csv(tmp_path / "nowhere.csv")
    with pytest.raises(DataError, match="cannot be read"):
        read_csv(tmp_path)

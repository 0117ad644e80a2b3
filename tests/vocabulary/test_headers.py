"""Headers as a person gives them, a line each."""

import pytest

from also import headers
from also.errors import SettingError


def test_each_line_is_a_header():
    """Blank lines and comments are left out; a value may hold colons, blanks and quotation marks."""
    text = '\n# the team\nX-Scope-OrgID: team-a|team-b\r\n  Authorization :  Basic dXNlcjpwYXNz==  \nX-Note: "a: b" c\n'
    assert headers.read(text, where="V") == {
        "X-Scope-OrgID": "team-a|team-b",
        "Authorization": "Basic dXNlcjpwYXNz==",
        "X-Note": '"a: b" c',
    }
    assert headers.read("", where="V") == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("X-Scope-OrgID s3cret", "line 1 of V is no HTTP header; `Name: value` is expected"),
        ("A: b\n\n: s3cret", "line 3 of V is no HTTP header"),
        ("two words: s3cret", "line 1 of V is no HTTP header"),
        ("X-Tenant:", "line 1 of V gives header X-Tenant no value of printable ASCII"),
        ("X-Tenant: s3cret\u00e9", "line 1 of V gives header X-Tenant no value of printable ASCII"),
        ("X-Tenant: s3cret\x00", "line 1 of V gives header X-Tenant no value of printable ASCII"),
        ("Host: s3cret", "line 1 of V gives header Host, which is set by itself"),
        ("content-length: 3", "line 1 of V gives header content-length, which is set by itself"),
        ("X-A: b\nx-a: s3cret", "line 2 of V gives header x-a a second time; once is allowed"),
    ],
)
def test_what_is_no_header_is_named_without_its_value(text, said):
    """The line and the name are told, the value never: it may be a secret."""
    with pytest.raises(SettingError, match=said) as refused:
        headers.read(text, where="V")
    assert "s3cret" not in str(refused.value)

from pathlib import Path

import pytest

from tests.unit.xds_server.protocols.reports.test_health import BAD, A
from xds_server.protocols.reports.health import Checked, Health
from xds_server.store.found_health import FILE, load_health, save_health

ROWS = (("web-1", A, BAD), ("web-1", Checked("shop", "/run/x.sock", 0), Health.TIMEOUT))


def test_what_is_saved_is_loaded_again(tmp_path: Path) -> None:
    assert load_health(tmp_path) == ()
    save_health(tmp_path, ROWS)
    assert load_health(tmp_path) == ROWS
    save_health(tmp_path, ())
    assert load_health(tmp_path) == ()
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


@pytest.mark.parametrize(
    "text",
    ["{", "{}", "[1]", '[["a", "b", "c", "80", "UNHEALTHY"]]', '[["a", "b", "c", 80, "ILL"]]'],
)
def test_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ValueError, match=r"."):
        load_health(tmp_path)

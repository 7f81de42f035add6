import math

import pytest
from pydantic import ValidationError

from xds_server.settings import ServerSettings, SettingsError
from xds_server.xds_settings import XdsSettings


@pytest.mark.parametrize("name", sorted(XdsSettings.model_fields))
@pytest.mark.parametrize("value", [-1, math.nan, math.inf, "many"])
def test_what_is_no_limit_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        ServerSettings.model_validate({name: value})


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"xds_max_node": 5000, "xds_max_message": 4096}, "raise --xds-max-message"),
        ({"xds_max_streams": 9, "xds_max_node_streams": 10}, "raise --xds-max-streams"),
    ],
)
def test_limits_that_contradict_each_other_are_refused(
    changed: dict[str, object], says: str
) -> None:
    with pytest.raises(SettingsError, match=says):
        ServerSettings.model_validate(changed).check()


def test_the_environment_sets_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FSDN_XDS_MAX_STREAMS", "77")
    assert XdsSettings().xds_max_streams == ServerSettings().xds_max_streams == 77

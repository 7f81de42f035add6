from typing import Any

import pytest
from envoy_data_plane.envoy.config.cluster.v3 import Cluster, ClusterDiscoveryType, OutlierDetection
from envoy_data_plane.envoy.config.core.v3 import DataSource

from translators.envoy.from_json_scalars import WrongValueError, scalar
from translators.envoy.to_json import classes_of, fields_of


def read(message: type, field: str, value: Any) -> Any:
    return scalar(fields_of(message)[field], classes_of(message)[field], value)


def test_values_of_the_right_form() -> None:
    assert read(OutlierDetection, "consecutive_5xx", "7") == 7
    assert read(Cluster, "connect_timeout", "-0.0000015s").total_seconds() == -1e-06
    assert read(Cluster, "type", 3) is ClusterDiscoveryType.EDS
    assert read(DataSource, "inline_bytes", "YWI=") == b"ab"


@pytest.mark.parametrize(
    ("message", "field", "value"),
    [
        (OutlierDetection, "consecutive_5xx", -1),
        (OutlierDetection, "consecutive_5xx", 2**32),
        (OutlierDetection, "consecutive_5xx", True),
        (OutlierDetection, "consecutive_5xx", "x"),
        (OutlierDetection, "consecutive_5xx", 1.5),
        (Cluster, "connect_timeout", 5),
        (Cluster, "connect_timeout", "5"),
        (Cluster, "connect_timeout", "5m"),
        (Cluster, "name", 7),
        (Cluster, "type", "EDDS"),
        (Cluster, "type", 99),
        (Cluster, "ignore_health_on_host_removal", "true"),
        (DataSource, "inline_bytes", "a*"),
    ],
)
def test_values_of_a_wrong_form_range_or_type(message: type, field: str, value: Any) -> None:
    with pytest.raises(WrongValueError) as refused:
        read(message, field, value)
    assert refused.value.mend

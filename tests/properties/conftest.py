"""Real bridges for the properties that are held on them."""

from collections.abc import Iterator

import pytest

from tests.devices.ovs import PrivateOvs
from tests.properties.openflow_real import Bridges


@pytest.fixture(scope="module")
def bridges() -> Iterator[Bridges]:
    """Two bridges of one vswitch, which take any plan."""
    with PrivateOvs() as ovs:
        real = Bridges(ovs)
        yield real
        real.close()

from tests.conversations.xds.responses import listener
from xds_server.protocols.xds.resource_types import LISTENER, SECRET
from xds_server.protocols.xds.secrets import SecretKeeper
from xds_server.snapshots.model import Resource, Snapshot, snapshot_of

OWN, OTHER = Resource(SECRET, "own", b"1"), Resource(SECRET, "other", b"2")
SNAPSHOT = snapshot_of([listener("a")])


class Told:
    def __init__(self) -> None:
        self.held: dict[str, Snapshot] = {}

    def publish(self, node: str, snapshot: Snapshot) -> None:
        self.held[node] = snapshot

    def withdraw(self, node: str) -> None:
        self.held.pop(node, None)


def test_secrets_come_beside_the_owners_snapshot_only() -> None:
    told = Told()
    keeper = SecretKeeper(told)
    keeper.publish("n", SNAPSHOT)
    keeper.publish("m", SNAPSHOT)
    keeper.set_secrets({"n": {"own": OWN}})
    assert told.held["n"].of(SECRET) == {"own": OWN}
    assert told.held["n"].version(LISTENER) == SNAPSHOT.version(LISTENER)
    assert told.held["m"] is SNAPSHOT
    assert keeper.secrets("n") == {"own": OWN}
    assert keeper.secrets("m") == {}


def test_a_snapshot_brings_no_secrets_of_its_own() -> None:
    told = Told()
    SecretKeeper(told).publish("n", snapshot_of([listener("a"), OTHER]))
    assert told.held["n"].of(SECRET) == {}


def test_a_node_with_secrets_alone_is_told_of_nothing_else() -> None:
    told = Told()
    keeper = SecretKeeper(told)
    keeper.set_secrets({"n": {"own": OWN}})
    assert told.held["n"].only == {SECRET}
    keeper.publish("n", SNAPSHOT)
    assert not told.held["n"].only
    keeper.withdraw("n")
    assert told.held["n"].only == {SECRET}
    keeper.withdraw("m")
    assert "m" not in told.held


def test_the_last_secret_that_is_revoked_is_told_too() -> None:
    told = Told()
    keeper = SecretKeeper(told)
    keeper.set_secrets({"n": {"own": OWN}})
    keeper.set_secrets({})
    assert told.held["n"].of(SECRET) == {}
    assert SECRET in told.held["n"].resources

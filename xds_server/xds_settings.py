"""Settings of the xDS port (FSDN_XDS_*): what its clients may cost, and how long they may take."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class XdsSettings(BaseSettings):
    """Sizes in bytes, times in seconds, rates a second; what is over a limit ends its stream."""

    model_config = SettingsConfigDict(env_prefix="FSDN_", extra="ignore", allow_inf_nan=False)

    xds_max_streams: int = Field(
        default=10_000, gt=0, description="Most xDS streams at a time, of all nodes together."
    )
    xds_max_node_streams: int = Field(
        default=64, gt=0, description="Most xDS streams at a time of one node id."
    )
    xds_max_names: int = Field(
        default=200_000, gt=0, description="Most resource names that one xDS stream may ask for."
    )
    xds_max_node: int = Field(
        default=256 * 1024,
        gt=0,
        description="Largest Node message of an xDS client, in bytes; Envoy's own is 61 KB.",
    )
    xds_max_message: int = Field(
        default=16 * 1024 * 1024,
        ge=4096,
        description="Largest message that the xDS port accepts, in bytes.",
    )
    xds_request_rate: float = Field(
        default=200.0,
        gt=0,
        description="Requests a second that are read of one xDS stream; more wait, none is lost.",
    )
    xds_request_burst: float = Field(
        default=1000.0, ge=1, description="Requests of one xDS stream that are read without a wait."
    )
    xds_first_rate: float = Field(
        default=2000.0,
        gt=0,
        description="First requests a second that are read of all new xDS streams together, so "
        "that a fleet that comes back does not come at once.",
    )
    xds_first_burst: float = Field(
        default=4000.0, ge=1, description="First requests that are read without a wait."
    )
    xds_hello: float = Field(
        default=30.0, gt=0, description="Seconds in which a new xDS stream must say who it is."
    )
    xds_max_age: float = Field(
        default=1800.0,
        gt=0,
        description="Seconds after which an xDS stream is ended, so that its client connects "
        "again, perhaps to another server.",
    )
    xds_age_jitter: float = Field(
        default=0.2,
        ge=0,
        lt=1,
        description="Part of the age by which it varies, so that streams do not end together.",
    )
    xds_keepalive: float = Field(
        default=30.0,
        ge=1,
        description="Seconds of silence after which an xDS client is pinged; one that does not "
        "answer in half of it is gone.",
    )
    xds_patience: float = Field(
        default=20.0,
        gt=0,
        description="Seconds that a proxy's answer may hold up what depends on it; Envoy itself "
        "may wait 15 s for a first fetch.",
    )
    xds_grace: float = Field(
        default=2.0,
        ge=0,
        description="Seconds after a stream opens in which nothing is removed: a proxy that "
        "reconnects asks for one type after the other.",
    )
    xds_stall: float = Field(
        default=120.0,
        gt=0,
        description="Seconds in which an xDS client must take a response off the connection.",
    )

    def complaint(self) -> str:
        """Return what contradicts each other here, as a sentence; empty if nothing does."""
        if self.xds_max_node > self.xds_max_message:
            return (
                f"a node of {self.xds_max_node} bytes fits into no message of "
                f"{self.xds_max_message}: raise --xds-max-message or lower --xds-max-node"
            )
        if self.xds_max_node_streams > self.xds_max_streams:
            return (
                f"one node may have {self.xds_max_node_streams} streams of {self.xds_max_streams} "
                "in all: raise --xds-max-streams or lower --xds-max-node-streams"
            )
        return ""

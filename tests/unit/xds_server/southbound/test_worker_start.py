from dataclasses import replace

from xds_server.protocols.workers.commands import COMMANDS, Start
from xds_server.protocols.workers.framing import FROM_CONTROLLER, Frames
from xds_server.protocols.xds.ads import Limits
from xds_server.protocols.xds.bucket import Rate
from xds_server.southbound.grpc_ads import AdsSettings, Tls
from xds_server.southbound.grpc_terms import Terms
from xds_server.southbound.worker_start import settings_of, start_of


def told(settings: AdsSettings) -> AdsSettings:
    [frame] = Frames(FROM_CONTROLLER).feed(COMMANDS.encode(start_of(settings, 7, 1.5)))
    start = COMMANDS.decode(frame)
    assert isinstance(start, Start)
    return settings_of(start)


def test_a_worker_has_every_setting_of_the_controller_and_shares_the_port() -> None:
    settings = AdsSettings(
        "::1",
        0,
        tls=Tls(b"certificate \xe9", b"key", b"ca"),
        max_message=1,
        max_streams=2,
        keepalive=3.5,
        limits=Limits(4.5, 5.5, 6, 7, 8, 9, 10),
        terms=Terms(Rate(1.0, 2.0), Rate(3.0, 4.0), 5.0, 6.0, 0.1, 7.0),
    )
    assert told(settings) == replace(settings, port=7, shared=True)


def test_without_tls_there_is_none() -> None:
    assert told(AdsSettings()) == AdsSettings(port=7, shared=True)
    tls = Tls(b"certificate", b"key")
    assert told(AdsSettings(tls=tls)).tls == tls

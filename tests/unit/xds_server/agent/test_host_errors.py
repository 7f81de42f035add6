from xds_server.agent.host_errors import HostAgentError


def test_the_message_is_what_the_operator_reads() -> None:
    assert str(HostAgentError("run it as root")) == "run it as root"
    assert not issubclass(HostAgentError, OSError)

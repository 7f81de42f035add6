"""Bootstraps; that the real programs accept them is a test on devices."""

import json
from string import Template

import pytest

from translators.envoy.bootstrap import TlsPaths, bootstrap

ALL = ("NODE", "ADMIN", "CONTROLLER_ADDRESS", "CONTROLLER_DISCOVERY", "CONTROLLER_URI")
TEMPLATE = "{" + ",".join(f'"{n}": ${{{n}}}' for n in (*ALL, "TRANSPORT_SOCKET")) + "}"
TLS = TlsPaths("cert.pem", "key.pem", "ca.pem")


def _filled(**changed: object) -> dict[str, object]:
    given: dict[str, object] = {
        "node": "host1",
        "controller_host": "controller.example",
        "controller_port": 18000,
        "admin": 9901,
    }
    return dict(json.loads(bootstrap(TEMPLATE, **(given | changed))))  # type: ignore[arg-type]


def test_values_are_json_so_that_nothing_can_be_injected() -> None:
    assert _filled(node='x"\nadmin: {}')["NODE"] == 'x"\nadmin: {}'


def test_the_admin_page_is_on_loopback_or_a_private_socket() -> None:
    address = {"address": "127.0.0.1", "port_value": 9901}
    assert _filled()["ADMIN"] == {"socket_address": address}
    assert _filled(admin="/run/x.sock")["ADMIN"] == {"pipe": {"path": "/run/x.sock", "mode": 0o600}}


def test_a_relay_replaces_the_controllers_address() -> None:
    assert _filled()["CONTROLLER_DISCOVERY"] == "STRICT_DNS"
    relayed = _filled(relay="/run/relay.sock")
    assert relayed["CONTROLLER_ADDRESS"] == {"pipe": {"path": "/run/relay.sock"}}
    assert relayed["CONTROLLER_DISCOVERY"] == "STATIC"


@pytest.mark.parametrize(
    ("host", "kind", "sni"),
    [("controller.example", "DNS", "controller.example"), ("::1", "IP_ADDRESS", None)],
)
def test_tls_holds_the_controller_to_its_name(host: str, kind: str, sni: str | None) -> None:
    filled = _filled(controller_host=host, tls=TLS)
    config = json.loads(json.dumps(filled["TRANSPORT_SOCKET"]))["typed_config"]
    common = config["common_tls_context"]
    (name,) = common["validation_context"]["match_typed_subject_alt_names"]
    assert name == {"san_type": kind, "matcher": {"exact": host}}
    assert config.get("sni") == sni
    assert set(common["tls_params"].values()) == {"TLSv1_3"}
    assert len(common["tls_params"]) == 2  # Envoy as a client ends at TLS 1.2 otherwise


def test_grpc_has_credentials_of_its_own_form() -> None:
    template = "${CHANNEL_CREDENTIALS}"
    where = {"node": "n", "controller_host": "c", "controller_port": 1, "admin": 0}
    plain = bootstrap(template, **where)  # type: ignore[arg-type]
    assert json.loads(plain) == {"type": "insecure"}
    secured = json.loads(bootstrap(template, **where, tls=TLS))  # type: ignore[arg-type]
    assert secured["config"]["ca_certificate_file"] == "ca.pem"


def test_an_ipv6_controller_has_brackets_in_its_uri() -> None:
    assert _filled(controller_host="::1")["CONTROLLER_URI"] == "[::1]:18000"


def test_a_port_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="70000"):
        _filled(controller_port=70000)


def test_an_unknown_placeholder_is_refused() -> None:
    assert Template("${OTHER}").is_valid()
    with pytest.raises(KeyError, match="OTHER"):
        bootstrap("${OTHER}", node="n", controller_host="c", controller_port=1, admin=0)

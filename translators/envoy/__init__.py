"""Envoy's dialect: a plan's share for one host's proxy, as xDS resources."""

from translators.envoy.proxies import Proxies, translated
from translators.envoy.proxy import findings, messages, translate
from translators.envoy.rendering import render
from translators.envoy.resources import EncodedResource, TypedResource

__all__ = [
    "EncodedResource",
    "Proxies",
    "TypedResource",
    "findings",
    "messages",
    "render",
    "translate",
    "translated",
]

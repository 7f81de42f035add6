import pytest
from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from translators.policy.match import PathMatch
from translators.policy.segment import Segment
from translators.policy.shape import PlainMetadata, check_exactly_one


def test_models_are_frozen_and_convert_nothing() -> None:
    metadata = PlainMetadata.model_validate({"name": "x", "labels": {"a": "b"}})
    with pytest.raises(ValidationError):
        metadata.name = "y"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        PlainMetadata.model_validate({"name": "x", "labels": {"a": 1}})


def test_only_tenants_things_have_a_tenant() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        PlainMetadata.model_validate({"name": "x", "tenant": "shop"})
    with pytest.raises(ValidationError, match="Field required"):
        Segment.model_validate({"metadata": {"name": "x"}})


def test_exactly_one_field() -> None:
    check_exactly_one(PathMatch(exact="/a"))
    with pytest.raises(PydanticCustomError, match="none of exact, prefix"):
        check_exactly_one(PathMatch.model_construct())
    with pytest.raises(PydanticCustomError, match="exact and prefix exclude each other"):
        check_exactly_one(PathMatch.model_construct(exact="/a", prefix="/a"))

"""What endpoints share: numbers in addresses; of the JSON API, how a refusal looks, and which ones are told of."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

PREFIX = "/api/v1"
Counted = Annotated[int, Path(ge=1, le=2**63 - 1)]  # a number in an address that the database can count


class Model(BaseModel):
    """A frozen shape of the API."""

    model_config = ConfigDict(frozen=True)


class Told(Model):
    """Why something was refused."""

    code: str = Field(description="For programs; never changes.", examples=["not_found"])
    message: str = Field(description="For people, in the language asked for by Accept-Language.")


def refusals(*statuses: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of these refusals, and of the two that any endpoint may answer."""
    always = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return {status.value: {"model": Told, "description": status.phrase} for status in (*always, *statuses)}

"""The living page of components: what everything looks like, in one place, while developing."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cloud.accounts.web import AnyVisit
from cloud.core.pages import pages_of
from cloud.core.words import SIGNS
from cloud.office.view import Sorting

router = APIRouter(include_in_schema=False)
ROWS = (("Әбдіқадыр Ұлжан", "inside", "07:52"), ("Иванова Мария", "late", "08:07"), ("Өмірзақ Тимур", "absent", ""))


@router.get("/office/ui")
async def components(request: Request, visit: AnyVisit) -> Response:
    """Show every component."""
    sorting = Sorting("name", is_descending=False, address=lambda key: f"?sort={key}")
    return pages_of(request).page(visit, "office/ui.html", signs=tuple(SIGNS), rows=ROWS, sorting=sorting)

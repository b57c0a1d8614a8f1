"""The fleet as its IT looks at it: filtered and sorted. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlencode

from cloud.office.fleet import DeviceSeen, Fleet
from cloud.office.view import Sorting

SEARCH_MAX = 60
NEVER = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(tzinfo=UTC)
SHOWN: Mapping[str, Callable[[DeviceSeen], bool]] = {
    "online": lambda device: device.state == "online",
    "offline": lambda device: device.state in {"offline", "never"},
    "troubled": lambda device: device.needs_a_look,
    "unsent": lambda device: device.unsent > 0,
    "alarms": lambda device: device.alarms > 0,
    "revoked": lambda device: device.state == "revoked",
}
SORTS: Mapping[str, Callable[[DeviceSeen], tuple[object, ...]]] = {
    "name": lambda _device: (),  # active ones first, by name; sorting keeps it
    "seen": lambda device: (device.recorded_at or device.seen_at or NEVER,),
    "unsent": lambda device: (-device.unsent, -device.lost),
    "roster": lambda device: (device.roster_version,),
    "clock": lambda device: (not device.is_rough, device.clock),
    "program": lambda device: (device.firmware,),
    "storage": lambda device: (-(device.wear_pct or 0), device.disk_free_mb or 10**9),
    "signal": lambda device: (device.signal_dbm if device.signal_dbm is not None else 1,),
    "certificate": lambda device: (device.certificate_until or LATEST,),
    "alarms": lambda device: (-(device.worst or 0), -device.alarms),
}


@dataclass(frozen=True, slots=True)
class FleetFilters:
    """What IT asked to see; what cannot be read is ignored."""

    show: str = ""
    search: str = ""
    sort: str = "name"
    is_descending: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read a query string."""
        sort = query.get("sort", "name")
        return cls(
            show=query.get("show", "") if query.get("show") in SHOWN else "",
            search=query.get("search", "").strip()[:SEARCH_MAX],
            sort=sort.removeprefix("-") if sort.removeprefix("-") in SORTS else "name",
            is_descending=sort.startswith("-"),
        )

    @property
    def query(self) -> str:
        """Return the query string of these filters, without what goes without saying."""
        sort = ("-" if self.is_descending else "") + self.sort
        said = {"show": self.show, "search": self.search, "sort": "" if sort == "name" else sort}
        return urlencode({key: value for key, value in said.items() if value})

    def to(self, **changes: object) -> str:
        """Return a link's address with some filters changed."""
        return f"?{replace(self, **changes).query}"  # type: ignore[arg-type]  # templates name fields

    def turned(self, key: str) -> str:
        """Return the address that sorts by a column, the other way round when it is sorted by it already."""
        return self.to(sort=key, is_descending=key == self.sort and not self.is_descending)

    @property
    def sorting(self) -> Sorting:
        return Sorting(self.sort, self.is_descending, self.turned)


def fitting(fleet: Fleet, filters: FleetFilters) -> Sequence[DeviceSeen]:
    """Return the devices that fit, sorted; what needs a look comes first where a column can tell."""
    fits = SHOWN[filters.show] if filters.show else _any
    found = [device for device in fleet.devices if fits(device) and _is_found(device, filters.search.casefold())]
    found.sort(key=SORTS[filters.sort])
    return found[::-1] if filters.is_descending else found


def _is_found(device: DeviceSeen, search: str) -> bool:
    words = (device.name, *(name for gate in device.gates for name in gate.values()))
    return any(search in word.casefold() for word in words)


def _any(_device: DeviceSeen) -> bool:
    return True

"""Tortoise derives queries and filters from the models at each opening; tests open often: here it does so once.

They depend on the models and the kind of database alone, and every opening writes the same into the models' classes.
"""

from tortoise.apps import Apps
from tortoise.models import Model

_derive = Apps._build_initial_querysets
_known: set[frozenset[type[Model]]] = set()


def derive_once() -> None:
    """From now on, do not derive again what is derived: it is half of the time that an opening takes."""
    Apps._build_initial_querysets = _derive_unless_known  # type: ignore[assignment]


def _derive_unless_known(apps: Apps) -> None:
    models = frozenset(apps.get_models_iterable())
    if models in _known:
        return
    _derive(apps)
    if type(apps) is Apps:  # migrations have classes of their own, new ones each time
        _known.add(models)

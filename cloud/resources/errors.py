"""What the catalogue refuses."""

from cloud.core.errors import Refused


class ResourceRefused(Refused):
    """A resource cannot be kept as it was entered."""

    code = "resource_refused"


class AddressRefused(Refused):
    """An address on the web cannot be used."""

    code = "address_refused"

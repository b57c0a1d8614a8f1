"""What the fleet refuses."""

from http import HTTPStatus

from cloud.core.errors import Refused
from cloud.core.messages import message


class DeviceNameWrong(Refused):
    """A device's name is not one that can stand on the wire."""

    code = "device_name_wrong"

    def __init__(self, name: str) -> None:
        super().__init__(
            message(
                "A device is named by 3 to 24 small letters, digits and hyphens, as almaty5-gate-1; “{name}” is not.",
                name=name[:40],
            )
        )


class DeviceTaken(Refused):
    """There is a device of this name already, here or at another school."""

    status = HTTPStatus.CONFLICT
    code = "device_taken"

    def __init__(self, name: str) -> None:
        super().__init__(message("There is a device “{name}” already. Choose another name.", name=name))


class PinRefused(Refused):
    """A PIN that is none, or is guessed first."""

    code = "pin_refused"

    def __init__(self) -> None:
        super().__init__(message("A PIN has 6 to 8 digits that are not guessed first, as 123456 or 000000 would be."))


class DeviceUnknown(Refused):
    """There is no device of this name."""

    status = HTTPStatus.NOT_FOUND
    code = "device_unknown"

    def __init__(self, name: str) -> None:
        super().__init__(message("There is no device “{name}”. See the list of devices.", name=name[:40]))


class GateRefused(Refused):
    """A gate cannot be as it was given."""

    code = "gate_refused"


class HubTaken(Refused):
    """A school has one hub."""

    status = HTTPStatus.CONFLICT
    code = "hub_taken"

    def __init__(self, hub: str) -> None:
        super().__init__(message("This school's hub is “{hub}” already. Revoke it first.", hub=hub))


class CaMissing(Refused):
    """There is no certification authority yet."""

    status = HTTPStatus.CONFLICT
    code = "ca_missing"

    def __init__(self, folder: str) -> None:
        super().__init__(
            message("There is no certification authority in {folder}. Make it: esik cloud ca init", folder=folder)
        )


class CaExists(Refused):
    """A certification authority is never written over: every device trusts it."""

    status = HTTPStatus.CONFLICT
    code = "ca_exists"

    def __init__(self, folder: str) -> None:
        super().__init__(
            message("There is a certification authority in {folder} already; every device trusts it.", folder=folder)
        )


class RequestRefused(Refused):
    """A device's request was not signed as it must be; the answer tells programs why, and nobody more."""

    status = HTTPStatus.UNAUTHORIZED
    code = "request_refused"

    def __init__(self, why: str) -> None:
        super().__init__(message("The request is not signed as a device's must be: {why}.", why=why))


class TimeOff(RequestRefused):
    """The request is the device's, but its time is so far off that it could be an old one."""

    code = "time_off"


class DeviceRevoked(Refused):
    """The device is believed no more."""

    status = HTTPStatus.FORBIDDEN
    code = "device_revoked"

    def __init__(self) -> None:
        super().__init__(message("This device was revoked. Add it again, and give it the new bundle."))


class CsrRefused(Refused):
    """What should be a certification request is none that can be gone by."""

    status = HTTPStatus.BAD_REQUEST
    code = "csr_refused"

    def __init__(self, why: str) -> None:
        super().__init__(message("This is no certification request of this device: {why}.", why=why))


class KeyForeign(Refused):
    """A certificate was asked for another key than the device's."""

    status = HTTPStatus.FORBIDDEN
    code = "key_foreign"

    def __init__(self) -> None:
        super().__init__(
            message(
                "This is not the device's registered key. If the device lost it, revoke the device and add it again."
            )
        )


class CertificateNone(Refused):
    """The device was added without a certificate."""

    status = HTTPStatus.CONFLICT
    code = "certificate_none"

    def __init__(self) -> None:
        super().__init__(message("This device was added without a certificate: there is none to renew."))


class ApprovalNeeded(Refused):
    """A certificate ended so long ago that a person has to say that the device is still the school's."""

    status = HTTPStatus.ACCEPTED
    code = "approval_needed"

    def __init__(self) -> None:
        super().__init__(
            message("The certificate ended more than 180 days ago: the school's IT has to approve its renewal.")
        )


class ApprovalNotNeeded(Refused):
    """There is nothing to approve."""

    status = HTTPStatus.CONFLICT
    code = "approval_not_needed"

    def __init__(self, name: str) -> None:
        super().__init__(message("“{name}” needs no approval: it renews its certificate by itself.", name=name))


class CertificatesTooMany(Refused):
    """A device was issued more certificates in a day than it can have a use for."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "certificates_too_many"

    def __init__(self) -> None:
        super().__init__(message("This device was issued many certificates today. It may ask again later."))


class GateUnknown(Refused):
    """The school has no such gate."""

    status = HTTPStatus.NOT_FOUND
    code = "gate_unknown"

    def __init__(self, key: str) -> None:
        super().__init__(message("This school has no gate “{key}”. Choose a door, or add one first.", key=key[:40]))


class GateTaken(Refused):
    """The school has a gate of this key already."""

    status = HTTPStatus.CONFLICT
    code = "gate_taken"

    def __init__(self, key: str) -> None:
        super().__init__(message("There is a gate “{key}” already: choose it in the list.", key=key[:40]))


class RuleRefused(Refused):
    """A gate cannot have such a rule."""

    code = "gate_rule_refused"

"""What the releases refuse."""

from http import HTTPStatus

from cloud.core.errors import NotFound, Refused
from cloud.core.messages import message


class ReleaseKeyExists(Refused):
    """A release key is not written over."""

    status = HTTPStatus.CONFLICT
    code = "release_key_exists"

    def __init__(self, place: str) -> None:
        super().__init__(message("There is a release key at {place} already. Choose another folder.", place=place))


class ReleaseKeyRefused(Refused):
    """A file is not a release key that can be used."""

    code = "release_key_refused"

    def __init__(self, place: str) -> None:
        super().__init__(
            message("{place} is no release key that can be used. Check the file and the passphrase.", place=place)
        )


class ReleaseKeyMissing(Refused):
    """This cloud trusts no release key."""

    status = HTTPStatus.CONFLICT
    code = "release_key_missing"

    def __init__(self) -> None:
        super().__init__(
            message("This cloud trusts no release key yet. Run `esik cloud release key trust release.pub`.")
        )


class FolderRefused(Refused):
    """A folder cannot be made a release of."""

    code = "folder_refused"

    def __init__(self, place: str, why: str) -> None:
        super().__init__(message("{place} cannot be made a release of: {why}.", place=place, why=why))


class ReleaseNotTaken(Refused):
    """A release is not one that can be given out; the reason is that of `schemas.release`."""

    code = "release_not_taken"

    def __init__(self, why: str) -> None:
        super().__init__(message("This release is not taken: {why}.", why=why))


class ReleaseUnknown(NotFound):
    """There is no release of this product, board and counter."""

    code = "release_unknown"

    def __init__(self, counter: int) -> None:
        super().__init__(message("There is no release {counter}. See the list of releases.", counter=counter))


class AskedWrong(Refused):
    """A device's question is not one."""

    status = HTTPStatus.BAD_REQUEST
    code = "asked_wrong"

    def __init__(self) -> None:
        super().__init__(message("The question names no product, board and counter that there can be."))


class DeviceNotFit(Refused):
    """A device cannot be the first to get a release."""

    code = "device_not_fit"

    def __init__(self, device: str) -> None:
        super().__init__(
            message(
                "“{device}” cannot be the first: it has not yet asked for releases of this product and board, or runs "
                "this one already.",
                device=device[:40],
            )
        )


class RolloutElsewhere(Refused):
    """Another release of the same product and board is being given out."""

    status = HTTPStatus.CONFLICT
    code = "rollout_elsewhere"

    def __init__(self, counter: int) -> None:
        super().__init__(message("Release {counter} is being given out. Give it up first.", counter=counter))


class RolloutNot(Refused):
    """A rollout is not in a state in which this can be done."""

    status = HTTPStatus.CONFLICT
    code = "rollout_not"

    def __init__(self, counter: int) -> None:
        super().__init__(message("This cannot be done with release {counter} as it stands.", counter=counter))

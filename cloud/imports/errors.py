"""What is refused before any row is read."""

from cloud.core.errors import Refused


class FileRefused(Refused):
    """The file is no spreadsheet or roster that can be read, or too big a one."""

    code = "import_file_refused"

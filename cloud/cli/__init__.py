"""The command `esik cloud`: runs the service, and does from a terminal what its actions do."""

from cloud.cli.commands import app as app

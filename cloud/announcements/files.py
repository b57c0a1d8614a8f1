"""Where files of announcements are kept; they are looked at and named as those of messages are."""

from cloud.core.handed_files import Shelf

FILES = Shelf("posting_file", "posting_id")

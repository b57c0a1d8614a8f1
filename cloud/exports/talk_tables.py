"""Tables of talks and of the notice board, as they go out in an export."""

from cloud.announcements.files import FILES as POSTING_FILES
from cloud.announcements.kinds import TEXTS as POSTING_TEXTS
from cloud.exports.shapes import Sealed, Secret, Table, sealed_by, through
from cloud.talks.files import FILES
from cloud.talks.kinds import BEFORE, HIDDEN, MUTED, REPORTED, TITLE, WORDS

TALKS = (
    Table("talk_section"),
    Table("talk", sealed={"title_encrypted": Sealed(TITLE, Secret.CONTACT)}),
    Table(
        "talk_post",
        sealed={"words_encrypted": Sealed(WORDS, Secret.CONTACT), "why_encrypted": Sealed(HIDDEN, Secret.CONTACT)},
    ),
    Table("talk_revision", through("post_id", "talk_post"), sealed={"words_encrypted": Sealed(BEFORE, Secret.CONTACT)}),
    Table(
        "talk_file",
        sealed=sealed_by(FILES),
        files={"content_encrypted": "documents/talk-{id}.{media}"},
    ),
    Table("talk_reading", through("talk_id", "talk")),
    Table("talk_report", sealed={"words_encrypted": Sealed(REPORTED, Secret.CONTACT)}),
    Table("talk_mute", sealed={"why_encrypted": Sealed(MUTED, Secret.CONTACT)}),
    Table("posting", sealed={"texts_encrypted": Sealed(POSTING_TEXTS, Secret.CONTACT)}),
    Table("posting_class", through("posting_id", "posting")),
    Table(
        "posting_file",
        sealed=sealed_by(POSTING_FILES),
        files={"content_encrypted": "documents/announcement-{id}.{media}"},
    ),
    Table("posting_reading", through("posting_id", "posting")),
)

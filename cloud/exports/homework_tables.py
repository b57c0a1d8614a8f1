"""The tables of homework, as they go out: tasks with their files, and what students handed in."""

from cloud.exports.shapes import Sealed, Table, sealed_by, through
from cloud.homework.files import FILES
from cloud.homework.kinds import ANSWER_FILE, COMMENT, WORDS

HOMEWORK = (
    Table("homework"),
    Table("homework_member", through("homework_id", "homework")),
    Table(
        "homework_file",
        sealed=sealed_by(FILES),
        files={"content_encrypted": "documents/homework-{id}.{media}"},
    ),
    Table(
        "homework_answer",
        sealed={"words_encrypted": Sealed(WORDS), "comment_encrypted": Sealed(COMMENT)},
    ),
    Table(
        "homework_answer_file",
        sealed={"content_encrypted": Sealed(ANSWER_FILE)},
        files={"content_encrypted": "documents/homework-answer-{id}.{media}"},
    ),
    Table("homework_norm"),
)

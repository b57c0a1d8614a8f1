"""The routes of talks and of the notice board, with the right that each asks for."""

from cloud.core.rights import Right

TALK = "/talks/{talk_id}"
POST = f"{TALK}/posts/{{post_id}}"
DESK = "/schools/{code}/talks"
BOARD = "/schools/{code}/announcements"
TALK_ROUTES: dict[str, Right] = {
    "GET /talks": Right.TALKS_JOIN,
    "GET /talks/sections/{section_id}": Right.TALKS_JOIN,
    "POST /talks/sections/{section_id}": Right.TALKS_JOIN,
    f"GET {TALK}": Right.TALKS_JOIN,
    f"GET {TALK}/live": Right.TALKS_JOIN,
    f"POST {TALK}": Right.TALKS_JOIN,
    f"GET {TALK}/files/{{file_id}}": Right.TALKS_JOIN,
    f"GET {POST}": Right.TALKS_JOIN,
    f"POST {POST}/edit": Right.TALKS_JOIN,  # of one's own posts
    f"POST {POST}/delete": Right.TALKS_JOIN,
    f"POST {POST}/report": Right.TALKS_JOIN,
    f"POST {POST}/hide": Right.TALKS_MODERATE,
    f"POST {POST}/stand": Right.TALKS_MODERATE,
    f"POST {POST}/mute": Right.TALKS_MODERATE,
    f"POST {TALK}/set": Right.TALKS_MODERATE,  # and who leads it
    f"POST {TALK}/close": Right.TALKS_MODERATE,
    f"POST {TALK}/open-again": Right.TALKS_MODERATE,
    f"GET {DESK}": Right.TALKS_MODERATE,  # and who leads chats, its own
    f"POST {DESK}/open": Right.TALKS_MODERATE,  # who leads the course or class
    f"GET {DESK}/reports": Right.TALKS_MODERATE,
    f"POST {DESK}/mutes/{{mute_id}}/lift": Right.TALKS_MODERATE,
    f"GET {DESK}/sections": Right.FORUM_KEEP,
    f"POST {DESK}/sections": Right.FORUM_KEEP,
    f"POST {DESK}/sections/{{section_id}}": Right.FORUM_KEEP,
    f"GET {DESK}/{{talk_id}}/archive.zip": Right.TALKS_EXPORT,
    "GET /announcements": Right.BOARD_READ,
    "GET /announcements/{number}": Right.BOARD_READ,
    "GET /announcements/{number}/files/{file_id}": Right.BOARD_READ,
    "POST /announcements/{number}/confirm": Right.BOARD_READ,
    f"GET {BOARD}": Right.BOARD_POST,
    f"GET {BOARD}/new": Right.BOARD_POST,
    f"POST {BOARD}/new": Right.BOARD_POST,
    f"GET {BOARD}/{{number}}": Right.BOARD_POST,
    f"GET {BOARD}/{{number}}/files/{{file_id}}": Right.BOARD_POST,
    f"POST {BOARD}/{{number}}/days": Right.BOARD_POST,
    f"POST {BOARD}/{{number}}/withdraw": Right.BOARD_POST,
}

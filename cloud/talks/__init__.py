"""Talks: chats of courses, classes and their parents, and topics of the forum; posts, files, moderation, archive."""

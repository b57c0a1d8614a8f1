"""The notice board: what staff announces to a school, from a day to a day, with files, confirmed as read."""

"""When work of a night is done: once a night, in its small hours; by day too where a night was missed."""

from datetime import timedelta

NIGHT = range(1, 5)  # hours of the place
EVERY = timedelta(hours=20)  # not again so soon
LATEST = timedelta(hours=30)  # after so long at any hour

"""The embedded edition: PostgreSQL from a wheel as a child of this program."""

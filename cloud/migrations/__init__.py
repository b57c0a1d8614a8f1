"""Migrations of the database, in order of their numbers; applied by cloud.core.migrating."""

"""A school from a spreadsheet, whole or not at all."""

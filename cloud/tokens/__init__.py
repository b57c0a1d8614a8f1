"""Tokens of the API: which program may ask what at which school, until when."""

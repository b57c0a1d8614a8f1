"""SCIM 2.0: a school's or region's directory opens, changes and closes accounts of staff."""

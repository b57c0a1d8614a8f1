"""Alerts that children were not seen at school: judged at each class's deadline, held where they may be wrong."""

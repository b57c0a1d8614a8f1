"""The servers and programs that the service runs on: what is measured, what is abnormal, and who is told of it."""

"""What starts the agent's releases; `deploy/edge/README.md` says how it is put on a machine."""

"""The durable log of an agent: what was decided and seen, kept until the cloud has it."""

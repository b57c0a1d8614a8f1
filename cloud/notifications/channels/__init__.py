"""Channels: the ways to a guardian's phone and mailbox, what each guardian chose, and the queue of deliveries."""

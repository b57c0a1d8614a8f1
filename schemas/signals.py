"""What a node shows, moves and senses, as numbers: those of a head's messages, which a gate alone needs, too."""

# Contacts, as bits: one that is closed, a fire panel that speaks
PASSED_IN, PASSED_OUT, FIRE = 1, 2, 4
# Lights
DARK, GREEN, RED, AMBER = 0, 1, 2, 3
# Sounds
SILENT, SHORT, LONG = 0, 1, 2
# Outputs: the relays, the red light, and light and sound by which a person finds the node
RELAY_IN, RELAY_OUT, RED_LIGHT, LOCATE = 1, 2, 3, 4

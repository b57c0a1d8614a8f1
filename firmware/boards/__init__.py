"""One board a file, as data: the only place where a pin has a number.

NAME       what the board is called, by the firmware and in hardware/
CHIP       whose pins they are, see `pins.py`
LINE       how a head hangs on its agent: "usb", or an UART; None for a gate that stands alone
READERS    how each kind of card reader is wired; one of them is there, the first unless the settings say another
OUTPUTS    relays, lights and the buzzer
ACTIVE_LOW outputs that are on while their pin is low
INPUTS     contacts that close to ground; the fire panel's is closed while nothing burns
WIEGAND    the two lines of a Wiegand reader, behind a level shifter; None where there is none
SCANNER    the serial line of a scanner of codes; None where there is none
"""

"""The `network` module of a simulated board: a Wi-Fi that is there unless a test takes it away."""

STA_IF, AP_IF = 0, 1
STAT_IDLE, STAT_CONNECTING, STAT_GOT_IP, STAT_WRONG_PASSWORD, STAT_NO_AP_FOUND = 1000, 1001, 1010, 202, 201


class WLAN:
    """A station. `is_there` is the access point's; all stations of the board see the same air."""

    IF_STA, IF_AP = STA_IF, AP_IF
    is_there = True
    joins = 0
    _is_active = False
    _is_connected = False

    def __init__(self, interface=STA_IF):
        self.interface = interface

    def active(self, wanted=None):
        if wanted is not None:
            WLAN._is_active = bool(wanted)
            WLAN._is_connected = WLAN._is_connected and WLAN._is_active
        return WLAN._is_active

    def connect(self, ssid=None, key=None, **others):
        if not WLAN._is_active:
            raise OSError("the interface is not active")
        WLAN.joins += 1
        WLAN._is_connected = WLAN.is_there

    def disconnect(self):
        WLAN._is_connected = False

    def isconnected(self):
        return WLAN._is_connected and WLAN.is_there

    def status(self, what=None):
        if what == "rssi":
            return -55
        if self.isconnected():
            return STAT_GOT_IP
        return STAT_IDLE if WLAN.is_there else STAT_NO_AP_FOUND

    def config(self, *names, **settings):
        return b"\xe5\x1c\x00\x00\x00\x01" if names == ("mac",) else None

    def ifconfig(self, addresses=None):
        return ("127.0.0.1", "255.0.0.0", "127.0.0.1", "127.0.0.1")


def hostname(name=None):
    return name or "esik"


def country(code=None):
    return code or "KZ"

"""The `machine` module of a simulated board, as far as the firmware asks for it (MicroPython 1.24, `machine`)."""

import io
import select

import board
import ffi
import micropython

PWRON_RESET, HARD_RESET, WDT_RESET, DEEPSLEEP_RESET, SOFT_RESET = 1, 2, 3, 4, 5
RESTARTED = 75  # the status a program ends with when it asked for a reset
SIGALRM = 14
libc = ffi.open(None)


def unique_id():
    return board.UNIQUE_ID


def reset():
    """End the program where it stands, as a board's does: nothing is cleaned up, whoever asked for it."""
    libc.func("v", "_exit", "i")(RESTARTED)


soft_reset = reset


def reset_cause():
    return PWRON_RESET


def freq(hz=240_000_000):
    return hz


class Pin:
    """A pin; what it puts out is written down, what it senses is driven by `board.drive` or the board's folder."""

    IN, OUT, OPEN_DRAIN, PULL_UP, PULL_DOWN = 1, 3, 7, 2, 1
    IRQ_RISING, IRQ_FALLING = 1, 2

    def __init__(self, id, mode=-1, pull=-1, value=None):
        self.id, self.mode, self.pull = id, mode, pull
        self._level = 1 if pull == Pin.PULL_UP else 0
        self._heard = (None, 0)
        board.pins[id] = self
        if value is not None:
            self.value(value)

    def init(self, mode=-1, pull=-1, value=None):
        self.mode, self.pull = mode, pull
        if value is not None:
            self.value(value)

    def value(self, level=None):
        if level is None:
            outside = board.sensed(self.id) if self.mode == Pin.IN else None
            if outside is not None and outside != self._level:
                self.sense(outside)
            return self._level
        level = 1 if level else 0
        if level != self._level:
            board.note("%s %d" % (self.id, level))
        self._level = level
        return None

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=IRQ_RISING | IRQ_FALLING, hard=False):
        self._heard = (handler, trigger)

    def sense(self, level):
        """Change the level from outside; an interrupt is served at once."""
        before, self._level = self._level, 1 if level else 0
        handler, trigger = self._heard
        edge = Pin.IRQ_RISING if self._level > before else Pin.IRQ_FALLING
        if handler is not None and before != self._level and trigger & edge:
            handler(self)


class PWM:
    """A tone or a dimmed light; only that it sounds is told."""

    def __init__(self, pin, freq=0, duty_u16=0):
        self.pin = pin
        self.init(freq=freq, duty_u16=duty_u16)

    def init(self, freq=0, duty_u16=0):
        self._freq = freq
        self.duty_u16(duty_u16)

    def freq(self, hz=None):
        if hz is None:
            return self._freq
        self._freq = hz
        return None

    def duty_u16(self, duty=None):
        if duty is None:
            return self._duty
        self._duty = duty
        board.note("%s pwm %d %d" % (self.pin.id, self._freq, duty))
        return None

    def deinit(self):
        self.duty_u16(0)


class UART(io.IOBase):
    """A serial line over the terminal `uart<id>` of the board's folder; its other end should be raw."""

    def __init__(self, id, baudrate=9600, **others):
        self.id, self.baudrate = id, baudrate
        self._line = open(board.path("uart%d" % id), "r+b")
        self._ready = select.poll()
        self._ready.register(self._line, select.POLLIN)

    def init(self, baudrate=9600, **others):
        self.baudrate = baudrate

    def deinit(self):
        self._line.close()

    def any(self):
        return 1 if self._ready.poll(0) else 0

    def read(self, nbytes=256):
        """Return what has come, at most so many bytes; None when nothing has."""
        found = b""
        while len(found) < nbytes and self.any():
            found += self._line.read(1)
        return found or None

    def readinto(self, buffer, nbytes=None):
        found = self.read(len(buffer) if nbytes is None else nbytes)
        if found is None:
            return None
        buffer[: len(found)] = found
        return len(found)

    def write(self, content):
        return self._line.write(content)

    def flush(self):
        pass

    def txdone(self):
        return True

    def ioctl(self, request, argument):
        """Tell select and asyncio whether there is something to read; there is always room to write."""
        if request != 3:  # MP_STREAM_POLL
            return 0
        return argument & (select.POLLOUT | (select.POLLIN if self.any() else 0))


class WDT:
    """A watchdog that counts how often it was fed; a test looks at `latest`."""

    latest = None

    def __init__(self, id=0, timeout=5_000):
        self.timeout, self.fed = timeout, 0
        WDT.latest = self

    def feed(self):
        self.fed += 1


class Timer:
    """A hardware timer, of whole seconds: one runs at a time. SIGALRM tells it that its time has passed.

    Its callback runs between two steps of the program, as one on an ESP32 does, also when the program hangs.
    """

    ONE_SHOT, PERIODIC = 0, 1

    def __init__(self, id):
        if id < 0:
            raise ValueError("invalid Timer number")

    def init(self, mode=PERIODIC, period=-1, callback=None):
        self._wait_s, self._mode, self._callback = period // 1000, mode, callback
        self._due = self._served  # made now: where a signal is heard there is no memory for it
        self._heard = ffi.callback("v", self._hear, "i", lock=True)
        libc.func("p", "signal", "ip")(SIGALRM, self._heard)
        self._wait()

    def deinit(self):
        libc.func("i", "alarm", "i")(0)

    def _wait(self):
        libc.func("i", "alarm", "i")(self._wait_s)

    def _hear(self, _signal):
        micropython.schedule(self._due, self)

    def _served(self, _timer):
        if self._mode == Timer.PERIODIC:
            self._wait()
        self._callback(self)


class RTC:
    """A clock without a battery: it knows what it was last told."""

    _told = (2000, 1, 1, 5, 0, 0, 0, 0)

    def datetime(self, when=None):
        if when is None:
            return RTC._told
        RTC._told = tuple(when)
        return None


class SPI:
    """A bus whose peer a test puts on `SPI.peers[id]`: it is given bytes and returns as many.

    Without one it is the terminal `spi<id>` of the board's folder, to which each transaction goes behind its length.
    """

    peers = {}
    MSB = 0

    def __init__(self, id, baudrate=1_000_000, **others):
        self.id, self.baudrate = id, baudrate
        if id not in SPI.peers:
            SPI.peers[id] = board.Bus("spi%d" % id).transfer

    def init(self, baudrate=1_000_000, **others):
        self.baudrate = baudrate

    def write_readinto(self, out, into):
        into[:] = SPI.peers[self.id](bytes(out))

    def write(self, out):
        SPI.peers[self.id](bytes(out))

    def read(self, nbytes, fill=0):
        return SPI.peers[self.id](bytes([fill]) * nbytes)

    def readinto(self, into, fill=0):
        into[:] = self.read(len(into), fill)


class I2C:
    """A bus whose devices a test puts on `I2C.peers[address]`, with `write(bytes)` and `read(count)`.

    Without one they are behind the terminal `i2c<id>` of the board's folder, if there is one.
    """

    peers = {}

    def __init__(self, id=0, freq=400_000, **others):
        self.id, self.freq = id, freq

    def scan(self):
        return sorted(I2C.peers)

    def writeto(self, address, content, stop=True):
        return self._peer(address).write(bytes(content))

    def readfrom(self, address, nbytes, stop=True):
        return self._peer(address).read(nbytes)

    def readfrom_into(self, address, into, stop=True):
        into[:] = self.readfrom(address, len(into))

    def _peer(self, address):
        if address in I2C.peers:
            return I2C.peers[address]
        if not board.has("i2c%d" % self.id):
            raise OSError(19)  # ENODEV
        I2C.peers[address] = board.Device("i2c%d" % self.id, address)
        return I2C.peers[address]


SoftI2C = I2C
SoftSPI = SPI

"""SLIP (RFC 1055): how packets stand between bytes on the line of a boot loader; pure."""

END, ESCAPE = 0xC0, 0xDB
_ESCAPED = {0xDC: END, 0xDD: ESCAPE}
PACKET_MAX = 64 * 1024


def slip(packet: bytes) -> bytes:
    """Return a packet as it stands on the line."""
    return b"\xc0" + packet.replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


class SlipReader:
    """Puts packets together from bytes that are cut anywhere; what stands between packets is passed over."""

    def __init__(self) -> None:
        self._packet = bytearray()
        self._is_inside = False
        self._is_escaped = False

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes; return the packets that ended, none of them empty or longer than PACKET_MAX."""
        packets = [self._take(byte) for byte in chunk]
        return [packet for packet in packets if packet]

    def _take(self, byte: int) -> bytes | None:
        if byte == END:
            return self._end()
        if not self._is_inside:
            return None
        if self._is_escaped:
            self._is_escaped = False
            byte = _ESCAPED.get(byte, byte)
        elif byte == ESCAPE:
            self._is_escaped = True
            return None
        self._packet.append(byte)
        if len(self._packet) > PACKET_MAX:
            self._packet.clear()
            self._is_inside = False
        return None

    def _end(self) -> bytes | None:
        """End a packet, or begin one: an END after nothing is the next one's beginning."""
        if not self._is_inside or not self._packet:
            self._is_inside = True
            return None
        packet = bytes(self._packet)
        self._packet.clear()
        self._is_inside = self._is_escaped = False
        return packet

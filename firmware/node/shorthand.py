"""Records made short for the flash: what recurs in every record of a gate becomes one byte.

Rule: what was written is read back to the byte. The table belongs to the journal's format: it only grows at its end.
"""

_RECURRING = (
    b'{"k":"decision","m":',
    b'{"k":"passage","m":',
    b'{"k":"open","m":',
    b'{"k":"alarm","m":',
    b'{"k":"health","m":',
    b'{"k":"loss","m":',
    b',"q":"ntp","g":"',
    b',"q":"',
    b'","d":"in","o":"',
    b'","d":"out","o":"',
    b'allowed","w":"ok","r":',
    b'denied","w":"',
    b'passed","p":"',
    b'no_passage","p":"',
    b',"t":1',
    b',"p":"',
    b',"c":"',
    b',"w":"',
    b'","r":',
    b'","s":',
    b'","b":"',
    b'","pe":"',
    b'","ph":',
    b',"pd":"',
    b',"fw":"',
    b',"un":',
    b'","md":"qr"',
    b',"n":',
    b',"g":"',
)

_CODES = tuple((text, bytes((place + 1,))) for place, text in enumerate(_RECURRING))


def shorten(record: bytes) -> "bytes | None":
    """Return the short form; None when a record cannot have one, since it holds bytes that stand for others."""
    if not record or min(record) < 32:
        return None
    for text, code in _CODES:
        record = record.replace(text, code)
    return record


def lengthen(short: bytes) -> bytes:
    """Return the record of a short form."""
    for text, code in _CODES:
        short = short.replace(code, text)
    return short

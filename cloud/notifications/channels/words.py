"""The words of deliveries: what a channel is called, how a notice went by it, and why it did not."""

from dataclasses import dataclass

from cloud.core.formats import Formats
from cloud.core.i18n import N_, translate
from cloud.core.messages import Message, message
from cloud.core.messenger_targets import APPRISE
from cloud.notifications.channels.queries import DeliveryRow
from cloud.notifications.channels.reach_words import REACH_WHYS
from cloud.notifications.channels.rules import State, Why
from cloud.notifications.channels.sender import EMAIL, SMS, TELEGRAM, WEBPUSH

CHANNELS = {
    WEBPUSH: N_("Message on this phone or computer"),
    TELEGRAM: "Telegram",  # a name
    EMAIL: N_("E-mail"),
    SMS: N_("SMS"),
}
TONES = {
    State.QUEUED: "mute", State.HELD: "mute", State.FAILED: "warn", State.SENT: "out", State.CONFIRMED: "in",
    State.DEAD: "no", State.SKIPPED: "mute",
}  # fmt: skip
STATES = {
    State.QUEUED: N_("Waiting"),
    State.HELD: N_("Held in quiet hours"),
    State.FAILED: N_("To be tried again"),
    State.SENT: N_("Sent"),
    State.CONFIRMED: N_("Arrived"),
    State.DEAD: N_("Not delivered"),
    State.SKIPPED: N_("Not sent"),
}
WHYS = {
    Why.LATE: N_("it happened too long ago to disturb anybody"),
    Why.NO_RIGHT: N_("the right to be told of the child had ended"),
    Why.NO_ADDRESS: N_("the address had been removed"),
    Why.REACHED: N_("it had arrived or was read before"),
    Why.CAP: N_("the school's SMS of the month are used up"),
    Why.TOO_LATE: N_("it waited for too long"),
    Why.UNKNOWN: N_("it may have been sent; nobody knows"),
    Why.UNANSWERED: N_("the carrier did not answer"),
    Why.UNDELIVERED: N_("the phone network did not deliver it"),
    "changed": N_("the school knows another one of yours now"),
    "timeout": N_("the carrier did not answer in time"),
    "error": N_("a fault of this service"),
    "mail_address": N_("the mail server does not know the address"),
    "mail_server": N_("the mail server refused it"),
    "mail_unreached": N_("the mail server could not be reached"),
    "sms_number": N_("no SMS can be sent to the number"),
    "sms_text": N_("the gateway refused the text"),
    "sms_abroad": N_("SMS go to numbers of this country only"),
    "sms_gateway": N_("the gateway takes nothing now"),
    "sms_crowded": N_("too many SMS were on their way"),
    "sms_unreached": N_("the gateway could not be reached"),
    "sms_unanswered": N_("the gateway did not answer; the SMS may have come"),
    "apprise_refused": N_("the messenger did not take it"),
    "apprise_address": N_("the messenger's address cannot be used"),
    **REACH_WHYS,
}


@dataclass(frozen=True, slots=True)
class Told:
    """How a notice went by a channel: a sentence, and the tone of the theme."""

    words: str
    tone: str


def channel_name(channel: str) -> Message:
    """Return what a channel is called; of a messenger of the operator's its own name."""
    if channel in CHANNELS:
        return Message(CHANNELS[channel])
    return Message(channel.removeprefix(APPRISE).capitalize())


def why_of(code: str) -> Message:
    """Return why, of a code that tables keep; of one that is new here, the code."""
    known = WHYS.get(code.partition(":")[0])
    return Message(known) if known else message("code {code}", code=code)


def told_of(row: DeliveryRow, formats: Formats) -> Told:
    """Return how a notice went by a channel."""
    return Told(translate(formats.language, _said(row, formats)), TONES[row.state])


def _said(row: DeliveryRow, formats: Formats) -> Message:
    channel, why = channel_name(row.channel), why_of(row.why)
    match row.state:
        case State.QUEUED | State.FAILED:
            return _waits(row, formats, channel, why)
        case State.HELD:
            time = "" if row.held_until is None else formats.moment(row.held_until)
            return message("{channel}: held in quiet hours until {time}.", channel=channel, time=time)
        case State.SENT | State.CONFIRMED:
            return _went(row, formats, channel, why)
        case State.DEAD:
            return message("{channel}: given up, {why}.", channel=channel, why=why)
        case State.SKIPPED:
            return message("{channel}: not sent, {why}.", channel=channel, why=why)


def _waits(row: DeliveryRow, formats: Formats, channel: Message, why: Message) -> Message:
    if row.next_at is None or (row.state is State.QUEUED and row.step == 0):
        return message("{channel}: waiting to be sent.", channel=channel)
    time = formats.hour(row.next_at)
    if row.state is State.QUEUED:
        return message("{channel}: goes at {time} if nothing has arrived before.", channel=channel, time=time)
    return message("{channel}: failed, {why}; tried again at {time}.", channel=channel, why=why, time=time)


def _went(row: DeliveryRow, formats: Formats, channel: Message, why: Message) -> Message:
    if row.confirmed_at is not None:
        return message("{channel}: arrived at {time}.", channel=channel, time=formats.hour(row.confirmed_at))
    time = "" if row.sent_at is None else formats.hour(row.sent_at)
    if row.why:
        return message("{channel}: sent at {time}; {why}.", channel=channel, time=time, why=why)
    return message("{channel}: sent at {time}.", channel=channel, time=time)

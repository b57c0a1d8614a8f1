"""The doorkeeper of the embedded broker: a plugin of amqtt that takes names from certificates and asks the rules.

Rule: a client's own word about its name is overwritten by its certificate's; without a certificate nobody comes in.
"""

from dataclasses import dataclass, field

from amqtt.contexts import Action
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin
from amqtt.session import Session
from typing_extensions import override

from cloud.brokers.access import Access


class Doorkeeper(BaseAuthPlugin, BaseTopicPlugin):  # type: ignore[misc] # amqtt ships no types
    """Both of amqtt's questions: who is this, and may it."""

    @dataclass
    class Config:
        """The rules, shared with whoever keeps them up to date."""

        access: Access = field(default_factory=Access)

    @override
    async def authenticate(self, *, session: Session) -> bool:
        """Take the name in the client's certificate, which TLS has verified."""
        certificate = (session.ssl_object.getpeercert() if session.ssl_object else None) or {}
        subject = [pair for part in certificate.get("subject", ()) for pair in part]
        name = next((value for key, value in subject if key == "commonName"), "")
        session.username = name
        access: Access = self.config.access
        return access.may_enter(name, str(certificate.get("serialNumber", "")))

    @override
    async def topic_filtering(
        self, *, session: Session | None = None, topic: str | None = None, action: Action | None = None
    ) -> bool:
        """Tell whether a session may do this with a topic."""
        if session is None or not session.username or topic is None:
            return False
        access: Access = self.config.access
        match action:
            case Action.PUBLISH:
                return access.may_write(session.username, topic)
            case Action.SUBSCRIBE:
                return access.may_subscribe(session.username, topic)
            case Action.RECEIVE:
                return access.may_hear(session.username, topic)
            case _:
                return False

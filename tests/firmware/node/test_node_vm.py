"""The microcontroller's programs as they run on MicroPython itself, with a board's memory."""

from pathlib import Path

from tests.firmware.vm import run_vm
from tests.servers.mosquitto import Mosquitto

HERE = Path(__file__).parent


def test_the_mqtt_client_speaks_with_mosquitto_from_micropython(mosquitto_server: Mosquitto) -> None:
    told = run_vm(str(HERE / "mqtt_conversation.py"), str(mosquitto_server.port))

    assert told.splitlines() == ["5 of 5 messages came back", "closed"]

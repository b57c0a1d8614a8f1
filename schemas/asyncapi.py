"""Writes `asyncapi.json`, the AsyncAPI 3 document of the line between a device and the cloud, as the device sees it.

Everything in it comes from the JSON Schemas, `topics.py` and the vectors; nothing is named here a second time.
Run `python -m schemas.asyncapi` after a change of those; a test fails while the file is stale.
"""

import json
from typing import Any

from schemas import seal, topics
from schemas.generate import HERE, load

FILE = HERE / "asyncapi.json"
PARAMETERS = ("shard", "school", "device")


def document() -> dict[str, Any]:
    """Return the whole document."""
    frames = load("frames")
    return {
        "asyncapi": "3.1.0",
        "info": _info(),
        "defaultContentType": "application/x-ndjson",
        "servers": {name: _server(name, text) for name, text in SERVERS.items()},
        "channels": {name: _channel(name, carried, text) for name, carried, text in topics.FRAMES_ON},
        "operations": dict(_operation(way, name) for name in topics.CHANNELS for way in _ways(name)),
        "components": {
            "schemas": {name: _plain(schema) for name, schema in (load("records") | frames).items()}
            | {"records": _any_record(), "batch_lines": _batch_lines()},
            "messages": {name: _message(name, schema) for name, schema in frames.items()},
            "parameters": _parameters(frames),
            "securitySchemes": {
                "certificate": {
                    "type": "X509",
                    "description": "Its common name is the device's name and the MQTT user.",
                }
            },
        },
    }


SERVERS = {
    "cloud": "The cloud's broker.",
    "hub": "The school's own broker, tried first; its bridge carries everything but `peer` to the cloud.",
}
DESCRIPTION = (
    "How a reader, gate or till brings its records to the cloud. Every payload is 32 hexadecimal digits (the seal: "
    "HMAC-SHA-256 over the rest, under the device's uplink or downlink key, cut to 16 bytes), a line feed, and one "
    "line of JSON; a batch has one line more for each record. The schemas below describe the lines after the seal, a "
    "batch as the array of its lines. docs/contract.md tells the whole protocol."
)


def _info() -> dict[str, Any]:
    return {
        "title": "Esik device line",
        "version": "1.0.0",
        "description": DESCRIPTION,
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    }


def _server(name: str, text: str) -> dict[str, Any]:
    return {
        "host": f"{name}.example:8883",
        "protocol": "secure-mqtt",
        "protocolVersion": "3.1.1",
        "description": text,
        "security": [{"$ref": "#/components/securitySchemes/certificate"}],
        "bindings": {"mqtt": {"cleanSession": True, "bindingVersion": "0.2.0"}},
    }


def _channel(name: str, carried: tuple[str, ...], text: str) -> dict[str, Any]:
    parameters = {each: {"$ref": f"#/components/parameters/{each}"} for each in PARAMETERS}
    return {
        "address": "/".join([topics.ROOT, *(f"{{{each}}}" for each in PARAMETERS), name]),
        "description": text,
        "servers": [{"$ref": f"#/servers/{server}"} for server in SERVERS if server == "hub" or name != topics.PEER],
        "parameters": parameters,
        "messages": {frame: {"$ref": f"#/components/messages/{frame}"} for frame in carried},
    }


def _ways(channel: str) -> list[str]:
    return [way for way, channels in WAYS.items() if channel in channels]


WAYS = {"send": (*topics.UP, topics.PEER), "receive": (*topics.DOWN, topics.PEER)}


def _operation(way: str, channel: str) -> tuple[str, dict[str, Any]]:
    return f"{way}_{channel}", {
        "action": way,
        "channel": {"$ref": f"#/channels/{channel}"},
        "bindings": {"mqtt": {"qos": 1, "retain": False, "bindingVersion": "0.2.0"}},
    }


def _message(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    lines = "batch_lines" if name == "batch" else name
    channel = next(channel for channel, carried, _ in topics.FRAMES_ON if name in carried)
    return {
        "name": name,
        "title": schema["title"],
        "summary": schema["description"],
        "payload": {"$ref": f"#/components/schemas/{lines}"},
        "examples": [{"name": name, "payload": _example(name)}],
        "x-seal": seal.DOWNLINK if channel in topics.DOWN else seal.UPLINK,
    }


def _example(name: str) -> Any:
    if name == "batch":
        text = json.loads((HERE / "vectors/batches.json").read_text())["batch"]["text"]
        return [json.loads(line) for line in text.splitlines()[1:]]
    vectors = json.loads((HERE / "vectors/messages.json").read_text())
    return next(json.loads(vector["line"]) for vector in vectors if vector["kind"] == name)


def _plain(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a schema as AsyncAPI embeds it; ours use nothing that its dialect, a superset of draft 7, lacks."""
    return {name: value for name, value in schema.items() if name not in {"$schema", "$id"}}


def _any_record() -> dict[str, Any]:
    return {
        "title": "A record",
        "description": "One event, at most 200 bytes, journaled and sent byte for byte.",
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in load("records")],
    }


def _batch_lines() -> dict[str, Any]:
    return {
        "title": "A batch",
        "description": "The header, then as many records as it says.",
        "type": "array",
        "items": [{"$ref": "#/components/schemas/batch"}],
        "additionalItems": {"$ref": "#/components/schemas/records"},
        "minItems": 2,
    }


def _parameters(frames: dict[str, dict[str, Any]]) -> dict[str, Any]:
    school = json.loads((HERE / "documents/bundle.schema.json").read_text())["properties"]["school"]
    device = frames["hello"]["properties"]["dv"]
    return {
        "shard": {"description": "The school's shard, 00 to 63, two digits; stands in the bundle.", "examples": ["07"]},
        "school": {"description": f"{school['description']} {school['pattern']}", "examples": ["alm005"]},
        "device": {"description": f"The device's name: {device['pattern']}", "examples": ["gate-1"]},
    }


def written() -> str:
    """Return the text that the file must have."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(written())

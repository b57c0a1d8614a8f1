"""A wrong setting is refused with its file, its line and the reason, and all mistakes are told at once."""

from pathlib import Path

import pytest

from edge_agent.readers.head import Alone
from edge_agent.settings import HeadGate, NoGate, RelayGate, SettingsRefused, SimulatedGate, load, named_by

GOOD = """\
bundle = "bundle.json"
folder = "kept"

[[readers]]
name = "north-in"
driver = "pn532"
path = "/dev/serial0"

[[gates]]
id = "north"
readers = [{ name = "north-in", direction = "in" }]
actuator = { kind = "none" }
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "agent.toml"
    path.write_text(text)
    return path


def mistakes(tmp_path: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsRefused) as refused:
        load(write(tmp_path, text))
    return refused.value.mistakes


def test_the_least_that_works_takes_every_default(tmp_path: Path) -> None:
    settings = load(write(tmp_path, GOOD))

    assert settings.bundle == tmp_path / "bundle.json"
    assert settings.gates[0].actuator == NoGate("none")
    assert settings.gates[0].open_ms == 200
    assert settings.status.host == "127.0.0.1"


def test_a_gate_chooses_what_opens_by_kind(tmp_path: Path) -> None:
    relay = '{ kind = "relay", open_in_pin = 17, pass_in_pin = 27 }'
    simulated = '{ kind = "simulated", port = 7100 }'

    one = load(write(tmp_path, GOOD.replace('{ kind = "none" }', relay)))
    other = load(write(tmp_path, GOOD.replace('{ kind = "none" }', simulated)))

    assert one.gates[0].actuator == RelayGate("relay", open_in_pin=17, pass_in_pin=27)
    assert other.gates[0].actuator == SimulatedGate("simulated", 7100)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("folder", "fodler"), "agent.toml, line 2: fodler is not a setting; did you mean folder?"),
        (('"pn532"', '"pn523"'), 'line 6: readers[0].driver must be "pn532", "pn532-direct", "head", "keyboard"'),
        (('"/dev/serial0"', '"serial0"'), "line 7: readers[0].path cannot be used: 'serial0' is not an absolute path"),
        (('id = "north"', "id = 5"), "line 10: gates[0].id must be a text in quotes of 1 to 16 characters, not 5"),
        (('"in" }', '"up" }'), 'line 11: gates[0].readers[0].direction must be "in" or "out", not "up"'),
        (('name = "north-in", ', 'name = "south", '), 'line 11: gates[0].readers[0].name names no reader: "south"'),
        (('kind = "none"', 'kind = "rely"'), 'line 12: gates[0].actuator.kind must be "relay", "head", "simulated" or'),
        (('{ kind = "none" }', "{}"), 'line 12: gates[0].actuator needs kind: "relay", "head", "simulated" or "none"'),
        (('{ kind = "none" }', "1"), 'line 12: gates[0].actuator must be a table with kind = "relay", "head"'),
        (('{ kind = "none" }', '{ kind = "none" }\nopen_ms = 99'),
         "line 13: gates[0].open_ms must be a whole number from 100 to 10000, not 99"),
        (('{ kind = "none" }', '{ kind = "none" }\nopen_ms = true'), "line 13: gates[0].open_ms must be a whole"),
        (('{ kind = "none" }', '{ kind = "relay", open_in_pin = 4, fire_pin = 4 }'),
         'line 12: gates[0].actuator.fire_pin is taken: pin 4 is open_in_pin of gate "north" already'),
        (('bundle = "bundle.json"\n', ""), "line 1: needs bundle: this device's bundle"),
        (("[[gates]]", "[gates]"), "line 9: gates must be an array, not a table"),
        (('{ kind = "none" }', '{ kind = "none" }\n[sync]\nbrokers = [\n  "http://x"]'),
         "line 15: sync.brokers[0] cannot be used: a broker's address is mqtt://host:port"),
        (('{ kind = "none" }', '{ kind = "none" }\n[sync]\nhttp_url = "esik.example"'),
         'line 14: sync.http_url must begin with http:// or https://, not "esik.example"'),
        (('{ kind = "none" }', '{ kind = "none" }\n[status]\nis_on = 1'), "line 14: status.is_on must be true or"),
        (('id = "north"', 'id = "north'), "line 10: is not TOML: illegal character"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_its_line_and_the_reason(
    tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    assert any(told in mistake for mistake in mistakes(tmp_path, GOOD.replace(*change)))


def test_all_mistakes_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = GOOD.replace('"kept"', "1").replace('"pn532"', "2").replace('direction = "in"', 'way = "in"')

    told = mistakes(tmp_path, text)

    assert [mistake.split(":")[0] for mistake in told] == [
        "agent.toml, line 2", "agent.toml, line 6", "agent.toml, line 11", "agent.toml, line 11",
    ]  # fmt: skip


def test_names_stand_once_and_every_reader_belongs_to_a_gate(tmp_path: Path) -> None:
    text = GOOD.replace("[[gates]]", '[[readers]]\nname = "spare"\ndriver = "pn532"\npath = "/dev/ttyS1"\n\n[[gates]]')
    text += (
        '[[gates]]\nid = "north"\nreaders = [{ name = "north-in", direction = "out" }]\nactuator = { kind = "none" }\n'
    )

    told = mistakes(tmp_path, text)

    assert told == (
        "agent.toml, line 10: readers[1].name belongs to no gate: name \"spare\" in a gate's readers, or the till's",
        'agent.toml, line 19: gates[1].id is taken: "north" stands in gates[0] already',
        'agent.toml, line 20: gates[1].readers[0].name is taken: "north-in" belongs to gate "north" already',
    )


HEAD = GOOD.replace('"pn532"', '"head"')


def test_an_osdp_reader_has_its_line_for_itself(tmp_path: Path) -> None:
    line = 'driver = "osdp"\npath = "/dev/rs485"\nkey_file = "/kept/osdp.key"\n'
    one = GOOD.replace('driver = "pn532"\npath = "/dev/serial0"\n', line)
    two = one.replace("[[gates]]", f'[[readers]]\nname = "north-out"\n{line}address = 1\n[[gates]]', 1)
    two = two.replace("}]\n", '}, { name = "north-out", direction = "out" }]\n', 1)

    assert load(write(tmp_path, one)).readers[0].osdp.path == "/dev/rs485"
    assert ["is taken by" in told and "one reader a line" in told for told in mistakes(tmp_path, two)] == [True]


def test_a_gate_hangs_on_the_head_that_is_its_reader(tmp_path: Path) -> None:
    text = HEAD.replace('{ kind = "none" }', '{ kind = "head", reader = "north-in", has_sensor = true }')

    settings = load(write(tmp_path, text))

    assert settings.gates[0].actuator == HeadGate("head", "north-in", has_sensor=True)
    assert settings.readers[0].alone is Alone.CLOSED


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD.replace('{ kind = "none" }', '{ kind = "head", reader = "south" }'),
         "line 12: gates[0].actuator.reader is no head of this gate; there are north-in"),
        (GOOD.replace('{ kind = "none" }', '{ kind = "head", reader = "north-in" }'),
         "line 12: gates[0].actuator.reader is no head of this gate; it has none with driver = 'head'"),
        (HEAD.replace('"/dev/serial0"', '"/dev/serial0"\nalone = "open_out"'),
         'line 8: readers[0].alone is "open_out", but this reader faces in: it would let nobody out'),
        (GOOD.replace('"/dev/serial0"', '"/dev/serial0"\nalone = "open_out"'),
         "line 8: readers[0].alone cannot be used: only a reader with driver = 'head'"),
    ],
)  # fmt: skip
def test_what_a_head_cannot_do_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert any(told in mistake for mistake in mistakes(tmp_path, text))


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="No such file"):
        load(tmp_path / "agent.toml")
    (tmp_path / "agent.toml").write_bytes(b"\xff")
    with pytest.raises(SettingsRefused, match="not UTF-8 at byte 0"):
        load(tmp_path / "agent.toml")


def test_an_only_gate_may_take_the_door_of_the_enrolment_code(tmp_path: Path) -> None:
    settings = load(write(tmp_path, GOOD.replace('id = "north"', 'id = "*"')))

    assert [gate.id for gate in named_by(settings, ["yard"]).gates] == ["yard"]
    for doors in ([], ["yard", "lab"]):
        with pytest.raises(SettingsRefused, match="write the gate's id"):
            named_by(settings, doors)


TILL = """\
bundle = "bundle.json"
folder = "kept"

[till]
readers = ["cards"]

[[readers]]
name = "cards"
driver = "pn532"
path = "/dev/serial0"
"""


def test_a_till_needs_no_gate(tmp_path: Path) -> None:
    settings = load(write(tmp_path, TILL))

    assert settings.gates == ()
    assert (settings.till.readers, settings.till.port, settings.till.touches) == (("cards",), 8460, "one")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TILL.replace('["cards"]', '["cards", "codes"]'), 'line 5: till.readers[1] names no reader: "codes"'),
        (TILL.replace('["cards"]', "[]"), "needs gates: the lanes, or till.readers"),
        (GOOD + '\n[till]\nreaders = ["north-in"]\n', 'till.readers[0] is taken: "north-in" belongs to gate "north"'),
        (TILL.replace("[till]", '[till]\ntouches = "two"'), 'line 5: till.touches must be "one" or "none"'),
    ],
)
def test_what_is_wrong_with_a_till_is_told(tmp_path: Path, text: str, told: str) -> None:
    assert told in "\n".join(mistakes(tmp_path, text))


def test_of_several_gates_each_is_named(tmp_path: Path) -> None:
    second = GOOD[GOOD.index("[[readers]]") :].replace("north-in", "south-in").replace('"north"', '"*"')

    assert any('"*"' in mistake for mistake in mistakes(tmp_path, GOOD + second))
    named = load(write(tmp_path, GOOD))
    assert named_by(named, ["yard"]) == named

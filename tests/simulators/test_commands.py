"""Each simulator is a command."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.__main__ import main
from tests.waiting import until

DEADLINE_S = 20


def start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "simulators", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )


def test_a_reader_prints_its_path_takes_commands_and_stops_when_interrupted(tmp_path: Path) -> None:
    link = tmp_path / "reader"
    with start("pn532", "--card", "04A1B2C3D4E5F6", "--link", str(link)) as reader:
        assert reader.stdout is not None
        assert reader.stdin is not None
        assert reader.stdout.readline().strip() == str(link)
        until(link.exists)
        reader.stdin.write("add 01020304\n")
        reader.stdin.flush()
        assert "cards=2" in reader.stdout.readline()
        reader.send_signal(signal.SIGINT)
        assert reader.wait(DEADLINE_S) == 0

    assert not link.is_symlink()


def test_a_reader_without_a_link_prints_its_pseudo_terminal() -> None:
    with start("pn532") as reader:
        assert reader.stdout is not None
        assert os.path.exists(reader.stdout.readline().strip())  # noqa: PTH110  a device, not a file of ours
        reader.terminate()
        assert reader.wait(DEADLINE_S) == 0


def test_a_network_prints_its_address() -> None:
    with start("network", "--to", "127.0.0.1:9") as network:
        assert network.stdout is not None
        assert network.stdout.readline().startswith("127.0.0.1:")
        network.terminate()
        assert network.wait(DEADLINE_S) == 0


def test_a_push_service_prints_what_a_firefox_is_set_to_and_takes_commands() -> None:
    with start("push") as push:
        assert push.stdout is not None
        assert push.stdin is not None
        assert push.stdout.readline().startswith("ws://127.0.0.1:")
        push.stdin.write("answer 410\nstatus\n")
        push.stdin.flush()
        assert "asked=0" in push.stdout.readline()
        push.terminate()
        assert push.wait(DEADLINE_S) == 0


def test_a_telegram_prints_what_to_set_and_takes_commands() -> None:
    with start("telegram") as telegram:
        assert telegram.stdout is not None
        assert telegram.stdin is not None
        assert telegram.stdout.readline().startswith("http://127.0.0.1:")
        telegram.stdin.write("say 5550001 /start k7mw-3hqp-x9tn\n")
        telegram.stdin.flush()
        assert "said=0" in telegram.stdout.readline()
        telegram.terminate()
        assert telegram.wait(DEADLINE_S) == 0


def test_a_gateway_for_sms_prints_what_to_set_and_takes_commands() -> None:
    with start("sms") as gateway:
        assert gateway.stdout is not None
        assert gateway.stdin is not None
        assert gateway.stdout.readline().startswith("http://school:secret@127.0.0.1:")
        gateway.stdin.write("trouble rubbish\n")
        gateway.stdin.flush()
        assert "trouble=rubbish" in gateway.stdout.readline()
        gateway.terminate()
        assert gateway.wait(DEADLINE_S) == 0


def test_a_school_prints_the_same_day_for_the_same_seed(capsys: pytest.CaptureFixture[str]) -> None:
    days = []
    for seed in ("7", "7", "8"):
        assert main(["school", "--members", "40", "--seed", seed]) == 0
        days.append([json.loads(line) for line in capsys.readouterr().out.splitlines()])

    assert days[0] == days[1] != days[2]
    assert {row["direction"] for row in days[0]} == {"in", "out"}


def test_without_words_there_is_help_and_a_wrong_word_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "turnstile" in capsys.readouterr().out
    assert main(["submarine"]) == 2
    assert "There is no simulator 'submarine'" in capsys.readouterr().err
    assert main(["pn532", "--card", "04A1"]) == 2
    assert "a UID has 4, 7 or 10 bytes, not 2" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["network", "--to", "nowhere"], ["school", "--members", "0"], ["pn532", "--what"]])
def test_a_wrong_option_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)

    assert ended.value.code == 2
    assert "usage: python -m simulators" in capsys.readouterr().err


def test_a_gateway_for_sms_prints_what_to_set_and_calls_the_service_when_told_so() -> None:
    with start("sms", "--calls", "http://127.0.0.1:1", "--secret", "x" * 20) as gateway:
        assert gateway.stdout is not None
        assert gateway.stdin is not None
        assert gateway.stdout.readline().startswith("http://school:secret@127.0.0.1:")
        gateway.stdin.write("report 1 20\nwrite +77015550001 БҮГІН Айгерім\n")
        gateway.stdin.flush()
        assert gateway.stdout.readline().startswith("not understood; commands: ")  # there is no text of that number
        assert gateway.stdout.readline() == "calling\n"
        assert gateway.stdout.readline() == "write +77015550001: ConnectError\n"
        gateway.terminate()
        assert gateway.wait(DEADLINE_S) == 0

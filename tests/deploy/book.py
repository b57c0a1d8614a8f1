"""The page for operators as somebody at a keyboard follows it: its blocks of commands, typed where they belong.

Rule: no command stands here. What differs on this machine is told once: where folders lie, and that packages, users and
systemd are somebody else's; units are started by the lines of their own files.
"""

import os
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from tests.cloud.cli.esik import ROOT
from tests.deploy.machine import COMMAND_S, Machine
from tests.deploy.test_server_files import environment as read
from tests.servers.process import Server, answers, free_port

PAGE = ROOT / "docs" / "operations.md"
_BLOCK = re.compile(r"^( *)```\w*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SCRIPT = re.compile(r"deploy/server/(install|upgrade)\.sh")
LEFT_OUT = "--without packages,users,systemd,fetch"


def blocks_of(section: str, page: str | None = None) -> list[list[str]]:
    """Return the blocks of a section, each a list of its commands; a line that goes on is one with the next."""
    text = PAGE.read_text() if page is None else page
    _, _, after = text.partition(f"\n## {section}\n")
    assert after, f"there is no section {section}"
    found = []
    for indent, body in _BLOCK.findall(after.partition("\n## ")[0]):
        lines = [line.removeprefix(indent) for line in body.replace("\\\n", " ").splitlines()]
        found.append([line for line in lines if line.strip() and not line.startswith("#")])
    return found


def block(section: str, beginning: str) -> list[str]:
    """Return the one block of a section that begins so."""
    (found,) = [each for each in blocks_of(section) if each[0].startswith(beginning)]
    return found


@dataclass(slots=True)
class Units:
    """The service's programs, started by the lines of their unit files as systemd would."""

    machine: Machine
    broker_port: int = field(default_factory=free_port)
    running: dict[str, Server] = field(default_factory=dict)

    def do(self, words: list[str]) -> None:
        """Do what `systemctl WORDS` asks for."""
        deed, names = words[0], [each for each in words[1:] if not each.startswith("-")]
        for name in names:
            match deed:
                case "start" | "enable":
                    self.start(name)
                case "stop":
                    for each in [each for each in self.running if _fits(each, name)]:
                        self.running.pop(each).stop()
                case "reload":
                    self._run(name, "ExecReload")
                    os.kill(self.running[name].pid, signal.SIGHUP)
                case _:
                    raise AssertionError(f"systemctl {deed} is not tried here")

    def start(self, name: str) -> None:
        """Start a unit and wait until it works."""
        if name in self.running:
            return
        self._run(name, "ExecStartPre")
        if name == "esik-broker" and os.geteuid() == 0:  # else it drops to a user that cannot read a test's keys
            configuration = self.machine.root / "var/lib/esik/broker/mosquitto.conf"
            configuration.write_text("user root\n" + configuration.read_text())
        (line,) = self._lines(name, "ExecStart")
        log = self.machine.root / f"{name}.log"
        is_ready = (
            (lambda: answers(self.broker_port))
            if name == "esik-broker"
            else lambda: log.exists() and "esik cloud is ready" in log.read_text()
        )
        log.unlink(missing_ok=True)
        server = Server(["sh", "-c", f"{self._settings()}exec {line}"], log, is_ready)
        server.start()
        self.running[name] = server

    def stop(self) -> None:
        """Stop everything, the broker last."""
        for name in sorted(self.running, key=lambda each: each == "esik-broker"):
            self.running[name].stop()
        self.running.clear()

    def _run(self, name: str, kind: str) -> None:
        for line in self._lines(name, kind):
            if "/bin/kill" not in line:
                port = f" --port {self.broker_port} --host 127.0.0.1" if "cloud broker" in line else ""
                subprocess.run(["sh", "-c", f"{self._settings()}{line}{port}"], check=True, timeout=COMMAND_S,
                               capture_output=True, cwd=self.machine.root, env=self.machine.environment)  # fmt: skip

    def _settings(self) -> str:
        return f"cd {self.machine.root}; set -a; . {self.machine.root}/etc/esik/cloud.env; set +a; "

    def _lines(self, name: str, kind: str) -> list[str]:
        stem, at, number = name.partition("@")
        text = (self.machine.program / "deploy/server" / f"{stem}{at}.service").read_text()
        lines = [line.partition("=")[2] for line in text.splitlines() if line.startswith(f"{kind}=")]
        return [placed(self.machine, line).replace("%i", number) for line in lines]


@dataclass(slots=True)
class Reader:
    """Somebody who follows the page: types its blocks as root, or in the shell for the commands."""

    machine: Machine
    units: Units
    folder: Path  # where they stand
    version: str = ""

    def type(self, lines: list[str]) -> str:
        """Type a block; return what was printed. All of it must go well."""
        done = self.try_to(lines)
        assert done.returncode == 0, f"{lines}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def try_to(self, lines: list[str]) -> subprocess.CompletedProcess[str]:
        """Type a block; return how it ended."""
        if any("systemctl" in line for line in lines):
            return self._with_units(lines)
        script = "\n".join(placed(self.machine, line) for line in map(self._own, lines) if line)
        if any(line.startswith("esik ") for line in lines):
            (shell,) = block("A server", "sudo -u esik bash")
            return self._bash(placed(self.machine, shell), f"set -e\n{script}\n")
        return self._bash(script, "")

    def _with_units(self, lines: list[str]) -> subprocess.CompletedProcess[str]:
        told = ""
        for line in lines:
            words = shlex.split(line, comments=True)
            if words[:2] == ["sudo", "systemctl"]:
                self.units.do(words[2:])
            else:
                told += self.type([line])
        return subprocess.CompletedProcess(lines, 0, told, "")

    def _own(self, line: str) -> str:
        """Return a line as it is typed here: the packages are there, and the scripts leave units to us."""
        if "apt-get install" in line:
            return ""
        if "<version>" in line:
            line = line.replace("<version>", self.version)
        return _SCRIPT.sub(lambda found: f"{found[0]} --root {self.machine.root} {LEFT_OUT}", line)

    def _bash(self, script: str, typed: str) -> subprocess.CompletedProcess[str]:
        home = self.machine.root / "shims"
        home.mkdir(exist_ok=True)
        sudo = home / "sudo"
        sudo.write_text('#!/bin/sh\n[ "$1" != -u ] || shift 2\nexec "$@"\n')
        sudo.chmod(0o755)
        is_shell = bool(typed)
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], input=typed, capture_output=True, text=True, check=False,
            timeout=COMMAND_S, cwd=self.folder if is_shell else self.machine.program,
            env={**self.machine.environment, "PATH": f"{home}:{self.machine.environment['PATH']}"},
        )  # fmt: skip


def placed(machine: Machine, line: str) -> str:
    """Return a line with the folders of this machine."""
    line = re.sub(r"(?<![\w/])/(var/lib/esik|var/backups|etc/esik|media)", rf"{machine.root}/\1", line)
    return re.sub(r"(?<![\w/])/opt/esik", str(machine.program), line)


def own_ports(machine: Machine, units: Units) -> int:
    """Let the settings name ports that are free here, and the pages' own address; return the pages' port."""
    port, env = free_port(), machine.root / "etc/esik/cloud.env"
    own = {
        "ESIK_MQTT_URL": f"mqtts://127.0.0.1:{units.broker_port}",
        "ESIK_DEVICE_MQTT_URL": f"mqtts://127.0.0.1:{units.broker_port}",
        "ESIK_PUBLIC_URL": f"http://127.0.0.1:{port}", "ESIK_HTTP_PORT": str(port),
    }  # fmt: skip
    lines = env.read_text().splitlines()
    env.write_text("".join(f"{_set(line, own)}\n" for line in lines))
    assert read(env).items() >= own.items()
    return port


def _set(line: str, own: dict[str, str]) -> str:
    name = line.partition("=")[0]
    return f"{name}={own[name]}" if name in own else line


def _fits(name: str, asked: str) -> bool:
    return name == asked or (asked.endswith("*") and name.startswith(asked[:-1]))

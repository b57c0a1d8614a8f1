"""A reverse proxy as operators set it up: Debian's nginx with deploy/server/nginx.conf, on free ports of loopback."""

import datetime as dt
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cloud.core.clock import SystemClock
from tests.repo.sources import ROOT
from tests.servers.process import Server, answers, free_port, program

SITE = ROOT / "deploy" / "server" / "nginx.conf"
_AROUND = """
daemon off; pid {folder}/pid; error_log {folder}/errors; user root; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log {folder}/asked;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/1; uwsgi_temp_path {folder}/2; scgi_temp_path {folder}/3;
  include {folder}/site;
}}
"""


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running proxy: its plain port, its port with TLS, who trusts it, and where it writes its logs."""

    port: int
    tls_port: int
    trust: ssl.SSLContext
    folder: Path

    def logged(self) -> str:
        """Return what stands in its logs; of a request, once the next one is answered."""
        return "".join((self.folder / name).read_text() for name in ("asked", "errors"))


@contextmanager
def nginx(upstream_port: int, tls_port: int) -> Iterator[Nginx]:
    """Serve the site as `localhost` before an application's port; only names, ports and certificates are changed."""
    folder, port = Path(tempfile.mkdtemp(prefix="esik-nginx-")), free_port()
    certificate = _certificate(folder)
    (folder / "site").write_text(_site(folder, port, tls_port, upstream_port))
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder))
    command = [str(program("nginx", "nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    server = Server(command, folder / "log", lambda: answers(tls_port))
    try:
        server.start()
        yield Nginx(port, tls_port, ssl.create_default_context(cadata=certificate), folder)
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _site(folder: Path, port: int, tls_port: int, upstream_port: int) -> str:
    text = SITE.read_text()
    changes = {
        "    listen [::]:80;\n": "",
        "    listen [::]:443 ssl http2;\n": "",
        "listen 80;": f"listen 127.0.0.1:{port};",
        "listen 443 ssl": f"listen 127.0.0.1:{tls_port} ssl",
        "esik.example;": "localhost;",
        "/etc/letsencrypt/live/esik.example/": f"{folder}/",
        "127.0.0.1:8000": f"127.0.0.1:{upstream_port}",
        "/opt/esik/": f"{ROOT}/",
    }
    for said, meant in changes.items():
        assert said in text, f"{SITE.name} says nothing of {said.strip()!r}"
        text = text.replace(said, meant)
    return text


def _certificate(folder: Path) -> str:
    """Write a certificate of `localhost` and its key into the folder; return the certificate."""
    key, now = ec.generate_private_key(ec.SECP256R1()), SystemClock().now()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM).decode()
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "fullchain.pem").write_text(pem)
    (folder / "privkey.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    return pem

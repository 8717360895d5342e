"""Debian's nginx with the project's own configuration, on loopback, in a folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

from tests.browser.driver import ROOT, free_port
from tests.oidc.provider import Provider

SITE = ROOT / "hosting" / "nginx.conf"
NAME = "siuo.example.org"
HELP = "nginx or openssl is not at hand (Debian: apt-get install nginx-light openssl)"

OUTER = """
daemon off;
master_process on;
{user}
error_log {folder}/error.log info;
pid {folder}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    access_log {folder}/outer.log;
    default_type application/octet-stream;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Proxy:
    """A running nginx: its ports, and what trusts its certificate."""

    port: int
    plain_port: int
    tls: ssl.SSLContext
    folder: Path

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"


def nginx() -> str | None:
    """The program, also where it lies outside an ordinary user's PATH."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def at_hand() -> bool:
    return nginx() is not None and shutil.which("openssl") is not None


def site(folder: Path, port: int, plain_port: int, instances: Sequence[int]) -> str:
    """The project's configuration with this test's name, ports and certificate; every change must find its place."""
    text = SITE.read_text(encoding="utf-8")
    changes = [
        (r"server 127\.0\.0\.1:8501", f"server 127.0.0.1:{instances[0]}", 1),
        (r"server 127\.0\.0\.1:8502", f"server 127.0.0.1:{instances[1]}", 1),
        (r"/etc/letsencrypt/live/siuo\.example\.org/fullchain\.pem", f"{folder}/certificate.pem", 1),
        (r"/etc/letsencrypt/live/siuo\.example\.org/privkey\.pem", f"{folder}/key.pem", 1),
        (r"/var/log/nginx/siuo-dash\.log", f"{folder}/access.log", 3),
        (r"/var/log/nginx/siuo-dash-error\.log", f"{folder}/site-error.log", 3),
        (r"/var/lib/nginx/siuo-dash", f"{folder}/cache", 1),
        (re.escape(f"server_name {NAME}"), "server_name localhost", 2),
        (r"listen 443 ", f"listen 127.0.0.1:{port} ", 2),
        (r"listen 80;", f"listen 127.0.0.1:{plain_port};", 1),
        (r"\n    listen \[::\][^\n]*", "", 3),
    ]
    for pattern, replacement, times in changes:
        text, found = re.subn(pattern, lambda _, words=replacement: words, text)  # type: ignore[misc]
        assert found == times, (pattern, found)
    return text


@contextmanager
def proxied(folder: Path, instances: Sequence[int]) -> Iterator[Proxy]:
    """nginx before these ports of 127.0.0.1."""
    port, plain_port = free_port(), free_port()
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
            "-keyout",
            str(folder / "key.pem"),
            "-out",
            str(folder / "certificate.pem"),
        ],
        check=True,
        capture_output=True,
    )
    (folder / "site.conf").write_text(site(folder, port, plain_port, instances), encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""  # the folder is closed to nginx's own user
    (folder / "nginx.conf").write_text(OUTER.format(folder=folder, user=user), encoding="utf-8")
    program = nginx()
    assert program is not None
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0 and "[warn]" not in checked.stderr, checked.stderr
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = monotonic() + 300
        while not _listens(port):
            assert process.poll() is None and monotonic() < deadline, (folder / "error.log").read_text()
            sleep(0.05)
        tls = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
        yield Proxy(port, plain_port, tls, folder)
    finally:
        process.terminate()
        process.wait(timeout=300)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def hosted_behind(provider: Provider, folder: Path, proxy: Proxy) -> dict[str, str]:
    """The settings of a hosted dashboard behind the proxy, whose people come from this provider."""
    secrets = provider.secrets_file(folder)
    text = secrets.read_text()
    assert text.count('"http://127.0.0.1:{port}/oauth2callback"') == 1
    secrets.write_text(
        text.replace("http://127.0.0.1:{port}/oauth2callback", f"https://localhost:{proxy.port}/oauth2callback")
    )
    return {
        "SIUO_MODE": "hosted",
        "SIUO_REVIEWERS": "reviewer@example.org",
        "STREAMLIT_SECRETS_FILES": str(secrets),
    }

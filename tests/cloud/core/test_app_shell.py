"""The worker's version is made of every byte that it keeps."""

import hashlib

from cloud.core.app_shell import Shell
from cloud.core.assets import Asset, Assets
from cloud.core.pages import Pages


def test_the_workers_version_changes_with_every_byte_that_it_keeps() -> None:
    assets = Assets.load()
    now = Shell(Pages.load(assets)).version

    versions = {now} | {
        Shell(Pages.load(_altered(assets, each))).version for each in ("esik.css", "worker.js", "offline.js")
    }

    assert len(versions) == 4
    assert Shell(Pages.load(Assets.load())).version == now


def _altered(assets: Assets, name: str) -> Assets:
    file = assets.files[name]
    digest = hashlib.sha256(file.body + b" ").hexdigest()[:12]
    return Assets({**assets.files, name: Asset(file.body + b" ", file.packed, file.media_type, digest)})

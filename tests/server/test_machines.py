"""Several machines: each instance with a data directory of its own, one PostgreSQL, one bucket."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from functools import partial
from pathlib import Path

import pytest

from siuo_dash.store import blobs, registry
from siuo_dash.store.engine.database import Store
from siuo_dash.store.registry import tokens
from siuo_dash.store.registry.opening import close
from siuo_dash.store.snapshots import write
from tests.browser.driver import free_port
from tests.make.bucket import ObjectStorage
from tests.make.postgres import Cluster
from tests.make.registry import events, faults, runs_in, states
from tests.oidc.provider import Provider, serving
from tests.server.instance import copy_data, running
from tests.server.instances import EACH, SUBMITTERS, Instances, beginnings, sent_through, submit
from tests.server.loops import finished
from tests.server.nginx import HELP, Proxy, at_hand, hosted_behind, proxied
from tests.server.test_nginx import BEHIND, ask
from tests.server.visitor import Visitor
from tests.store.review_runs import REVIEWER

AWAY = "does not answer"


class Machines(Instances):
    """Instances with a data directory each."""

    def place(self, which: int) -> Path:
        return self.data / str(which)


@pytest.fixture
def shared(cluster: Cluster, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory of this process, an instance as others are; theirs inherit where the rest is kept."""
    monkeypatch.setenv("SIUO_REGISTRY", cluster.schema(tmp_path))
    return copy_data(tmp_path / "own")


@pytest.mark.skipif(not at_hand(), reason=HELP)
def test_sent_at_one_machine_decided_at_another(shared: Path, tmp_path: Path, cluster: Cluster) -> None:
    """And a database that goes away: what is in memory is shown, pages say so, and go on when it is back."""
    (tmp_path / "nginx").mkdir()
    people = {"ada": {"email": "ada@example.org"}}
    ports = [free_port(), free_port()]

    async def visit(proxy: Proxy) -> None:
        async with Visitor(proxy.address, proxy.tls) as visitor:
            await visitor.open()
            await visitor.sign_in("ada")
            await visitor.open("upload")
            assert "waiting for review" in await submit(visitor, "Far-7B", 21)
        (waiting,) = runs_in(shared, "pending")
        await asyncio.to_thread(registry.approve, shared, waiting, REVIEWER)
        ada = registry.Actor("ada@example.org")
        token, made = await asyncio.to_thread(tokens.make, shared, ada, "job", 7)
        of_ada = partial(ask, proxy, "/api/v1/submissions", authorization=f"Bearer {token}")
        assert waiting in (await asyncio.to_thread(of_ada)).text
        await asyncio.to_thread(tokens.revoke, shared, ada, made.token_id)
        refused = await asyncio.to_thread(of_ada)
        assert refused.status == 401 and "revoked" in refused.text and token not in refused.text
        async with Visitor(proxy.address, proxy.tls) as stranger:
            await stranger.open("run", {"run": waiting})
            assert "Far-7B" in stranger.words() and not stranger.alerts()
            cluster.stop(signal.SIGQUIT)
            try:
                await stranger.open("run", {"run": waiting})
                assert "Far-7B" in stranger.words() and AWAY in stranger.words()
            finally:
                cluster.start()
            await stranger.open("run", {"run": waiting})
            assert "Far-7B" in stranger.words() and not stranger.alerts()

    with (
        serving(Provider(people=people), free_port()) as provider,
        proxied(tmp_path / "nginx", ports) as proxy,
        running(
            tmp_path,
            copy_data(tmp_path / "data"),
            port=ports[0],
            options=BEHIND,
            environment=hosted_behind(provider, tmp_path, proxy),
        ),
    ):
        finished(visit(proxy))
    assert list(states(shared).values()) == ["published"] and faults(shared) == []
    assert len(blobs.of(shared).names("runs")) == 1 and not (shared / "runs").exists()
    close(shared)


@pytest.mark.heavy
@pytest.mark.skipif(not at_hand(), reason=HELP)
def test_an_instance_the_database_and_the_bucket_go_away_under_load(
    shared: Path, tmp_path: Path, cluster: Cluster, object_storage: ObjectStorage
) -> None:
    """Six people send four runs each, behind nginx; nothing is lost or doubled."""
    for name in ("0", "1"):
        copy_data(tmp_path / "data" / name)
    machines = Machines(tmp_path, tmp_path / "data")

    async def until(count: int) -> None:
        while len(await asyncio.to_thread(runs_in, shared, "pending")) < count:
            await asyncio.sleep(0.02)

    async def trouble() -> None:
        await until(3)
        await asyncio.to_thread(machines.kill, 0)
        await asyncio.to_thread(machines.start, 0)
        await until(8)
        await asyncio.to_thread(cluster.stop, signal.SIGQUIT)
        await asyncio.sleep(3)
        await asyncio.to_thread(cluster.start)
        await until(12)
        await asyncio.to_thread(object_storage.stop)
        await asyncio.sleep(20)
        await asyncio.to_thread(object_storage.start)
        await until(16)
        await asyncio.to_thread(machines.kill, 1)
        await asyncio.to_thread(machines.start, 1)

    busy = (AWAY, "is being read or sent", "has been changing")
    seen = sent_through(tmp_path, machines, "Far", trouble, opened=(AWAY,), sent=busy, patience=90)
    found = states(shared)
    assert Counter(found.values()) == {"pending": SUBMITTERS * EACH - 1, "published": 1}
    assert all(sum(run.startswith(name) for run in found) == 1 for name in beginnings("Far"))
    sent = [event for event in events(shared) if event.event == "submit"]
    assert Counter(event.run_id for event in sent) == Counter(found.keys())
    assert [finding for finding in faults(shared) if finding.severity == "error"] == []
    assert seen["told when it was opened"] + seen["told when it was sent"] > 0 and len(seen) > 1, seen
    print(f"24 sent once each; what people met meanwhile: {dict(seen)}")
    close(shared)


@pytest.mark.heavy
def test_a_read_only_machine_without_a_database(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cluster: Cluster
) -> None:
    """Hosted, from the last snapshot, with nobody to sign in: pages show, the upload page says why nothing comes in."""
    from tests.make.runs import run_table

    run_id = registry.publish(shared, run_table("Far"), by=None).run_id
    write(shared)
    version = Store(shared).version
    environment = {
        "SIUO_REGISTRY": "snapshots",
        "SIUO_MODE": "hosted",
        "SIUO_UPLOADS": "nobody",
        "STREAMLIT_SECRETS_FILES": str(tmp_path / "none.toml"),
    }

    async def visit(address: str) -> None:
        async with Visitor(address) as visitor:
            await visitor.open("run", {"run": run_id})
            assert "Far" in visitor.words() and version in visitor.words() and not visitor.alerts()
            await visitor.open("upload")
            assert "nothing can be uploaded here" in f"{visitor.words()} {visitor.alerts()}".casefold()
            assert "Sign in" not in visitor.words()

    with running(tmp_path, copy_data(tmp_path / "shows"), environment=environment) as instance:
        cluster.stop(signal.SIGQUIT)
        try:
            finished(visit(instance.address))
        finally:
            cluster.start()
    close(shared)

from pathlib import Path

from tests.asking import asking


async def test_health_needs_no_token(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        client.headers.clear()
        assert (await client.get("/healthz")).json() == {"status": "alive"}
        assert (await client.get("/readyz")).json() == {"status": "ready", "revision": 0}


async def test_a_failing_database_shows_in_readiness_and_status(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, controller, _):
        controller.ledger.trouble = "the database cannot be used now: disk I/O error"
        ready = await client.get("/readyz")
        status = (await client.get("/v1/status")).json()
    assert ready.status_code == 503
    assert ready.json()["status"] == "degraded"
    assert "disk I/O error" in ready.json()["store"]
    assert "disk I/O error" in status["store"]


async def test_the_api_describes_itself(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        described = (await client.get("/openapi.json")).json()
    assert {"/v1/apply", "/v1/explain", "/v1/switches/{name}/config"} <= set(described["paths"])
    operations = [one for path in described["paths"].values() for one in path.values()]
    assert all(one.get("description") for one in operations)


async def test_errors_are_sentences(tmp_path: Path) -> None:
    async with asking(tmp_path) as (client, _, _):
        missing = await client.get("/v1/revisions/7")
        malformed = await client.post("/v1/apply", json={"files": "x"})
    assert missing.status_code == 404
    assert "no revision 7" in missing.json()["error"]
    assert malformed.status_code == 422
    assert "body.files" in malformed.json()["error"]

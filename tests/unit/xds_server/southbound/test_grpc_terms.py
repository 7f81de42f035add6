from xds_server.southbound.grpc_terms import Gate, Terms


def test_lifetimes_are_spread_around_the_age() -> None:
    terms = Terms(age=1800.0, jitter=0.2)
    lives = [terms.lifetime() for _ in range(200)]
    assert all(1440.0 <= life <= 2160.0 for life in lives)
    assert max(lives) - min(lives) > 300.0


def test_a_gate_gives_turns_to_all_streams_together() -> None:
    gate = Gate(Terms(), 0.0)
    waits = [gate.first.take(0.0) for _ in range(8000)]
    assert waits[:4000] == [0.0] * 4000
    assert waits[-1] == 2.0

from xds_server.cli.exits import HELP, MEANINGS, Exit, Fail


def test_the_help_explains_every_code() -> None:
    for code in Exit:
        assert f"{code.value} " in HELP
        assert len(MEANINGS[code]) > 10


def test_a_failure_carries_sentence_and_code() -> None:
    fail = Fail("no server", Exit.SERVER)
    assert (str(fail), fail.code) == ("no server", 4)

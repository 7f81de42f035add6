from integration.bed.probe import Silence


def test_the_longest_silence_is_kept() -> None:
    silence = Silence(last=10.0)
    for now in (10.1, 10.9, 11.0):
        silence.heard(now)
    assert silence.answered == 3
    assert round(silence.longest, 3) == 0.8

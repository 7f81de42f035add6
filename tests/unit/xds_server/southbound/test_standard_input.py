"""What a program reads, and one that ends before it has read."""

import asyncio

from xds_server.southbound.standard_input import standard_input


async def _printed(program: str, text: str) -> bytes:
    pipe = asyncio.subprocess.PIPE
    with standard_input(text) as given:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", program, stdin=given, stdout=pipe
        )
    await process.wait()
    printed, _ = await process.communicate()
    return printed


async def test_a_program_reads_the_text_to_its_end() -> None:
    assert await _printed("cat; echo end", "häuser\n") == "häuser\nend\n".encode()


async def test_a_program_that_ends_unread_says_why() -> None:
    assert await _printed("echo no such class; exit 1", "x" * 200_000) == b"no such class\n"

"""An image of the next release, made of the present one: a label, and one migration more."""

from __future__ import annotations

import io
import tarfile

from alembic.config import Config
from alembic.script import ScriptDirectory

import migrations
from integration.engine.stand import Stand

DOCKERFILE = """\
FROM {image}
LABEL org.opencontainers.image.version=next
COPY next.py /opt/program/migrations/versions/
"""
# It changes a table that holds data, and the data.
MIGRATION = """\
import sqlalchemy as sa
from alembic import op

revision = "next"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("revisions", sa.Column("ticket", sa.String(80), nullable=True))
    op.execute("UPDATE revisions SET ticket = 'none'")


def downgrade():
    op.drop_column("revisions", "ticket")
"""
CONNECT = """\
import asyncio, os, migrations
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

def downgrade(connection):
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    config.attributes["connection"] = connection
    command.downgrade(config, "-1")

def schema(connection):
    print(MigrationContext.configure(connection).get_current_revision())

async def main(what):
    async with create_async_engine(os.environ["FSDN_DATABASE"]).begin() as connection:
        await connection.run_sync(what)

"""
DOWNGRADE = CONNECT + "asyncio.run(main(downgrade))"
SCHEMA = CONNECT + "asyncio.run(main(schema))"


def present(stand: Stand) -> str:
    """Return the name of the controller's image as the compose file has it."""
    return f"fullstack-sdn/controller:{stand.given['FSDN_TAG']}"


def build_next(stand: Stand) -> str:
    """Build the next image and return its name."""
    config = Config()
    config.set_main_option("script_location", migrations.__path__[0])
    head = ScriptDirectory.from_config(config).get_current_head()
    files = {
        "Dockerfile": DOCKERFILE.format(image=present(stand)),
        "next.py": MIGRATION.format(head=head),
    }
    name = f"{present(stand)}-next"
    stand.client.images.build(fileobj=_archive(files), custom_context=True, tag=name, rm=True)
    return name


def _archive(files: dict[str, str]) -> io.BytesIO:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(text.encode()), 0o644
            archive.addfile(entry, io.BytesIO(text.encode()))
    output.seek(0)
    return output


def downgrade(stand: Stand, image: str) -> None:
    """Take the database one schema back by an image's migrations; the controller is stopped."""
    controller = stand.containers()["controller"]
    stand.client.containers.run(
        image,
        entrypoint=["python3", "-c", DOWNGRADE],
        environment=controller.attrs["Config"]["Env"],
        volumes_from=[controller.id],
        network=f"{stand.project}_management",
        remove=True,
    )

from xds_server.store.tables import Base, ObjectRow


def test_the_tenant_is_a_column_of_every_object() -> None:
    assert "tenant" in ObjectRow.__table__.columns


def test_every_constraint_has_a_name_that_migrations_can_use() -> None:
    constraints = [c for table in Base.metadata.tables.values() for c in table.constraints]
    assert constraints
    assert all(constraint.name for constraint in constraints)

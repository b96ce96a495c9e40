"""Alembic's entry: migrations run over the connection that `migrate.upgrade` hands in, one transaction a step."""

from alembic import context

from livesell.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transaction_per_migration=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()

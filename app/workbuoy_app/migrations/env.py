"""Where Alembic meets the connection that `workbuoy_app.migrate` opened."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    version_table_schema=context.config.attributes["schema"],
    # One transaction a revision: what an interrupted run has finished stays finished.
    transaction_per_migration=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()

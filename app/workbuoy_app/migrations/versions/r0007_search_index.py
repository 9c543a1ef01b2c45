"""An index that searches can use although row-level security is in force.

Under policies Postgres uses no index for an operator that is not leakproof, and none that finds words is. So the words
lie in a table of their own that the service's group cannot read at all. The function that searches it runs as the owner
and takes no tenant from who asks: it asks session_tenant(), as the policies do. Every term begins with the end of its
tenant's id, so that a search reads the entries of its own tenant alone.

Expands only: a trigger keeps the words, so what the release before writes is found too.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLE = """
create table thing_search (
    tenant_id uuid not null,
    thing_id uuid not null,
    terms tsvector not null,
    -- In this order, so that nobody thinks of going through all rows of a tenant.
    primary key (thing_id, tenant_id),
    foreign key (tenant_id, thing_id) references things (tenant_id, id) on delete cascade
)
"""
FUNCTIONS = (
    # Accents and letters that only look alike fall together: workbuoy_app/words.py does the same for SQLite.
    r"""
create function folded(value text) returns text language sql immutable strict parallel safe
return lower(translate(
    replace(replace(replace(regexp_replace(normalize(value, nfkd), '[\u0300-\u036f]', '', 'g'),
        'æ', 'ae'), 'Æ', 'AE'), 'ß', 'ss'),
    'ØøĐđÐðŁł', 'OoDdDdLl'
))
""",
    # Words, each beginning with the end of the tenant's id; of the index also their stems. Of each 64 letters: a word
    # that is nearly as long as an index takes (2,046 bytes) has no room for the beginning.
    """
create function words_of(value text) returns text[] language sql immutable strict parallel safe
return array(
    select distinct left(word, 64) from regexp_split_to_table(folded(value), '[^[:alnum:]]+') as word where word <> ''
)
""",
    """
create function search_terms(tenant uuid, value text) returns tsvector language sql immutable strict parallel safe
return (
    select array_to_tsvector(array(
        select distinct right(cast(tenant as text), 12) || left(term, 64) from unnest(
            tsvector_to_array(to_tsvector('pg_catalog.simple', words))
            || tsvector_to_array(to_tsvector('pg_catalog.norwegian', words))
            || tsvector_to_array(to_tsvector('pg_catalog.english', words))
        ) as term
    )) from (select regexp_replace(folded(value), '[^[:alnum:]]+', ' ', 'g') as words) as plain
)
""",
    # Of each word its beginning, or a stem. Words are letters and digits, so nothing in them needs an escape.
    """
create function search_query(tenant uuid, value text) returns tsquery language sql immutable strict parallel safe
return cast((
    select string_agg('(' || (
        select string_agg(
            quote_literal(right(cast(tenant as text), 12) || term) || case when term = word then ':*' else '' end, ' | '
        )
        from unnest(array[word] || ts_lexize('norwegian_stem', word) || ts_lexize('english_stem', word)) as term
    ) || ')', ' & ')
    from unnest(words_of(value)) as word
) as tsquery)
""",
    """
create function search_things(wanted text) returns setof uuid language sql stable security definer rows 200
begin atomic
    select thing_id from thing_search
    where tenant_id = session_tenant() and terms @@ (select search_query(session_tenant(), wanted));
end
""",
)
KEEPER = """
create function keep_thing_search() returns trigger language plpgsql security definer
set search_path = {schema}, pg_temp as $$
begin
    insert into thing_search (tenant_id, thing_id, terms)
    values (new.tenant_id, new.id, search_terms(new.tenant_id, new.title || ' ' || new.body))
    on conflict (thing_id, tenant_id) do update set terms = excluded.terms;
    return null;
end
$$
"""


def upgrade() -> None:
    """Make the table and what keeps it; revision 0008 fills it. SQLite searches without."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    op.execute(TABLE)
    for function in FUNCTIONS:
        connection.exec_driver_sql(function)
    schema = connection.exec_driver_sql("select quote_ident(current_schema())").scalar_one()
    connection.exec_driver_sql(KEEPER.format(schema=schema))
    op.execute("create index thing_search_terms on thing_search using gin (terms)")
    op.execute("create policy registry on thing_search to current_user using (true)")
    op.execute("alter table thing_search enable row level security")
    op.execute("alter table thing_search force row level security")
    op.execute(
        "create trigger keep_thing_search after insert or update of title, body on things"
        " for each row execute function keep_thing_search()"
    )


def downgrade() -> None:
    """The release before goes through a tenant's rows."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("drop trigger keep_thing_search on things")
    op.execute(
        "drop function keep_thing_search(), search_things(text), search_query(uuid, text), search_terms(uuid, text),"
        " words_of(text), folded(text)"
    )
    op.execute("drop table thing_search")

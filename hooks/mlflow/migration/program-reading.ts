// The part of the migration's program that looks at databases, and keeps other migrations away from them. program.ts has what it uses: Failure, Store, its constants.

/** Python: functions on a Store. None of them changes a database. */
export const READING = String.raw`def connect(store):
    """Makes the engine, which connects only when it is asked something."""
    from mlflow.store.db.utils import create_sqlalchemy_engine
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        # Not by SQLAlchemy: it has no name for kinds of which the driver is missing.
        dialect = urlsplit(store.uri).scheme.partition("+")[0]
        if dialect not in DIALECTS:
            raise store.unsupported(f"The {store.name} store is of the kind {dialect or 'unknown'}: use sqlite, postgresql or mysql.")
        store.known["dialect"] = dialect
        store.url = make_url(store.uri)
        store.engine = create_sqlalchemy_engine(store.uri)
    except (ArgumentError, ValueError):
        raise store.unsupported(f"The URI of the {store.name} store cannot be read: correct it; characters like @ or / in a password are written as %40 or %2F.") from None
    except (ModuleNotFoundError, NoSuchModuleError) as error:
        raise store.unsupported(f"The image has no driver for the {store.name} store ({error}): name one that it has in the URI, such as postgresql+psycopg2, or take another image.") from None


def sqlite_file(store):
    """The path of the database file; None for other kinds, and for a database in memory."""
    path = store.url.database if store.known["dialect"] == "sqlite" else None
    return None if path in (None, "", ":memory:") or path.startswith("file:") else path


def revision_of(store):
    """The revision that the database is at now, read in a way that cannot change it; None for one without tables."""
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import text

    # Connecting would make the file.
    path = sqlite_file(store)
    if path is not None and not os.path.exists(path):
        return None
    # PRAGMA outlives the transaction in the pool, and is taken back; the readonly of PostgreSQL does not, and MySQL is only asked to SELECT.
    is_sqlite = store.known["dialect"] == "sqlite"
    with store.engine.connect().execution_options(**({"postgresql_readonly": True} if store.known["dialect"] == "postgresql" else {})) as connection:
        if is_sqlite:
            connection.execute(text("PRAGMA query_only = ON"))
        heads = MigrationContext.configure(connection).get_current_heads()
        if is_sqlite:
            connection.execute(text("PRAGMA query_only = OFF"))
    if len(heads) > 1:
        raise Failure(NO_GRAPH, "SeveralRevisions", f"The database of the {store.name} store is at several revisions at once ({', '.join(heads)}): restore it from a backup.")
    return heads[0] if heads else None


def schema_of(store):
    """A digest of the tables, columns and indexes, for a step that fails in its middle leaves the revision as it was; None where it cannot be made."""
    from sqlalchemy import inspect

    try:
        path = sqlite_file(store)
        if path is not None and not os.path.exists(path):
            found = []
        else:
            with store.engine.connect() as connection:
                inspector = inspect(connection)
                found = [
                    (
                        table,
                        sorted((column["name"], repr(column["type"]), bool(column["nullable"])) for column in inspector.get_columns(table)),
                        sorted((str(index["name"]), [str(name) for name in index["column_names"]]) for index in inspector.get_indexes(table)),
                    )
                    for table in sorted(inspector.get_table_names())
                ]
        return hashlib.sha256(json.dumps(found).encode()).hexdigest()[:12]
    except Exception as error:
        print(f"the tables of the {store.name} store cannot be read: {type(error).__name__}", file=sys.stderr)
        return None


def note(store):
    """Where the database is now. Nothing is said of what cannot be read."""
    store.known["after"] = revision_of(store)
    schema = schema_of(store)
    if schema is not None:
        store.known["schema"] = schema


def lock_asked(connection, dialect):
    from sqlalchemy import text

    if dialect == "postgresql":
        # Of the transaction, so that no pooler between can keep it.
        return connection.execute(text(f"SELECT pg_try_advisory_xact_lock({LOCK_KEY})")).scalar()
    return connection.execute(text(f"SELECT GET_LOCK(CONCAT('{LOCK_KEY}.', MD5(DATABASE())), 0)")).scalar()


@contextmanager
def alone(store):
    """Keeps other migrations of the database away while it is open: a pod that was told to end may still be at work. Files of SQLite are locked by each write only."""
    if store.known["dialect"] == "sqlite":
        yield
        return
    from mlflow.store.db.utils import create_sqlalchemy_engine

    seconds = int(os.environ.get("MIGRATION_LOCK_SECONDS") or LOCK_SECONDS)
    until = time.monotonic() + seconds
    # An engine of its own: a pool may have room for one connection only.
    engine = create_sqlalchemy_engine(store.uri)
    with engine.connect() as connection:
        while not lock_asked(connection, store.known["dialect"]):
            if not store.busy:
                print(f"another migration of the {store.name} store is at work: waiting up to {seconds} seconds", file=sys.stderr, flush=True)
            # Nobody knows then where the database is going.
            store.busy = True
            forget(store)
            if time.monotonic() >= until:
                raise Failure(RETRY, "MigrationLocked", f"Another migration of the database of the {store.name} store is at work: let it end; a pod that should be gone is found by kubectl get pods --all-namespaces -l app.kubernetes.io/component=migration.")
            time.sleep(0.5)
        store.busy = False
        yield
    # MySQL keeps it for as long as there is a connection.
    engine.dispose()


def graph():
    """The revisions that this MLflow knows, and its newest."""
    from alembic.script import ScriptDirectory
    from mlflow.store.db.utils import _get_alembic_config

    try:
        scripts = ScriptDirectory.from_config(_get_alembic_config(""))
        return {script.revision for script in scripts.walk_revisions()}, scripts.get_current_head()
    except Exception as error:
        raise Failure(NO_GRAPH, "NoRevisions", f"The migrations of this MLflow cannot be read ({type(error).__name__}): set spec.image to an image with a complete MLflow.") from error


`

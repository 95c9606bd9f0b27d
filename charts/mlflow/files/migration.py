"""Looks at the databases of an MLflow server (preflight), or brings them to the schema of this MLflow (migrate)."""
import hashlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from urllib.parse import parse_qs, unquote, urlsplit

UNKNOWN_REVISION, UNSUPPORTED_BACKEND, UNSUPPORTED_REGISTRY, NOT_AT_HEAD, NO_GRAPH, RETRY = 10, 11, 12, 13, 14, 15
DIALECTS = ("sqlite", "postgresql", "mysql")
TERMINATION_LIMIT = 1500
CONNECT_SECONDS = "20"
# How long another migration of the same database is waited for, and what they agree on; a number of our own.
LOCK_SECONDS = 60
LOCK_KEY = 7598813466

# Words in the errors of psycopg, psycopg2, pymysql, mysqlclient and sqlite3, the first that fits: (words, reason, sentence with the remedy).
TROUBLES = (
    (("password authentication failed", "no password supplied", "authentication failed", "no pg_hba.conf entry", "access denied for user", "fatal:  role"),
     "AuthenticationFailed", "The database of the {store} store refuses the user or the password: correct the URI or its Secret."),
    (("permission denied", "command denied", "readonly database", "must be owner"),
     "PermissionDenied", "The user of the {store} store may not do what a migration does: give it the right to create and alter tables."),
    (("fatal:  database", "unknown database"), "DatabaseMissing", "The server of the {store} store has no such database: create it, or correct the URI."),
    (("could not translate host name", "name or service not known", "name resolution", "resolve host", "unknown mysql server host", "no address associated"),
     "HostUnknown", "The host of the {store} store cannot be resolved: correct the URI, or see whether its Service exists."),
    (("timeout", "timed out"), "ConnectionTimedOut", "The database of the {store} store does not answer: see whether it runs, and whether a network policy keeps it away."),
    (("connection refused", "can't connect", "could not connect", "server closed the connection", "starting up", "shutting down"),
     "ConnectionFailed", "The database of the {store} store cannot be reached: see whether it runs and listens."),
    (("certificate", "ssl", "tls"), "TlsFailed", "No trusted connection to the database of the {store} store: check sslmode in its URI and the CA bundle."),
    (("unable to open database file",), "FileUnreadable", "The SQLite file of the {store} store cannot be opened: see whether its folder is mounted and may be written."),
    (("database is locked",), "DatabaseLocked", "Another process holds the SQLite file of the {store} store: see which pods mount its volume."),
)


class Failure(Exception):
    """What ends the program. Its arguments: exit code, reason in one word, one sentence with the remedy."""


class Store:
    """One database, and what is known of it. Revisions are None for a database without tables, and missing while nobody has looked."""

    def __init__(self, name, uri):
        self.name, self.uri, self.known = name, uri, {"store": name}
        # Tables when it was looked at first; whether another migration changes it.
        self.schema, self.busy = None, False

    def unsupported(self, sentence):
        return Failure(UNSUPPORTED_REGISTRY if self.name == "registry" else UNSUPPORTED_BACKEND, f"Unsupported{self.name.title()}", sentence)


class WithoutSecrets:
    """A stream that no credentials come through, whoever writes to it."""

    def __init__(self, stream, secrets):
        self.stream, self.secrets = stream, secrets

    def write(self, text):
        return self.stream.write(redact(text, self.secrets))

    def __getattr__(self, name):
        return getattr(self.stream, name)


def redact(text, secrets):
    for secret in secrets:
        text = text.replace(secret, "***")
    return text


def secrets_of(uris):
    """All that must not be printed, longest first: the URIs, and their passwords as they are written and as they are meant."""
    found = set()
    for uri in filter(None, uris):
        authority = uri.partition("://")[2]
        # An @ in a password should be written as %40, and is not always.
        users = authority.partition("@")[0], authority.rpartition("@")[0]
        query = parse_qs(uri.partition("?")[2])
        found.add(uri)
        for secret in (*(user.partition(":")[2] for user in users if "@" in authority), *(value for key in query if "pass" in key for value in query[key])):
            # Some drivers print the meaning, some the escapes of their own.
            found.update((secret, unquote(secret), repr(unquote(secret))[1:-1]))
    return sorted(filter(None, found), key=len, reverse=True)


def stores_of(environment):
    backend = environment.get("MLFLOW_BACKEND_STORE_URI", "").strip()
    registry = environment.get("MLFLOW_REGISTRY_STORE_URI", "").strip()
    if not backend:
        raise Failure(RETRY, "NoBackendStore", "MLFLOW_BACKEND_STORE_URI is empty: set backendStoreUri, or fill the key of its Secret.")
    stores = [Store("backend", backend)]
    return stores + [Store("registry", registry)] if registry not in ("", backend) else stores


def check_version(version, expected):
    wanted = expected.strip().lower().removeprefix("v").partition("+")[0]
    if wanted and wanted != version.partition("+")[0]:
        raise Failure(UNKNOWN_REVISION, "VersionMismatch", f"The image has MLflow {version}, and {wanted} is expected: set spec.image to the image of that version.")


def connect(store):
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


def gap_fix(store):
    """What images of one platform ship for backend stores that one of its releases has left at a revision of its own; None elsewhere."""
    if store.name != "backend" or find_spec("mlflow.store.db.migration_gap") is None:
        return None
    return import_module("mlflow.store.db.migration_gap").fix_migration_gap_if_needed


def look(store, known, head):
    store.known["head"] = head
    connect(store)
    note(store)
    before = store.known["before"] = store.known["after"]
    store.schema = store.known.get("schema")
    if before is not None and before not in known and gap_fix(store) is None:
        raise Failure(UNKNOWN_REVISION, "UnknownRevision", f"The database of the {store.name} store is at revision {before}, which this MLflow does not know: it was migrated by a newer one. Set spec.image to an image that is not older, or restore a backup.")


def forget(store):
    store.known.pop("after", None)
    store.known.pop("schema", None)


def migrate(store):
    from mlflow.store.db.utils import _initialize_tables, _upgrade_db

    path = sqlite_file(store)
    if path is not None:
        os.makedirs(os.path.dirname(os.path.abspath(path)), exist_ok=True)
    with alone(store):
        # Until it is read again nobody knows how far it has come.
        forget(store)
        if gap_fix(store) is not None:
            gap_fix(store)(store.engine)
        revision = revision_of(store)
        if revision is None:
            _initialize_tables(store.engine)
        elif revision != store.known["head"]:
            _upgrade_db(store.engine)
        note(store)
    if store.known["after"] != store.known["head"]:
        raise Failure(NOT_AT_HEAD, "NotAtHead", f"After the migration the {store.name} store is at revision {store.known['after']} and not at {store.known['head']}: see the log of the Job, and restore a backup before another try.")


def left_behind(store):
    """A step has failed in its middle, and what it did was not taken back: each other try would fail at that, and hide why."""
    before, now = (store.schema, store.known.get("schema")) if store else (None, None)
    return None not in (before, now) and before != now and store.known["before"] is not None and store.known.get("after") == store.known["before"]


def failure_of(error, store):
    """What an exception means that nobody expected."""
    if isinstance(error, Failure):
        return error
    if left_behind(store):
        words = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        return Failure(NOT_AT_HEAD, "HalfMigrated", f"A step of the migration of the {store.name} store failed in its middle and has left changed tables behind ({words}): restore the database from a backup before another try.")
    if isinstance(error, (ImportError, AttributeError)):
        return Failure(NO_GRAPH, "IncompleteMlflow", f"This MLflow lacks what a migration needs ({error}): set spec.image to an image with a complete MLflow.")
    words = str(getattr(error, "orig", None) or error)
    name = store.name if store else "backend"
    if store and "is not a database" in words:
        return store.unsupported(f"The file of the {name} store is no SQLite database: correct its URI.")
    for signs, reason, sentence in TROUBLES:
        if any(sign in words.lower() for sign in signs):
            return Failure(RETRY, reason, f"{sentence.format(store=name)} ({' '.join(words.split())[:200]})")
    return Failure(RETRY, type(error).__name__, f"The {name} store: {' '.join(words.split())[:300]}")


def run(result, stores, mode):
    """Fills in result and stores as it goes, so that a failure tells what is known."""
    current = None
    try:
        if mode not in ("preflight", "migrate"):
            raise Failure(NO_GRAPH, "UnknownMode", "MIGRATION_MODE must be preflight or migrate.")
        os.environ.setdefault("PGCONNECT_TIMEOUT", CONNECT_SECONDS)
        from mlflow.version import VERSION

        result["version"] = VERSION
        check_version(VERSION, os.environ.get("EXPECTED_MLFLOW_VERSION", ""))
        stores += stores_of(os.environ)
        known, head = graph()
        # All are looked at before the first is changed.
        for current in stores:
            look(current, known, head)
        for current in stores if mode == "migrate" else []:
            migrate(current)
    except Exception as error:
        traceback.print_exc()
        for store in stores:
            if "before" in store.known and "after" not in store.known and not store.busy:
                try:
                    note(store)
                except Exception:
                    print(f"where the {store.name} store is now cannot be read", file=sys.stderr)
        raise failure_of(error, current) from None


def tell(told, secrets):
    """Prints the outcome, and leaves it where Kubernetes picks it up."""
    if "message" in told:
        told["message"] = redact(told["message"], secrets)
        told["message"] = told["message"][: max(0, TERMINATION_LIMIT - len(json.dumps({**told, "message": ""})))]
    print(json.dumps(told), flush=True)
    try:
        with open(os.environ.get("TERMINATION_LOG") or "/dev/termination-log", "w", encoding="utf-8") as log:
            json.dump(told, log)
    except OSError as error:
        print(f"no termination message: {error}", file=sys.stderr)


def end_when_told():
    """Process 1 of a container ignores SIGTERM by itself, and a statement of a driver is not interrupted by a handler: a thread waits for it."""

    def wait():
        signal.sigwait({signal.SIGTERM})
        told = {"reason": "Stopped", "message": "The pod was told to end before it was done: see who deleted it or drained its node; what the database had not completed it takes back or the next try looks at."}
        try:
            with open(os.environ.get("TERMINATION_LOG") or "/dev/termination-log", "w", encoding="utf-8") as log:
                json.dump(told, log)
        finally:
            os._exit(RETRY)

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=wait, daemon=True).start()


def main():
    end_when_told()
    secrets = secrets_of(value for name, value in os.environ.items() if name.endswith("_URI") or "PASSWORD" in name)
    sys.stdout, sys.stderr = WithoutSecrets(sys.stdout, secrets), WithoutSecrets(sys.stderr, secrets)
    result, stores = {"version": None}, []
    try:
        run(result, stores, os.environ.get("MIGRATION_MODE", ""))
        code, told = 0, {}
    except Failure as failure:
        code, reason, message = failure.args
        told = {"reason": reason, "message": message}
    result["stores"] = [store.known for store in stores]
    tell({**told, "result": result} if told else result, secrets)
    return code


sys.exit(main())

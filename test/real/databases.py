# What a test does with databases of MLflow by MLflow's own means: makes one with a model in it (with an MLflow from before by PYTHONPATH), lists its models, runs SQL.
import json
import sys

command, uri, *rest = sys.argv[1:]
if command == "sql":
    from sqlalchemy import create_engine, text

    with create_engine(uri).begin() as connection:
        result = connection.execute(text(rest[0]))
        print(json.dumps([list(row) for row in result] if result.returns_rows else []))
else:
    from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore

    store = SqlAlchemyStore(uri)
    if command == "make":
        store.create_registered_model(rest[0])
    print(json.dumps([model.name for model in store.search_registered_models()]))

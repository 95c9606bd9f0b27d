# Registers versions and moves aliases as people do: with MLflow's own client. Takes the server's address; reads a JSON command a line
# from standard input and answers each with a JSON line, because importing the client takes seconds.
import json
import sys

from mlflow import MlflowClient

client = MlflowClient(tracking_uri=sys.argv[1], registry_uri=sys.argv[1])


def register(name, versions):
    client.create_registered_model(name)
    for number in range(1, versions + 1):
        client.create_model_version(name, source=f"s3://models/{name}/{number}")


def set_alias(name, alias, version):
    client.set_registered_model_alias(name, alias, version)


COMMANDS = {"register": register, "set_alias": set_alias}

print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    command = json.loads(line)
    try:
        COMMANDS[command.pop("do")](**command)
        print(json.dumps({}), flush=True)
    except Exception as problem:
        print(json.dumps({"problem": f"{type(problem).__name__}: {problem}"}), flush=True)
